"""Output of a container as the Docker Engine API sends it: frames of two streams, cut anywhere, into lines."""

from collections import defaultdict
from collections.abc import AsyncIterator

from seaway.core.events import Stream

LINE_BYTES = 64 * 1024


async def lines_of(chunks: AsyncIterator[bytes]) -> AsyncIterator[tuple[Stream, str]]:
    """Lines of a multiplexed stream; a line above LINE_BYTES comes in pieces, and the last needs no end."""
    rest: dict[Stream, bytes] = defaultdict(bytes)
    async for stream, piece in _frames(chunks):
        *whole, last = (rest[stream] + piece).split(b"\n")
        if len(last) > LINE_BYTES:
            whole, last = [*whole, last], b""
        rest[stream] = last
        for line in whole:
            yield stream, _text(line)
    for stream, line in rest.items():
        if line:
            yield stream, _text(line)


async def _frames(chunks: AsyncIterator[bytes]) -> AsyncIterator[tuple[Stream, bytes]]:
    """Pieces of output: a header of 8 bytes tells stream and length, and chunks may cut both anywhere."""
    buffer = b""
    async for chunk in chunks:
        buffer += chunk
        start = 0
        while len(buffer) - start >= 8:
            end = start + 8 + int.from_bytes(buffer[start + 4 : start + 8])
            if len(buffer) < end:
                break
            yield ("err" if buffer[start] == 2 else "out"), buffer[start + 8 : end]
            start = end
        buffer = buffer[start:]


def _text(raw: bytes) -> str:
    return raw.decode(errors="replace").rstrip("\r")
