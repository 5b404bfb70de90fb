"""The one HTTP pipe: bounded in time and size, checked where it goes, and silent about secrets.

1. Nothing is followed, retried or logged unless the caller says so.
2. A secret goes to the host it was given for: a redirect to another origin loses `authorization`.
3. Environment variables are not read unless `trust_env` is set, and then for proxies only.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from ssl import PROTOCOL_TLS_CLIENT, SSLContext
from typing import Self
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

import httpcore2

from seaway.core.destination import ANY_MACHINE, Destination
from seaway.core.exchange import Request, Response
from seaway.doors.http_errors import (
    AnswerTooLarge,
    BadAddress,
    ConnectionBroken,
    ForbiddenDestination,
    HttpError,
    ProxyRefused,
    TimedOut,
    TooManyRedirects,
)
from seaway.doors.journey import Journey, journey
from seaway.doors.network import CheckedBackend, Trust

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_SAFE_METHODS = frozenset({"GET", "HEAD"})
USER_AGENT = "seaway"


@dataclass(frozen=True)
class Limits:
    """How long a whole request may take, how much may come back, how many redirects are followed."""

    timeout_s: float = 10.0
    size_bytes: int = 8 * 1024 * 1024
    redirects: int = 0
    truncate: bool = False
    """Stop reading at `size_bytes` and keep what came, instead of refusing the answer."""


@dataclass(frozen=True)
class Answer:
    """A response, where it came from in the end, how long it took, and what is known of the connection."""

    response: Response
    url: str
    ms: float
    way: Journey = field(compare=False)
    fresh: bool = True
    """True when the connection was opened for this request."""


class HttpPipe:
    """Keep one for the life of the process and close it; connections are kept open between requests."""

    def __init__(self, trust: Trust | None = None, *, trust_env: bool = False, connections: int = 20) -> None:
        self._trust = trust or Trust()
        self._trust_env = trust_env
        self._connections = connections
        self._pools: dict[tuple[Destination, str | None], httpcore2.AsyncConnectionPool] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        pools, self._pools = list(self._pools.values()), {}
        for pool in pools:
            await pool.aclose()

    async def send(
        self,
        request: Request,
        *,
        limits: Limits | None = None,
        destination: Destination = ANY_MACHINE,
        elsewhere: Destination | None = None,
    ) -> Answer:
        """Ask and read the whole answer. Raises HttpError when there is none.

        `elsewhere` is the policy for other hosts that a redirect leads to; None means the same one.
        """
        bounds = limits or Limits()
        asked = request
        for _ in range(bounds.redirects + 1):
            own = _host(asked.url) == _host(request.url)
            answer = await self._once(asked, bounds, destination if own else elsewhere or destination)
            target = answer.response.header("location")
            follow = bounds.redirects > 0 and answer.response.status in _REDIRECTS and asked.method in _SAFE_METHODS
            if not follow or not target:
                return answer
            asked = redirected(asked, target)
        raise TooManyRedirects(_host(request.url))

    async def _once(self, request: Request, limits: Limits, destination: Destination) -> Answer:
        host = _host(request.url)
        way = Journey(host=host)
        token = journey.set(way)
        started = time.perf_counter()
        try:
            async with asyncio.timeout(limits.timeout_s), self._stream(request, limits, destination) as raw:
                body = await _read(raw, host, limits)
        except TimeoutError:
            raise _with_way(TimedOut(host, f"no complete answer within {limits.timeout_s:g} s"), way) from None
        except HttpError as error:
            raise _with_way(error, way) from None
        except httpcore2.ProxyError as error:
            raise _with_way(ProxyRefused(host, str(error)), way) from None
        except httpcore2.TimeoutException:
            raise _with_way(TimedOut(host), way) from None
        except (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.UnsupportedProtocol) as error:
            raise _with_way(ConnectionBroken(host, _reason(error)), way) from None
        finally:
            journey.reset(token)
        known = raw.extensions["network_stream"].get_extra_info("journey") or way
        fields = tuple((key.decode("latin-1"), value.decode("latin-1")) for key, value in raw.headers)
        ms = (time.perf_counter() - started) * 1000
        return Answer(Response(raw.status, fields, body), request.url, ms, known, fresh=known is way)

    @asynccontextmanager
    async def _stream(
        self, request: Request, limits: Limits, destination: Destination
    ) -> AsyncIterator[httpcore2.Response]:
        parts, address = _parsed(request.url)
        pool = self._pool(destination, self._proxy(parts))
        fields = [("Host", parts.netloc.rpartition("@")[2]), ("User-Agent", USER_AGENT), *request.headers]
        if request.authorization is not None:
            fields.append(("Authorization", request.authorization.reveal()))
        if request.body is not None:
            fields.append(("Content-Length", str(len(request.body))))
        raw = await pool.handle_async_request(
            httpcore2.Request(
                request.method,
                address,
                headers=[(key.encode("latin-1"), value.encode("latin-1")) for key, value in fields],
                content=request.body,
                extensions={"timeout": dict.fromkeys(("connect", "read", "write", "pool"), limits.timeout_s)},
            )
        )
        try:
            yield raw
        finally:
            await raw.aclose()

    def _pool(self, destination: Destination, proxy: str | None) -> httpcore2.AsyncConnectionPool:
        key = (destination, proxy)
        if key not in self._pools:
            # A tunnel's far end cannot be checked from here, and the proxy itself was chosen by the operator.
            backend = CheckedBackend(destination if proxy is None else ANY_MACHINE, self._trust)
            self._pools[key] = _new_pool(proxy, backend, self._connections)
        return self._pools[key]

    def _proxy(self, parts: SplitResult) -> str | None:
        if not self._trust_env:
            return None
        from urllib.request import getproxies_environment, proxy_bypass

        if proxy_bypass(parts.netloc):
            return None
        return getproxies_environment().get(parts.scheme)


def _new_pool(proxy: str | None, backend: CheckedBackend, connections: int) -> httpcore2.AsyncConnectionPool:
    # This context verifies against nothing, so that a connection that bypassed Trust would fail.
    empty = SSLContext(PROTOCOL_TLS_CLIENT)
    if proxy is None:
        return httpcore2.AsyncConnectionPool(
            ssl_context=empty, max_connections=connections, keepalive_expiry=30.0, network_backend=backend
        )
    parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    login = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    return httpcore2.AsyncHTTPProxy(
        f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}",
        proxy_auth=login,
        ssl_context=empty,
        max_connections=connections,
        keepalive_expiry=30.0,
        network_backend=backend,
    )


def redirected(request: Request, location: str) -> Request:
    """The request that follows a redirect; refuses to go from https to http."""
    try:
        url = urljoin(request.url, location)
        before, after = urlsplit(request.url), urlsplit(url)
    except ValueError:
        raise BadAddress(_host(request.url), "it redirects to what is no address") from None
    if after.scheme not in ("http", "https") or (before.scheme == "https" and after.scheme == "http"):
        raise ForbiddenDestination(after.hostname or "an empty host", f"redirect from https to {after.scheme or '?'}")
    if (before.scheme, before.netloc) == (after.scheme, after.netloc):
        return replace(request, url=url)
    return replace(request, url=url, authorization=None)


def _with_way(error: HttpError, way: Journey) -> HttpError:
    error.way = way
    return error


async def _read(raw: httpcore2.Response, host: str, limits: Limits) -> bytes:
    body = bytearray()
    async for chunk in raw.aiter_stream():
        body += chunk
        if len(body) > limits.size_bytes:
            if limits.truncate:
                return bytes(body[: limits.size_bytes])
            raise AnswerTooLarge(host, f"more than {limits.size_bytes} bytes")
    return bytes(body)


def _host(url: str) -> str:
    """The host as written, with its port, without a user."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2] or "an empty host"
    except ValueError:
        return "an unreadable address"


def _parsed(url: str) -> tuple[SplitResult, httpcore2.URL]:
    try:
        parts = urlsplit(url)
        name = (parts.hostname or "").encode("ascii" if (parts.hostname or "").isascii() else "idna")
        target = ((parts.path or "/") + (f"?{parts.query}" if parts.query else "")).encode("ascii")
        address = httpcore2.URL(scheme=parts.scheme.encode(), host=name, port=parts.port, target=target)
    except ValueError:
        raise BadAddress(_host(url)) from None
    if parts.scheme not in ("http", "https") or not name or not all(33 <= letter < 127 for letter in name + target):
        raise BadAddress(_host(url))
    return parts, address


def _reason(error: Exception) -> str:
    return str(error).strip().rstrip(".").lower()[:200]
