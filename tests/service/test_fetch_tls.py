"""https: the name is verified though the address is chosen by us, and only by authorities that are trusted."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from cds_service.fhir_client import Fetched, FhirAccess, Problem
from cds_service.fhir_client.connections import Address, tls
from tests.service.fetching import fetch, settings, timed
from tests.service.fhir_server import Answer, FhirServer, answering, drip, fhir_server
from tests.service.hook_calls import bundle, nosebleed

NAME = "fhir.localhost"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\n"


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A self-signed certificate of a name, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    paths = folder / f"{name}.pem", folder / f"{name}.key"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return paths


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FhirServer]:
    """An https server whose certificate, for `fhir.localhost`, the system trusts."""
    path, key = certificate(tmp_path, NAME)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, key)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    tls.cache_clear()
    with fhir_server(context) as running:
        yield running
    tls.cache_clear()


def here(host: str, port: int) -> list[Address]:
    """Every name is this machine."""
    return [(2, ("127.0.0.1", port))]


def ask(server: FhirServer, host: str, seconds: str = "1.5") -> Fetched:
    access = FhirAccess(settings(seconds), here)
    return fetch(access, f"https://{host}:{server.port}/fhir")["conditions"]


def test_the_name_is_verified_and_the_address_is_the_checked_one(trusted: FhirServer) -> None:
    trusted.answers = answering(Condition=Answer(bundle(nosebleed())))
    found = ask(trusted, NAME)
    assert (found.problem, len(found.pages[0].entries)) == (None, 1)
    assert trusted.asked[0].headers["host"] == f"{NAME}:{trusted.port}"


@pytest.mark.parametrize("host", ["other.localhost", "localhost", "127.0.0.1"])
def test_a_certificate_of_another_name_is_refused(host: str, trusted: FhirServer) -> None:
    assert ask(trusted, host).problem is Problem.UNREACHABLE
    assert trusted.asked == []


def test_an_unknown_authority_is_refused(trusted: FhirServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    tls.cache_clear()
    assert ask(trusted, NAME).problem is Problem.UNREACHABLE
    assert trusted.asked == []


def test_plain_http_on_a_tls_port_and_the_reverse(trusted: FhirServer) -> None:
    with fhir_server() as plain:
        assert ask(plain, NAME).problem is Problem.UNREACHABLE
        assert plain.asked == []
    found = fetch(FhirAccess(settings("0.5"), here), f"http://{NAME}:{trusted.port}/fhir")
    assert found["conditions"].problem in (Problem.UNREACHABLE, Problem.TIMED_OUT)


def test_slow_drips_end_at_the_deadline_under_tls_too(trusted: FhirServer) -> None:
    slow = drip(b" ", 0.05, 60, HEAD + b"Content-Length: 5000\r\n\r\n")
    trusted.answers = answering(Condition=slow)
    access = FhirAccess(settings("0.4"), here)
    seconds, found = timed(lambda: fetch(access, f"https://{NAME}:{trusted.port}/fhir"))
    assert found["conditions"].problem is Problem.TIMED_OUT
    assert seconds < 3  # the drips last for three seconds
    wait_until_free(access)


def wait_until_free(access: FhirAccess) -> None:
    until = time.monotonic() + 1
    while access.busy and time.monotonic() < until:
        time.sleep(0.02)
    assert access.busy == 0
