"""A probe tells apart: an HTTP status, another protocol, silence, and nobody there."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from seaway.core.health import ProbeAnswer, is_healthy
from seaway.doors.probe import NetworkProbe

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[int]:
    server = await asyncio.start_server(handler, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


def saying(text: bytes) -> Handler:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(text)
        writer.close()

    return handler


async def ask(port: int, path: str = "/", timeout_s: float = 2.0) -> ProbeAnswer:
    return await NetworkProbe().ask("127.0.0.1", port, path, "shop.localhost", timeout_s)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", 200),
        (b"HTTP/1.0 404\r\n\r\n", 404),
        (b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 99\r\n\r\n", 503),
        (b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", 200),
        (b"HTTP/1.1 2", None),
    ],
)
async def test_the_status_is_that_of_the_final_answer(text: bytes, status: int | None) -> None:
    async with serving(saying(text)) as port:
        assert (await ask(port)).status == status


async def test_the_request_names_path_and_host_and_nothing_can_be_smuggled_in() -> None:
    seen = b""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal seen
        seen = await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 204 \r\n\r\n")
        writer.close()

    async with serving(handler) as port:
        assert await ask(port, "/up?a=1 b\r\nX: y") == ProbeAnswer(status=204, accepted=True)
    assert seen.startswith(b"GET /up?a=1%20b%0D%0AX:%20y HTTP/1.1\r\nHost: shop.localhost\r\n")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (b"-ERR unknown command\r\n", "spoke another protocol than HTTP"),
        (b"", "closed the connection without an answer"),
        (b"x" * 200_000, "spoke another protocol than HTTP"),
    ],
)
async def test_an_open_port_without_http_is_accepted(text: bytes, error: str) -> None:
    async with serving(saying(text)) as port:
        answer = await ask(port)
    assert answer == ProbeAnswer(accepted=True, error=error)
    assert is_healthy(answer, None)
    assert not is_healthy(answer, "/up")


async def test_a_server_that_stays_silent_is_not_healthy() -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with serving(handler) as port:
        answer = await ask(port, timeout_s=0.1)
    assert answer == ProbeAnswer(error="took the connection but gave no answer within 0.1 s")
    assert not is_healthy(answer, None)


async def test_a_closed_port_refuses() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        assert await ask(port) == ProbeAnswer(error="connection refused")
        assert not await NetworkProbe().port_open("127.0.0.1", port, 1.0)


async def test_a_full_queue_times_out() -> None:
    """A listener whose queue is full drops what comes, as a firewall would."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(("127.0.0.1", port))
        answer = await ask(port, timeout_s=0.2)
        for each in waiting:
            each.close()
    assert answer == ProbeAnswer(error="did not take the connection within 0.2 s")


async def test_an_open_port_is_open() -> None:
    async with serving(saying(b"")) as port:
        assert await NetworkProbe().port_open("127.0.0.1", port, 1.0)
