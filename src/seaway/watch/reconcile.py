"""Compares what is wanted with what the engine and the proxy confirm, and puts right what it may."""

import asyncio

import structlog

from seaway.core.errors import SeawayError
from seaway.deploy.ports import Ports
from seaway.deploy.routes import put_right, remove_strays

log = structlog.get_logger()

INTERVAL_S = 5.0


class Reconciler:
    """An instance that came back with another address, or a proxy that lost its routes, is put right within seconds."""

    def __init__(self, ports: Ports, interval_s: float = INTERVAL_S) -> None:
        self._ports = ports
        self._interval_s = interval_s
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        trouble = ""
        while True:
            await asyncio.sleep(self._interval_s)
            try:
                mended = await put_right(self._ports)
                removed = await remove_strays(self._ports)
            except SeawayError as error:
                if error.code != trouble:
                    log.warning(error.what, code=error.code, remedy=error.remedy)
                trouble = error.code
                continue
            trouble = ""
            if mended:
                log.info("routes put right", routes=mended)
            if removed:
                log.info("left-over instances removed", instances=removed)
