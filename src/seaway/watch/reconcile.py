"""Compares what is wanted with what the engine and the proxy confirm, and puts right what it may.

A look is taken every few seconds, and at once when the engine says that something of ours began or ended. What is
missing of a release is started again, strays are let go, routes follow. What cannot be put right is kept as a finding.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

from seaway.core.app import EnvironmentKey
from seaway.core.errors import SeawayError
from seaway.core.finding import Finding, finding_of
from seaway.core.redaction import telling, without
from seaway.core.upkeep import Need, Observed, crash_loops, explain_crash_loop, needs, strays
from seaway.deploy.ports import Ports
from seaway.deploy.routes import put_right
from seaway.deploy.upkeep import mend, observe, remove
from seaway.watch.troubles import Troubles

log = structlog.get_logger()

INTERVAL_S = 5.0
# What ends and begins together, such as a whole deployment, is looked at once.
_GATHER_S = 0.2
_LISTEN_AGAIN_S = 1.0
_LINES = 12


class Reconciler:
    def __init__(self, ports: Ports, troubles: Troubles, interval_s: float = INTERVAL_S) -> None:
        self._ports = ports
        self._troubles = troubles
        self._interval_s = interval_s
        self._changed = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._under_way: dict[EnvironmentKey | str, asyncio.Task[None]] = {}
        self._trouble = ""

    def start(self) -> None:
        self._tasks = [asyncio.create_task(self._run()), asyncio.create_task(self._listen())]

    async def stop(self) -> None:
        tasks = [*self._tasks, *self._under_way.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def look(self) -> None:
        """One round. What takes long, such as an app's start, goes on beside it."""
        await put_right(self._ports, self._say)
        seen = await observe(self._ports)
        await self._note_crash_loops(seen)
        now = self._ports.clock()
        for need in needs(seen):
            if self._troubles.may_try(need.key, now):
                self._begin(need.key, self._mend(need))
        if left := strays(seen):
            self._begin("strays", remove(self._ports, left))

    async def idle(self) -> None:
        """Wait for what goes on beside."""
        await asyncio.gather(*self._under_way.values())

    async def _run(self) -> None:
        while True:
            try:
                await self.look()
                self._trouble = ""
            except SeawayError as error:
                self._complain(error)
            except Exception:
                log.exception("looking after what runs failed")
            await self._pause()

    async def _pause(self) -> None:
        try:
            # Not wait_for: Python 3.11's can swallow a cancellation that comes together with the event.
            async with asyncio.timeout(self._interval_s):
                await self._changed.wait()
        except TimeoutError:
            return
        await asyncio.sleep(_GATHER_S)
        self._changed.clear()

    async def _listen(self) -> None:
        while True:
            try:
                async for _ in self._ports.engine.changes():
                    self._changed.set()
            except SeawayError as error:
                self._complain(error)
            await asyncio.sleep(_LISTEN_AGAIN_S)

    def _begin(self, what: EnvironmentKey | str, work: Coroutine[Any, Any, None]) -> None:
        if what in self._under_way:
            work.close()
            return
        task = asyncio.create_task(self._guarded(work))
        self._under_way[what] = task
        task.add_done_callback(lambda _: self._ended(what))

    def _ended(self, what: EnvironmentKey | str) -> None:
        self._under_way.pop(what, None)
        self._changed.set()

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except SeawayError as error:
            self._complain(error)
        except Exception:
            log.exception("putting something right failed")

    async def _mend(self, need: Need) -> None:
        try:
            await mend(self._ports, need)
        except SeawayError as error:
            log.warning("not put right", environment=str(need.key), code=error.code, why=error.what)
            await self._add(need.key, need.deployment, finding_of(error))
            return
        self._troubles.clear(need.key)
        log.info("put right", environment=str(need.key), deployment=need.deployment)

    async def _note_crash_loops(self, seen: Observed) -> None:
        looping = crash_loops(seen, self._ports.clock())
        for key, instance in looping.items():
            lines = await self._ports.engine.tail(instance.id, _LINES)
            await self._add(key, instance.deployment, explain_crash_loop(key.app, instance, lines))
        lacking = {need.key for need in needs(seen)}
        for key in self._troubles.listed():
            if key not in looping and key not in lacking:
                self._troubles.clear(key)

    async def _add(self, key: EnvironmentKey, deployment: int, finding: Finding) -> None:
        """Without the values of the app's variables, which it may have printed."""
        settings = (await self._ports.journal.settings_of([deployment])).get(deployment)
        secrets = telling(value.reveal() for value in settings.env.values()) if settings else ()
        self._troubles.add(key, finding.told(lambda text: without(text, secrets)), self._ports.clock())

    def _complain(self, error: SeawayError) -> None:
        if error.code != self._trouble:
            log.warning(error.what, code=error.code, remedy=error.remedy)
        self._trouble = error.code

    def _say(self, text: str) -> None:
        log.info(text)
