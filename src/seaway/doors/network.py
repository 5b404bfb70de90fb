"""Connections that are checked, timed and verified: the lower half of the HTTP pipe.

1. A name is resolved here and its addresses are checked before one is connected to, so that a name cannot point
   somewhere else a moment later.
2. What was learned on the way (addresses, times, certificate dates) is kept in a `Journey`, also when it failed.
"""

import asyncio
import socket
import ssl
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpcore2

from seaway.core.destination import Address, Destination, literal_address
from seaway.doors.http_errors import (
    ConnectionBroken,
    ConnectionRefused,
    DnsFailure,
    ForbiddenDestination,
    HttpError,
    TimedOut,
    tls_error,
)
from seaway.doors.journey import Journey, journey

# How long one address may be silent before the next is tried beside it (RFC 8305).
_NEXT_ADDRESS_S = 0.25


@dataclass(frozen=True)
class Trust:
    """Whom to believe: the system's authorities (or SSL_CERT_FILE), and a host's own as Docker keeps them."""

    certs_d: Path = Path("/etc/docker/certs.d")
    ca_file: Path | None = None
    unverified: frozenset[str] = field(default_factory=frozenset)

    def context(self, host: str, port: int) -> ssl.SSLContext:
        return _context(self, host, port)


@lru_cache(maxsize=64)
def _context(trust: Trust, host: str, port: int) -> ssl.SSLContext:
    names = [f"{host}:{port}", host] if port == 443 else [f"{host}:{port}"]
    if trust.unverified & set(names):
        return ssl._create_unverified_context()  # noqa: S323
    folders = [folder for name in names if (folder := trust.certs_d / name).is_dir()]
    if not folders:
        return _shared_context(trust.ca_file)
    context = _new_context(trust.ca_file)
    for path in (path for folder in folders for path in sorted(folder.iterdir())):
        if path.suffix == ".crt":
            context.load_verify_locations(path)
        if path.suffix == ".cert" and path.with_suffix(".key").exists():
            context.load_cert_chain(path, path.with_suffix(".key"))
    return context


@lru_cache(maxsize=4)
def _shared_context(ca_file: Path | None) -> ssl.SSLContext:
    return _new_context(ca_file)


def _new_context(ca_file: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context


class CheckedStream(httpcore2.AsyncNetworkStream):
    """A stream that remembers where it leads and verifies with the host's own context."""

    def __init__(self, inner: httpcore2.AsyncNetworkStream, way: Journey, trust: Trust, port: int) -> None:
        self._inner, self._way, self._trust, self._port = inner, way, trust, port

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return await self._inner.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.AsyncNetworkStream:
        name = server_hostname or self._way.host
        started = time.perf_counter()
        # Through a proxy's tunnel the name is another than the one connected to, and its port is not told here.
        context = self._trust.context(name, self._port if name == self._way.host else 443)
        try:
            inner = await self._inner.start_tls(context, name, timeout)
        except httpcore2.TimeoutException:
            raise TimedOut(name, "TLS handshake") from None
        except httpcore2.NetworkError as error:
            raise tls_error(name, _cause(error)) from None
        except (ssl.SSLError, OSError) as error:
            raise tls_error(name, error) from None
        self._way.tls_ms = (time.perf_counter() - started) * 1000
        _note_certificate(self._way, inner.get_extra_info("ssl_object"))
        return CheckedStream(inner, self._way, self._trust, self._port)

    def get_extra_info(self, info: str) -> Any:
        return self._way if info == "journey" else self._inner.get_extra_info(info)


def _cause(error: BaseException) -> OSError:
    """The innermost system error: libraries wrap it once for themselves and once for their several tries."""
    found = OSError(str(error))
    inner: BaseException | None = error
    while inner is not None:
        found = inner if isinstance(inner, OSError) else found
        inner = inner.exceptions[0] if isinstance(inner, BaseExceptionGroup) else inner.__cause__
    return found


def _note_certificate(way: Journey, tls: ssl.SSLObject | None) -> None:
    if tls is None:
        return
    way.tls_version = tls.version()
    certificate = tls.getpeercert()
    if certificate:
        seconds = ssl.cert_time_to_seconds(str(certificate["notAfter"]))
        way.certificate_until = datetime.fromtimestamp(seconds, UTC)
        names = dict(pair[0] for pair in certificate.get("issuer", ()) if pair)  # type: ignore[misc]
        way.certificate_issuer = str(names.get("organizationName") or names.get("commonName") or "") or None


class CheckedBackend(httpcore2.AsyncNetworkBackend):
    """Resolves, checks and connects. One per policy, so that no connection is shared across policies."""

    def __init__(self, destination: Destination, trust: Trust) -> None:
        self._destination, self._trust = destination, trust
        self._inner = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        way = journey.get(Journey())
        way.host = host
        started = time.perf_counter()
        addresses = await _resolve(host, port)
        way.dns_ms, way.addresses = (time.perf_counter() - started) * 1000, tuple(map(str, addresses))
        allowed = [address for address in addresses if self._destination.allows(address)]
        if not allowed:
            raise ForbiddenDestination(host, ", ".join(way.addresses))
        started = time.perf_counter()
        stream, way.address = await self._first(host, allowed, port, timeout)
        way.tcp_ms = (time.perf_counter() - started) * 1000
        return CheckedStream(stream, way, self._trust, port)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def _first(
        self, host: str, addresses: list[Address], port: int, timeout: float | None
    ) -> tuple[httpcore2.AsyncNetworkStream, str]:
        if len(addresses) == 1:
            return await self._connect(host, addresses[0], port, timeout), str(addresses[0])
        return await self._race(host, addresses, port, timeout)

    async def _race(
        self, host: str, addresses: list[Address], port: int, timeout: float | None
    ) -> tuple[httpcore2.AsyncNetworkStream, str]:
        waiting = list(addresses)
        tries: dict[asyncio.Task[httpcore2.AsyncNetworkStream], Address] = {}
        failure: HttpError = TimedOut(host, "connecting")
        try:
            while waiting or tries:
                if waiting:
                    address = waiting.pop(0)
                    tries[asyncio.create_task(self._connect(host, address, port, timeout))] = address
                pause = _NEXT_ADDRESS_S if waiting else None
                done, _ = await asyncio.wait(tries, timeout=pause, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    address = tries.pop(task)
                    error = task.exception()
                    if error is None:
                        return task.result(), str(address)
                    failure = error if isinstance(error, HttpError) else failure
            raise failure
        finally:
            await _abandon(tries)

    async def _connect(
        self, host: str, address: Address, port: int, timeout: float | None
    ) -> httpcore2.AsyncNetworkStream:
        try:
            return await self._inner.connect_tcp(str(address), port, timeout)
        except httpcore2.TimeoutException:
            raise TimedOut(host, f"connecting to {address} port {port}") from None
        except httpcore2.NetworkError as error:
            cause = _cause(error)
            kind = ConnectionRefused if isinstance(cause, ConnectionRefusedError) else ConnectionBroken
            raise kind(host, f"{address} port {port}: {(cause.strerror or str(cause)).lower()}") from None


async def _abandon(tries: Iterable[asyncio.Task[httpcore2.AsyncNetworkStream]]) -> None:
    for task in tries:
        task.cancel()
    for result in await asyncio.gather(*tries, return_exceptions=True):
        if isinstance(result, httpcore2.AsyncNetworkStream):
            await result.aclose()


async def _resolve(host: str, port: int) -> list[Address]:
    literal = literal_address(host)
    if literal is not None:
        return [literal]
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise DnsFailure(host, str(getattr(error, "strerror", None) or error).lower()) from None
    return list(dict.fromkeys(ip_address(str(entry[4][0]).partition("%")[0]) for entry in found))
