"""`seaway serve`: one process that ends within seconds, whoever still reads a stream."""

import asyncio
from types import FrameType

import uvicorn
from fastapi import FastAPI

GRACE_S = 2


class Server(uvicorn.Server):
    """Tells open streams to end at the first signal, since uvicorn waits for them."""

    def __init__(self, config: uvicorn.Config, stopping: asyncio.Event) -> None:
        super().__init__(config)
        self._stopping = stopping

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        asyncio.get_event_loop().call_soon_threadsafe(self._stopping.set)
        super().handle_exit(sig, frame)


def serve(app: FastAPI, host: str, port: int, stopping: asyncio.Event) -> None:
    """Serve until SIGTERM or SIGINT."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=GRACE_S,
        server_header=False,
        lifespan="on",
        loop="uvloop",
        http="httptools",
    )
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(Server(config, stopping).serve())
