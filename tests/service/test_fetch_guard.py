"""Which FHIR servers and addresses may be called; a spelling that two readers might read differently is refused."""

from __future__ import annotations

import time
from collections.abc import Iterator
from decimal import Decimal

import pytest

from cds_service.config_file import Client, Limits, Security
from cds_service.fhir_client import FhirAccess, Problem
from cds_service.fhir_client.connections import RESOLVED_SECONDS, Address, Addresses, AddressRefused
from cds_service.fhir_guard import Doors, Net, Server, admit, net_of, read_address
from cds_service.settings import Mode, Settings
from tests.service.fetching import fetch, settings
from tests.service.fhir_server import FhirServer, fhir_server

SITE = "https://ehr.example.org/fhir"
PRODUCTION = Doors()
SANDBOX = Doors(sandbox=True)
OPEN = Doors(sandbox=True, public=True)


@pytest.fixture
def server() -> Iterator[FhirServer]:
    with fhir_server() as running:
        yield running


def base_of(address: str, allowed: tuple[str, ...] = (SITE,), doors: Doors = PRODUCTION) -> str | None:
    found = admit(address, allowed, doors)
    return None if found is None else found.base


# ------------------------------------------------------------------------------------------------ client entries


@pytest.mark.parametrize(
    ("address", "base"),
    [
        (SITE, SITE),
        (f"{SITE}/", SITE),
        ("https://ehr.example.org:443/fhir", SITE),
        ("HTTPS://EHR.Example.ORG/fhir", SITE),
        ("https://ehr.example.org./fhir", SITE),
        (f"{SITE}/tenant-1/r4", f"{SITE}/tenant-1/r4"),
        (f"{SITE}/$tenant", f"{SITE}/$tenant"),
    ],
)
def test_a_server_of_the_entry_and_what_lies_below_it(address: str, base: str) -> None:
    assert base_of(address) == base


@pytest.mark.parametrize(
    "address",
    [
        "http://ehr.example.org/fhir",
        "http://ehr.example.org:443/fhir",
        "https://ehr.example.org",
        "https://ehr.example.org/",
        "https://ehr.example.org/FHIR",
        "https://ehr.example.org/fhirevil",
        "https://ehr.example.org/fhir-2",
        "https://ehr.example.org:8443/fhir",
        "https://ehr.example.org:0/fhir",
        "https://ehr.example.org:65979/fhir",  # 443 in 16 bits
        "https://ehr.example.org:/fhir",
        "https://ehr.example.org.evil.example/fhir",
        "https://evil.example/ehr.example.org/fhir",
        "https://example.org/fhir",
        "https://sub.ehr.example.org/fhir",
        "https://user@ehr.example.org/fhir",
        "https://ehr.example.org:x@evil.example/fhir",
        "https://ehr.example.org\\@evil.example/fhir",
        "https://evil.example\\.ehr.example.org/fhir",
        "https://ehr.example.org/fhir/../admin",
        "https://ehr.example.org/fhir/./x",
        "https://ehr.example.org/fhir/...",
        "https://ehr.example.org/fhir/%2e%2e/admin",
        "https://ehr.example.org/fhir%2fadmin",
        "https://ehr.example.org/fhir//x",
        "https://ehr.example.org//fhir",
        "https://ehr.example.org/fhir\\..\\admin",
        "https://ehr.example.org/fhir?x=1",
        "https://ehr.example.org/fhir#x",
        "https://ehr.example.org/fhir x",
        "https://ehr.example.org/fhir\n",
        "https://ehr.example.org/fhir\r\nHost: evil",
        "https://ehr.example.org/fhir\x00",
        "https://ehr.example.org\t/fhir",
        " https://ehr.example.org/fhir",
        "https:/ehr.example.org/fhir",
        "https:ehr.example.org/fhir",
        "//ehr.example.org/fhir",
        "ftp://ehr.example.org/fhir",
        "file:///fhir",
        "gopher://ehr.example.org/fhir",
        "https://ehr\uff0eexample\uff0eorg/fhir",
        "https://\u0435hr.example.org/fhir",
        "https://[2001:db8::1]/fhir",
        "https:///fhir",
        "https://",
        "",
    ],
)
@pytest.mark.parametrize("doors", [PRODUCTION, SANDBOX])
def test_nothing_else_for_an_entry(address: str, doors: Doors) -> None:
    assert base_of(address, doors=doors) is None


def test_an_entry_without_a_path_opens_its_origin() -> None:
    assert base_of("https://ehr.example.org/any/r4", ("https://ehr.example.org",)) is not None
    assert base_of("https://ehr.example.org.evil.example", ("https://ehr.example.org",)) is None


def test_without_an_entry_production_calls_nobody() -> None:
    for address in (SITE, "http://127.0.0.1/fhir", "https://localhost/fhir", "https://8.8.8.8/fhir"):
        assert base_of(address, ()) is None


def test_plain_http_of_an_entry_needs_loopback_and_its_door() -> None:
    local, lan = "http://127.0.0.1:8080/fhir", "http://10.0.0.5/fhir"
    assert base_of(local, (local,)) is None
    assert base_of(local, (local,), Doors(http_loopback=True)) == local
    assert base_of(lan, (lan,), Doors(http_loopback=True)) is None
    assert base_of(lan, (lan,), SANDBOX) == lan


def test_where_the_name_of_an_entry_may_lead() -> None:
    found = admit(SITE, (SITE,), PRODUCTION)
    assert found is not None
    assert found.reach == {Net.PRIVATE, Net.PUBLIC}
    local = admit("https://localhost/fhir", ("https://localhost/fhir",), PRODUCTION)
    assert local is not None
    assert Net.LOOPBACK in local.reach


# ------------------------------------------------------------------------------------------------ sandbox


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.9.9.9",
        "localhost",
        "LOCALHOST",
        "fhir.localhost",
        "[::1]",
        "localhost.",
        "[0:0::0:1]",
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_sandbox_calls_this_machine(host: str, scheme: str) -> None:
    found = admit(f"{scheme}://{host}:8080/fhir", (), SANDBOX)
    assert found is not None
    assert found.reach == {Net.LOOPBACK}


@pytest.mark.parametrize(
    "host",
    [
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "127.1",
        "017700000001",
        "0177.0.0.1",
        "127.0.0.1.",
        "127.0.0.01",
        "[::ffff:127.0.0.1]",
        "[::1%25lo]",
        "0",
        "0.0.0.0",
        "[::]",
        "localhost.example.org",
        "localhostx",
        "10.0.0.1",
        "192.168.1.1",
        "169.254.169.254",
    ],
)
def test_other_spellings_and_other_machines_are_not_this_one(host: str) -> None:
    found = admit(f"http://{host}/fhir", (), SANDBOX)
    assert found is None or found.host == "127.0.0.1"
    if host not in ("127.0.0.1.", "[::ffff:127.0.0.1]"):
        assert found is None


def test_public_servers_need_their_door_the_sandbox_and_https() -> None:
    public = "https://r4.example.org/fhir"
    found = admit(public, (), OPEN)
    assert found is not None
    assert found.reach == {Net.PUBLIC}
    assert base_of(public, (), SANDBOX) is None
    assert base_of(public, (), Doors(public=True)) is None
    assert base_of("http://r4.example.org/fhir", (), OPEN) is None


# ------------------------------------------------------------------------------------------------ addresses


@pytest.mark.parametrize(
    ("address", "net"),
    [
        ("127.0.0.1", Net.LOOPBACK),
        ("127.255.255.254", Net.LOOPBACK),
        ("::1", Net.LOOPBACK),
        ("::ffff:127.0.0.1", Net.LOOPBACK),
        ("::ffff:7f00:1", Net.LOOPBACK),
        ("64:ff9b::7f00:1", Net.LOOPBACK),
        ("10.1.2.3", Net.PRIVATE),
        ("172.16.0.1", Net.PRIVATE),
        ("172.31.255.255", Net.PRIVATE),
        ("192.168.0.1", Net.PRIVATE),
        ("100.64.0.1", Net.PRIVATE),
        ("fd12:3456::1", Net.PRIVATE),
        ("::ffff:10.0.0.1", Net.PRIVATE),
        ("64:ff9b::a00:1", Net.PRIVATE),
        ("8.8.8.8", Net.PUBLIC),
        ("172.32.0.1", Net.PUBLIC),
        ("2606:4700::1111", Net.PUBLIC),
        ("64:ff9b::808:808", Net.PUBLIC),
        ("169.254.169.254", None),
        ("::ffff:169.254.169.254", None),
        ("64:ff9b::a9fe:a9fe", None),
        ("100.100.100.200", None),
        ("168.63.129.16", None),
        ("192.0.0.192", None),
        ("fd00:ec2::254", None),
        ("fe80::1", None),
        ("fe80::1%eth0", None),
        ("fec0::1", None),
        ("0.0.0.0", None),
        ("0.1.2.3", None),
        ("::", None),
        ("224.0.0.1", None),
        ("255.255.255.255", None),
        ("240.0.0.1", None),
        ("ff02::1", None),
        ("2002:7f00:1::", None),
        ("2002:a00:1::1", None),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", None),
        ("::127.0.0.1", None),
        ("64:ff9b:1::7f00:1", None),
        ("not an address", None),
    ],
)
def test_what_an_address_leads_to(address: str, net: Net | None) -> None:
    assert net_of(address) is net


def leads_to(*addresses: str) -> list[Address]:
    return [(2, (one, 443)) for one in addresses]


def test_a_name_that_also_leads_elsewhere_is_refused_altogether() -> None:
    public = Server("https", "r4.example.org", 443, "", frozenset({Net.PUBLIC}))
    assert Addresses(public, lambda *_: leads_to("8.8.8.8", "2606:4700::1111")).current(1)
    for bad in ("127.0.0.1", "10.0.0.1", "169.254.169.254", "::ffff:127.0.0.1"):
        with pytest.raises(AddressRefused):
            Addresses(public, lambda *_, bad=bad: leads_to("8.8.8.8", bad)).current(1)
    with pytest.raises(AddressRefused):
        Addresses(public, lambda *_: []).current(1)


def test_the_checked_addresses_are_those_connected_to_though_the_name_changes(server: FhirServer) -> None:
    """A name that is public when it is checked and private when it is connected to gains nothing: it is asked once."""
    turns = iter([leads_to("127.0.0.1"), leads_to("10.255.255.1")])
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[Address]:
        asked.append(host)
        return [(family, (where[0], server.port)) for family, where in next(turns)]

    access = FhirAccess(settings(), resolve)
    assert fetch(access, f"http://fhir.localhost:{server.port}/fhir")["conditions"].problem is None
    assert fetch(access, f"http://fhir.localhost:{server.port}/fhir")["conditions"].problem is None
    assert asked == ["fhir.localhost"]
    assert RESOLVED_SECONDS > 0


def test_a_name_that_leads_elsewhere_is_not_connected_to(server: FhirServer) -> None:
    """The door is that of the public internet, and the name leads to this machine."""
    access = FhirAccess(settings(public=True), lambda *_: leads_to("127.0.0.1"))
    found = fetch(access, f"https://rebound.example.org:{server.port}/fhir")["conditions"]
    assert found.problem is Problem.NOT_ALLOWED
    assert (server.asked, server.connections) == ([], 0)


def test_a_name_that_is_not_resolved_in_time() -> None:
    def resolve(host: str, port: int) -> list[Address]:
        time.sleep(0.6)
        raise OSError("no such name")

    access = FhirAccess(settings("0.2"), resolve)
    found = fetch(access, "http://fhir.localhost/fhir", ("conditions", "allergies"))
    assert {one.problem for one in found.values()} == {Problem.TIMED_OUT}


def test_a_name_that_is_not_resolved_at_all() -> None:
    def resolve(host: str, port: int) -> list[Address]:
        raise OSError("no such name")

    found = fetch(FhirAccess(settings(), resolve), "http://fhir.localhost/fhir")
    assert found["conditions"].problem is Problem.UNREACHABLE


def test_a_production_client_reads_from_its_own_server_only(server: FhirServer) -> None:
    client = Client(name="a", iss="https://a", jwks_file="k.json", fhir_servers=(server.base,))
    access = FhirAccess(
        Settings(
            mode=Mode.PRODUCTION,
            public_url="https://cds.example.org",
            secret="x" * 32,
            clients=(client,),
            limits=Limits(fetch_seconds=Decimal("1.5")),
            security=Security(allow_http_loopback=True),
        )
    )
    mine = fetch(access, server.base, allowed=client.fhir_servers)
    assert mine["conditions"].problem is None
    for allowed in ((), (f"{server.base}/tenant",), ("https://ehr.example.org/fhir",)):
        others = fetch(access, server.base, allowed=allowed)
        assert others["conditions"].problem is Problem.NOT_ALLOWED
    assert len(server.asked) == 1


def test_addresses_have_one_spelling() -> None:
    spellings = ("http://[::1]:80/a", "HTTP://[0:0:0:0:0:0:0:1]/a/", "http://[::0001]/a")
    assert {read_address(one) for one in spellings} == {read_address("http://[::1]/a")}
