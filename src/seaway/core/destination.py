"""Where a request may go: zones of the network, and which of them are allowed."""

from dataclasses import dataclass
from enum import IntEnum
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

Address = IPv4Address | IPv6Address


class Zone(IntEnum):
    """Ordered from the outside in. Link-local comes last: clouds hand out machine credentials there."""

    PUBLIC = 0
    PRIVATE = 1
    LOOPBACK = 2
    LINK_LOCAL = 3


def zone_of(address: Address) -> Zone:
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return zone_of(address.ipv4_mapped)
    if isinstance(address, IPv6Address) and address.sixtofour is not None:
        return zone_of(address.sixtofour)
    if address.is_link_local or address.is_multicast:
        return Zone.LINK_LOCAL
    if address.is_loopback or address.is_unspecified:
        return Zone.LOOPBACK
    return Zone.PUBLIC if address.is_global else Zone.PRIVATE


def literal_address(host: str) -> Address | None:
    """The address when the host is written as one, with or without brackets."""
    try:
        return ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None


def is_loopback_host(host: str) -> bool:
    """True for the names that Docker takes for this very machine; `host` may carry a port."""
    name = bare_host(host).lower()
    address = literal_address(name)
    if address is not None:
        return zone_of(address) == Zone.LOOPBACK
    return name == "localhost" or name.endswith(".localhost")


def bare_host(host: str) -> str:
    """The host without its port and brackets; the text itself when it is no host."""
    try:
        return urlsplit(f"//{host}").hostname or host
    except ValueError:
        return host


@dataclass(frozen=True)
class Destination:
    """A policy: addresses down to `deepest` may be reached, everything further in may not."""

    deepest: Zone = Zone.PUBLIC

    def allows(self, address: Address) -> bool:
        return zone_of(address) <= self.deepest


PUBLIC_ONLY = Destination(Zone.PUBLIC)
# An operator's own registry may be anywhere except where clouds keep machine credentials.
ANY_MACHINE = Destination(Zone.LOOPBACK)
