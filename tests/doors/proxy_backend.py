"""A small app behind the proxy, run as a program: answers each request with its name, echoes after an upgrade.

`python proxy_backend.py NAME` listens on a free port of 127.0.0.1 and prints it. SIGTERM ends it at once, with all
its connections, as an app without manners does. X-Echo: 1 answers with the request's head instead.
"""

import asyncio
import base64
import hashlib
import sys

SWITCHED = (
    b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: %s\r\n\r\n"
)


def accepted(head: bytes) -> bytes:
    """HAProxy compares it with the key, as RFC 6455 wants."""
    line = next(line for line in head.splitlines() if line.lower().startswith(b"sec-websocket-key:"))
    key = line.partition(b":")[2].strip() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    return base64.b64encode(hashlib.sha1(key).digest())


async def serve(name: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            fields = head.lower()
            if b"upgrade: websocket" in fields:
                writer.write(SWITCHED % accepted(head))
                await echo(reader, writer)
                return
            length = (
                fields.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0] if b"content-length:" in fields else b"0"
            )
            await reader.readexactly(int(length))
            body = head if b"x-echo: 1" in fields else name
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)


async def main() -> None:
    name = sys.argv[1].encode()
    server = await asyncio.start_server(lambda r, w: serve(name, r, w), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
