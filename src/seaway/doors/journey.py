"""What the HTTP pipe learned about the connection of one request, also when it came to nothing."""

from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address

from seaway.core.destination import Zone, zone_of


@dataclass
class Journey:
    """What is known about the connection of a request; None where it never got to."""

    host: str = ""
    dns_ms: float | None = None
    addresses: tuple[str, ...] = ()
    tcp_ms: float | None = None
    address: str | None = None
    tls_ms: float | None = None
    tls_version: str | None = None
    certificate_until: datetime | None = None
    certificate_issuer: str | None = None

    @property
    def zone(self) -> Zone | None:
        return zone_of(ip_address(self.address)) if self.address else None


journey: ContextVar[Journey] = ContextVar("journey")
