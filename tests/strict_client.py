"""A client that forgives nothing: raw sockets, no retry, every answer but a whole 200 is a failure.

Ordinary load generators repeat a request when a kept-alive connection closes under it; this one counts it.
"""

import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

KEEP_ALIVE, NEW_CONNECTION, POST = "GET keep-alive", "GET new connection each", "POST keep-alive"
KINDS = (KEEP_ALIVE, NEW_CONNECTION, POST)
TIMEOUT_S = 10.0
FIRST_FAILURES = 10
_BODY = b"x" * 512


@dataclass(frozen=True)
class Tally:
    """What came of the requests, by kind; `failures` are the first ones, in words; `bodies` says who answered."""

    ok: dict[str, int]
    failed: int
    failures: tuple[str, ...]
    bodies: dict[bytes, int]

    @property
    def total(self) -> int:
        return sum(self.ok.values()) + self.failed


@dataclass
class _Counts:
    ok: Counter[str] = field(default_factory=Counter)
    bodies: Counter[bytes] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


class Broken(Exception):
    """The connection ended within an answer, or the answer was no 200."""


class Connection:
    """One HTTP/1.1 connection."""

    def __init__(self, address: tuple[str, int], host: str) -> None:
        self._socket = socket.create_connection(address, timeout=TIMEOUT_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._host = host
        self._buffer = b""

    def ask(self, method: str = "GET", body: bytes = b"", *, close: bool = False) -> tuple[bytes, bool]:
        """The body, and whether the server keeps the connection open."""
        head = f"{method} / HTTP/1.1\r\nHost: {self._host}\r\nContent-Length: {len(body)}\r\n"
        head += "Connection: close\r\n\r\n" if close else "\r\n"
        self._socket.sendall(head.encode() + body)
        answer = self._until(b"\r\n\r\n").decode("latin-1").lower()
        if not answer.startswith("http/1.1 200 "):
            raise Broken(answer.splitlines()[0])
        length = int(answer.split("content-length:", 1)[1].split("\r\n", 1)[0])
        return self._exactly(length), "connection: close" not in answer

    def upgrade(self) -> None:
        head = f"GET / HTTP/1.1\r\nHost: {self._host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        head += "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        self._socket.sendall(head.encode())
        answer = self._until(b"\r\n\r\n")
        if b" 101 " not in answer:
            raise Broken(answer.decode("latin-1"))

    def echo(self, data: bytes) -> bytes:
        """After `upgrade`: send, and receive as much."""
        self._socket.sendall(data)
        return self._exactly(len(data))

    def close(self) -> None:
        self._socket.close()

    def _until(self, end: bytes) -> bytes:
        while end not in self._buffer:
            self._more()
        found, self._buffer = self._buffer.split(end, 1)
        return found + end

    def _exactly(self, length: int) -> bytes:
        while len(self._buffer) < length:
            self._more()
        found, self._buffer = self._buffer[:length], self._buffer[length:]
        return found

    def _more(self) -> None:
        data = self._socket.recv(65536)
        if not data:
            raise Broken("the connection was closed within an answer" if self._buffer else "closed without an answer")
        self._buffer += data


class Load:
    """`with Load(address, host) as load: ...; load.tally`. Each kind has `each` connections, all at once."""

    def __init__(self, address: tuple[str, int], host: str, *, each: int = 4, pause_s: float = 0.0) -> None:
        self._address, self._host, self._pause_s = address, host, pause_s
        self._over = threading.Event()
        self._counts = [_Counts() for _ in range(each * len(KINDS))]
        runs: dict[str, Callable[[_Counts, str], None]] = {
            KEEP_ALIVE: self._kept,
            NEW_CONNECTION: self._new_each,
            POST: self._kept,
        }
        self._threads = [
            threading.Thread(target=runs[kind], args=(counts, kind), daemon=True)
            for counts, kind in zip(self._counts, KINDS * each, strict=True)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(TIMEOUT_S + 1)

    @property
    def tally(self) -> Tally:
        ok: Counter[str] = Counter()
        bodies: Counter[bytes] = Counter()
        failures = [failure for counts in self._counts for failure in counts.failures]
        for counts in self._counts:
            ok += counts.ok
            bodies += counts.bodies
        return Tally(dict(ok), len(failures), tuple(failures[:FIRST_FAILURES]), dict(bodies))

    def _kept(self, counts: _Counts, kind: str) -> None:
        method, body = ("POST", _BODY) if kind == POST else ("GET", b"")
        connection: Connection | None = None
        while not self._over.is_set():
            try:
                connection = connection or Connection(self._address, self._host)
                answer, stays = connection.ask(method, body)
                _count(counts, kind, answer)
                connection = connection if stays else _closed(connection)
            except (OSError, Broken, ValueError, IndexError) as error:
                counts.failures.append(f"{kind}: {type(error).__name__} {error}")
                connection = _closed(connection)
            self._rest()
        _closed(connection)

    def _new_each(self, counts: _Counts, kind: str) -> None:
        while not self._over.is_set():
            connection: Connection | None = None
            try:
                connection = Connection(self._address, self._host)
                _count(counts, kind, connection.ask(close=True)[0])
            except (OSError, Broken, ValueError, IndexError) as error:
                counts.failures.append(f"{kind}: {type(error).__name__} {error}")
            _closed(connection)
            self._rest()

    def _rest(self) -> None:
        if self._pause_s:
            time.sleep(self._pause_s)


def _count(counts: _Counts, kind: str, body: bytes) -> None:
    counts.ok[kind] += 1
    counts.bodies[body] += 1


def _closed(connection: Connection | None) -> None:
    if connection:
        connection.close()
