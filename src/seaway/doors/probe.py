"""Asks an instance over the network, as the proxy would, and reads no more than the first line of its answer."""

import asyncio
import re
from contextlib import suppress
from urllib.parse import quote

from seaway.core.health import ProbeAnswer

MAX_LINES = 100
_STATUS_LINE = re.compile(rb"HTTP/\d(?:\.\d)? (\d{3})(?: |\r?\n)")
_PATH_SAFE = "/?#[]@!$&'()*+,;=:%-._~"


class NetworkProbe:
    """Implements core.ports.Probe."""

    async def ask(self, address: str, port: int, path: str, host: str, timeout_s: float) -> ProbeAnswer:
        """One GET. `accepted` is said of a port that answers, or hangs up, in another way than HTTP does; one that
        takes the connection and stays silent gives an error, for that is how a server looks that is not ready yet."""
        connected = False
        try:
            async with asyncio.timeout(timeout_s):
                reader, writer = await asyncio.open_connection(address, port)
                connected = True
                try:
                    return await _exchange(reader, writer, path, host)
                finally:
                    writer.close()
        except TimeoutError:
            did = "took the connection but gave no answer" if connected else "did not take the connection"
            return ProbeAnswer(error=f"{did} within {timeout_s:g} s")
        except ConnectionRefusedError:
            return ProbeAnswer(error="connection refused")
        except OSError as error:
            return ProbeAnswer(error=(error.strerror or str(error)).lower())

    async def port_open(self, address: str, port: int, timeout_s: float) -> bool:
        try:
            async with asyncio.timeout(timeout_s):
                _, writer = await asyncio.open_connection(address, port)
        except OSError:  # a timeout is one too
            return False
        writer.close()
        return True


async def _exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str, host: str) -> ProbeAnswer:
    request = f"GET {quote(path, safe=_PATH_SAFE)} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: seaway-health\r\n"
    writer.write(f"{request}Accept: */*\r\nConnection: close\r\n\r\n".encode())
    line = b""
    with suppress(ConnectionError):
        await writer.drain()
        line = await _status_line(reader)
    if found := _STATUS_LINE.match(line):
        return ProbeAnswer(status=int(found[1]), accepted=True)
    said = "spoke another protocol than HTTP" if line else "closed the connection without an answer"
    return ProbeAnswer(accepted=True, error=said)


async def _status_line(reader: asyncio.StreamReader) -> bytes:
    """The final one: interim answers (1xx) and their headers are passed over."""
    line = await _line(reader)
    for _ in range(MAX_LINES):
        found = _STATUS_LINE.match(line)
        if found is None or not found[1].startswith(b"1") or found[1] == b"101":
            break
        while (await _line(reader)).strip():
            pass
        line = await _line(reader)
    return line


async def _line(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\n")
    except asyncio.IncompleteReadError as error:
        return error.partial
    except asyncio.LimitOverrunError:
        return b"(a line without end)"
