"""Which FHIR servers may be called, and at which network addresses: the door that a request's `fhirServer` meets.

A call names a server of its choice. It is read only where the site's own entry for the client names it, or in sandbox
mode on this machine, or on a public address if the site opened that door. What a name resolves to is checked again at
the moment of connecting, so that no name leads to an address that its door does not open to.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from enum import Enum
from typing import Final

from cards.frozen import dataclass
from cds_service.settings import Settings

_ADDRESS: Final = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9a-f:.]{2,45}\]|[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?)(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<path>(?:/[A-Za-z0-9._~!$&'()*+,;=:@-]+)*)/?",
    re.IGNORECASE | re.ASCII,
)
"""No user, no query, no fragment, nothing percent-encoded: there is one way to write a server's address."""

_QUERY: Final = re.compile(r"[\x21\x24-\x5b\x5d-\x7e]*", re.ASCII)
_NUMBER_LIKE: Final = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)", re.IGNORECASE | re.ASCII)
_PORTS: Final = {"http": 80, "https": 443}
LONGEST_LINK: Final = 8_000


class Net(Enum):
    """What an address leads to."""

    LOOPBACK = "this machine"
    PRIVATE = "a network that is not public"
    PUBLIC = "the internet"


@dataclass(frozen=True, slots=True)
class Doors:
    """What the settings open beside the servers of client entries."""

    sandbox: bool = False
    http_loopback: bool = False
    public: bool = False


@dataclass(frozen=True, slots=True)
class Server:
    """A FHIR server that may be called: base address without a slash at its end, and where its name may lead."""

    scheme: str
    host: str
    port: int
    path: str
    reach: frozenset[Net] = frozenset()

    @property
    def origin(self) -> str:
        """Scheme, host and, unless it is the scheme's own, port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + ("" if self.port == _PORTS[self.scheme] else f":{self.port}")

    @property
    def base(self) -> str:
        return self.origin + self.path

    def holds(self, other: Server) -> bool:
        """Whether the other's address is this one or lies below it, segment by segment."""
        mine, others = (self.scheme, self.host, self.port), (other.scheme, other.host, other.port)
        return mine == others and f"{other.path}/".startswith(f"{self.path}/")


def doors_of(settings: Settings) -> Doors:
    """The doors that the settings open."""
    return Doors(settings.sandbox, settings.security.allow_http_loopback, settings.security.allow_public_fhir)


def admit(address: str, allowed: Sequence[str], doors: Doors) -> Server | None:
    """The server at that address if it may be called; `allowed` are the addresses of the client's entry."""
    server = read_address(address)
    if server is None:
        return None
    reach = _reach(server, allowed, doors)
    return None if reach is None else Server(server.scheme, server.host, server.port, server.path, reach)


def _reach(server: Server, allowed: Sequence[str], doors: Doors) -> frozenset[Net] | None:
    on_this_machine = is_loopback_name(server.host)
    entries = (read_address(one) for one in allowed)
    if any(entry is not None and entry.holds(server) for entry in entries):
        if server.scheme == "http" and not (doors.sandbox or (on_this_machine and doors.http_loopback)):
            return None  # a token would travel in clear
        here = {Net.LOOPBACK} if doors.sandbox or on_this_machine else set[Net]()
        return frozenset({Net.PRIVATE, Net.PUBLIC} | here)
    if doors.sandbox and on_this_machine:
        return frozenset({Net.LOOPBACK})
    if doors.sandbox and doors.public and server.scheme == "https":
        return frozenset({Net.PUBLIC})
    return None


def read_address(text: str) -> Server | None:
    """A base address in its one spelling (lower case, port as a number); None for any that has another reading."""
    found = _ADDRESS.fullmatch(text)
    if found is None:
        return None
    scheme, host, path = found["scheme"].lower(), found["host"].lower().rstrip("."), found["path"]
    port = _PORTS[scheme] if found["port"] is None else int(found["port"])
    if not 0 < port < 65_536 or any(set(segment) == {"."} for segment in path.split("/")):
        return None
    if host.startswith("["):
        host = host[1:-1]
        try:
            host = str(ipaddress.IPv6Address(host))
        except ValueError:
            return None
    elif _NUMBER_LIKE.fullmatch(host.rpartition(".")[2]):
        try:  # only four decimal numbers: 127.1, 0x7f000001 and 2130706433 are read differently by different readers
            host = str(ipaddress.IPv4Address(host))
        except ValueError:
            return None
    return Server(scheme, host, port, path)


def is_loopback_name(host: str) -> bool:
    """Whether a host says by itself that it is this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def link_below(link: str, server: Server) -> str | None:
    """The address of a further page, if it lies below the server; relative ones are taken from its base."""
    if not link or len(link) > LONGEST_LINK:
        return None
    before, mark, query = link.partition("?")
    if "://" not in before:
        before = f"{server.origin}{before}" if before.startswith("/") else f"{server.base}/{before}"
    page = read_address(before)
    if page is None or not server.holds(page) or not _QUERY.fullmatch(query):
        return None
    return f"{page.base}{mark}{query}"


# ------------------------------------------------------------------------------------------------ addresses

_NEVER: Final = tuple(
    ipaddress.ip_network(one)
    for one in (
        "0.0.0.0/8",
        "169.254.0.0/16",  # link-local, and where clouds tell their secrets
        "224.0.0.0/3",  # multicast, reserved, broadcast
        "192.0.0.0/24",
        "100.100.100.200/32",  # cloud metadata outside link-local ranges
        "168.63.129.16/32",
        "fd00:ec2::254/128",
        "::/128",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
    )
)
_EMBEDDING: Final = ipaddress.IPv6Network("64:ff9b::/96")
"""NAT64: the IPv4 address that is meant stands in the last 32 bits."""

_TUNNELS: Final = tuple(
    ipaddress.ip_network(one) for one in ("2002::/16", "2001::/32", "::/96", "64:ff9b:1::/48")
)
"""6to4, Teredo, IPv4-compatible, local NAT64: where they lead cannot be seen in the address."""


def net_of(address: str) -> Net | None:
    """What an IP address leads to; None for one that is never called."""
    try:
        found: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.ip_address(address)
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address):
        if found.is_loopback:
            return Net.LOOPBACK
        if found.ipv4_mapped is not None:
            found = found.ipv4_mapped
        elif found in _EMBEDDING:
            found = ipaddress.IPv4Address(int(found) & 0xFFFF_FFFF)
        elif any(found in tunnel for tunnel in _TUNNELS):
            return None
    if found.is_loopback:
        return Net.LOOPBACK
    if any(found in network for network in _NEVER) or found.is_multicast or found.is_unspecified:
        return None
    return Net.PUBLIC if found.is_global else Net.PRIVATE
