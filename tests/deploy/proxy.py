"""nginx with the file of the project, on a port of this machine, under the user that the compose file names."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.deploy.files import DEPLOY, compose
from tests.service.serving import free_port

CONF = (DEPLOY / "nginx/nginx.conf").read_text(encoding="utf-8")
NAME = "cds.example.org"
AS = tuple(map(int, compose()["services"]["proxy"]["user"].split(":")))


class Proxy:
    """nginx with the file of the project; `SLOW` seconds in place of ten, so that no test waits for them."""

    SLOW = 1

    def __init__(self, folder: Path, program: str, behind: int) -> None:
        self.port = free_port()
        certify(folder)
        changed = CONF
        for old, new in (
            ("listen 8443 ssl;", f"listen 127.0.0.1:{self.port} ssl;"),
            ("server service:8080 max_fails=0;", f"server 127.0.0.1:{behind} max_fails=0;"),
            ("client_header_timeout 10s;", f"client_header_timeout {self.SLOW}s;"),
            ("client_body_timeout 10s;", f"client_body_timeout {self.SLOW}s;"),
            ("limit_conn connections 200;", "limit_conn connections 5;"),
            ("rate=200r/s;", "rate=1r/s;"),
            ("burst=400 nodelay;", "burst=60 nodelay;"),
        ):
            assert changed.count(old) == 1, old
            changed = changed.replace(old, new)
        changed = changed.replace("/tmp/", f"{folder}/").replace("/etc/nginx/tls", str(folder))
        (folder / "nginx.conf").write_text(changed)
        for path in (folder, *folder.iterdir()):
            os.chown(path, *AS)
        user: dict[str, Any] = {"user": AS[0], "group": AS[1], "extra_groups": []} if os.getuid() == 0 else {}
        command = [program, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "stderr"]
        trial = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False, **user)
        assert trial.returncode == 0, trial.stderr
        command += ["-g", "daemon off;"]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, **user)
        self.tls = ssl.create_default_context(cafile=str(folder / "tls.crt"))
        until = time.monotonic() + 20
        while True:
            try:
                self.connect().close()
                return
            except OSError:
                assert self.process.poll() is None
                assert time.monotonic() < until
                time.sleep(0.05)

    def connect(self) -> ssl.SSLSocket:
        """A connection, its handshake done."""
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        return self.tls.wrap_socket(plain, server_hostname=NAME)

    def ask(self, head: str, body: bytes = b"") -> tuple[int, dict[str, str], bytes]:
        """Status, headers (names in lower case) and body of the answer to a request as written."""
        with self.connect() as connection:
            connection.sendall(head.replace("\n", "\r\n").encode() + b"\r\n\r\n")
            with suppress(OSError):  # refused before it was read
                connection.sendall(body)
            return parsed(receive(connection))

    def post(self, path: str, length: int) -> tuple[int, dict[str, str], bytes]:
        head = f"POST {path} HTTP/1.1\nHost: {NAME}\nConnection: close\nContent-Type: application/json"
        return self.ask(f"{head}\nContent-Length: {length}", b" " * length)


def receive(connection: socket.socket) -> bytes:
    """All that comes until the other side ends."""
    whole = b""
    try:
        while part := connection.recv(65_536):
            whole += part
    except ConnectionResetError:
        pass
    return whole


def parsed(answer: bytes) -> tuple[int, dict[str, str], bytes]:
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): text.strip() for name, _, text in (line.partition(":") for line in lines)}
    return int(first.split()[1]), headers, body


def certify(folder: Path) -> None:
    """A certificate for the name, that vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "tls.crt").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "tls.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )


@contextmanager
def proxy_before(port: int) -> Iterator[Proxy]:
    """A proxy before what listens on `port`; skipped with the reason without nginx, where CI runs a failure."""
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    if program is None:
        reason = "no nginx on this machine (Debian: apt-get install nginx-light)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    folder = Path(tempfile.mkdtemp(prefix="ph-nginx-"))  # where another user reaches it
    running = Proxy(folder, program, port)
    try:
        yield running
    finally:
        running.process.terminate()
        said = running.process.communicate(timeout=20)[1]
        shutil.rmtree(folder, ignore_errors=True)
    assert "127.0.0.1" not in said, "an address of a client is in the log"
