"""The proxy's container: adopted when it runs as wanted, made again when it does not."""

import asyncio
import time

from seaway.core.ports import Say
from seaway.doors.proxy.config import ProxySettings, Rendered
from seaway.doors.proxy.errors import ForeignContainer, NotStarted, PortTaken
from seaway.doors.proxy.host import SPEC_LABEL, Found, ProxyHost, container_spec
from seaway.doors.proxy.installed import Installed
from seaway.doors.proxy.listening import holder_of
from seaway.doors.proxy.runtime import RuntimeApi

READY_S = 10.0
_POLL_S = 0.02
_LOG_LINES = 15


class ProxyContainer:
    def __init__(self, settings: ProxySettings, host: ProxyHost, runtime: RuntimeApi, installed: Installed) -> None:
        self._settings = settings
        self._host = host
        self._runtime = runtime
        self._installed = installed

    async def ensure(self, rendered: Rendered, say: Say) -> bool:
        """Let it run. True when it was started, with these files; False when it ran already, with its own."""
        spec = container_spec(self._settings, await self._host.ensure_image(say))
        wanted = spec["Labels"][SPEC_LABEL]
        self._installed.prepare()
        found = await self._host.find(self._settings.container)
        if found and found.instance != self._settings.instance:
            raise ForeignContainer(self._settings.container)
        if found and found.running and found.spec == wanted and await self._answers():
            return False
        if found:
            say(f"The proxy is made again: {_reason(found, wanted)}.")
            await self._host.remove(found.id)
        await self._check_port()
        await self._installed.write(rendered)
        say(f"The proxy starts on port {self._settings.http_port}.")
        await self._start(await self._host.create(self._settings.container, spec))
        return True

    async def _check_port(self) -> None:
        # HAProxy itself would not notice: two of them may share a port, and each would get half of the traffic.
        holder = await asyncio.to_thread(holder_of, self._settings.http_port)
        if holder:
            raise PortTaken(self._settings.http_port, holder)

    async def _start(self, container: str) -> None:
        await self._host.start(container)
        if not await self._answers():
            log = await self._host.tail(container, _LOG_LINES)
            await self._host.remove(container)
            raise NotStarted(self._settings.container, log)

    async def _answers(self) -> bool:
        deadline = time.monotonic() + READY_S
        while not await self._runtime.answers():
            # One that was killed a moment ago will not answer any more: waiting for it would be an outage.
            if time.monotonic() > deadline or not await self._runs():
                return False
            await asyncio.sleep(_POLL_S)
        return True

    async def _runs(self) -> bool:
        found = await self._host.find(self._settings.container)
        return found is not None and found.running


def _reason(found: Found, wanted: str) -> str:
    if not found.running:
        return "it does not run"
    return "it is of another version" if found.spec != wanted else "it does not answer"
