"""A TCP proxy that makes a line long: everything takes half the round trip each way, the handshake a whole one."""

import asyncio
import contextlib
import threading
from typing import Self

_CHUNK = 64 * 1024


class SlowLine:
    """Listens on loopback and passes on to `port`; `with` ends it. Nothing of the bandwidth is lost."""

    def __init__(self, port: int, round_trip_s: float, *, address: str = "127.0.0.1") -> None:
        self.connections = 0
        self._target, self._round_trip_s, self._address = port, round_trip_s, address
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self.port = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._ready.wait(10)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, self._address, 0))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        pending = asyncio.all_tasks(self._loop)
        for task in pending:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
        self._loop.close()

    async def _serve(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        self.connections += 1
        # The client takes itself for connected at once; on a real line its first byte leaves a round trip later.
        began = self._loop.time() + self._round_trip_s
        far, forth = await asyncio.open_connection("127.0.0.1", self._target)
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await asyncio.gather(self._carry(near, forth, began), self._carry(far, back, began))

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, not_before: float) -> None:
        """Reading and writing go on side by side, so that a long line is late and not narrow."""
        waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(64)

        async def deliver() -> None:
            while True:
                due, data = await waiting.get()
                await asyncio.sleep(max(0.0, due - self._loop.time()))
                if not data:
                    sink.close()
                    return
                sink.write(data)
                await sink.drain()

        delivering = asyncio.create_task(deliver())
        with contextlib.suppress(OSError):
            while True:
                data = await source.read(_CHUNK)
                await waiting.put((max(not_before, self._loop.time()) + self._round_trip_s / 2, data))
                if not data:
                    break
        with contextlib.suppress(OSError):
            await delivering
