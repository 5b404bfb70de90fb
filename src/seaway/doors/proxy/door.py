"""HaproxyDoor: core.ports.Proxy on a HAProxy that runs on without us.

1. What is so is asked of the running proxy, each time; nothing is remembered between two calls.
2. A swap: add the new servers, see that they are up, write the files, drain the old ones. Cut off after any of these,
   the same call again goes on from there.
3. A backend that the proxy does not have yet needs a reload. Changes that wait at the same time share one.
4. A removal needs none: the environment's backend stays behind, unreachable and empty, until the next reload.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from seaway.core.ports import Route, Say
from seaway.doors.proxy import plan
from seaway.doors.proxy.config import ProxySettings, check_route, render
from seaway.doors.proxy.container import ProxyContainer
from seaway.doors.proxy.errors import CommandRefused
from seaway.doors.proxy.host import ProxyHost
from seaway.doors.proxy.installed import Installed
from seaway.doors.proxy.plan import Change
from seaway.doors.proxy.runtime import RuntimeApi
from seaway.doors.proxy.snapshot import ServerState, Snapshot

POLL_S = 0.05
# One look could fall between two requests that are on their way already.
QUIET_LOOKS = 2
DELETE_TRIES = 10


@dataclass(frozen=True, eq=False)
class _Waiting:
    change: Change
    outcome: asyncio.Future[tuple[str, ...]]


class HaproxyDoor:
    """Implements core.ports.Proxy. Calls may come concurrently; changes are made one batch after the other."""

    def __init__(self, settings: ProxySettings, host: ProxyHost) -> None:
        self._settings = settings
        self._runtime = RuntimeApi(settings.run)
        self._installed = Installed(settings, host, self._runtime)
        self._container = ProxyContainer(settings, host, self._runtime, self._installed)
        self._lock = asyncio.Lock()
        self._waiting: list[_Waiting] = []

    async def ensure(self, routes: Sequence[Route], say: Say) -> None:
        wanted = {route.key: check_route(route) for route in routes}
        rendered = render(self._settings, wanted.values())
        async with self._lock:
            if await self._container.ensure(rendered, say):
                return
            if not self._installed.has_static_part(render(self._settings, ())):
                say("The proxy reloads: its configuration has changed.")
                await self._installed.reload(render(self._settings, (await self._runtime.look()).routes().values()))
            changes = plan.differences((await self._runtime.look()).routes(), wanted)
            if changes:
                say(f"The proxy gets {len(changes)} changed routes.")
            await self._apply(changes)
            await self._installed.write(rendered)

    async def routes(self) -> dict[str, Route]:
        return (await self._runtime.look()).routes()

    async def switch(self, route: Route) -> tuple[str, ...]:
        return await self._change(Change(route.key, check_route(route)))

    async def remove(self, key: str) -> None:
        await self._change(Change(key, None))

    async def drained(self, key: str, servers: Sequence[str], drain_s: float) -> None:
        deadline, quiet = time.monotonic() + drain_s, 0
        while servers and quiet < QUIET_LOOKS and time.monotonic() < deadline:
            quiet = quiet + 1 if await self._runtime.connections(key, servers) == 0 else 0
            await asyncio.sleep(POLL_S)
        async with self._lock:
            have = (await self._runtime.look()).servers_of(key)
            # One that serves again was asked for meanwhile.
            await self._forget(key, [name for name in servers if name in have and not have[name].serves])

    # Changes ---------------------------------------------------------------------------------------------------------

    async def _change(self, change: Change) -> tuple[str, ...]:
        mine = _Waiting(change, asyncio.get_running_loop().create_future())
        self._waiting.append(mine)
        try:
            async with self._lock:
                if not mine.outcome.done():
                    await self._apply_waiting()
            return mine.outcome.result()
        finally:
            if mine in self._waiting:
                self._waiting.remove(mine)

    async def _apply_waiting(self) -> None:
        """Cut off in the middle, the batch still waits: the next in line makes it."""
        batch = list(self._waiting)
        try:
            left = await self._apply([waiting.change for waiting in batch])
        except Exception as error:
            # Each of them retrieves it; the traceback is that of the one that did the work.
            for waiting in batch:
                waiting.outcome.set_exception(error)
                waiting.outcome.exception()
        else:
            for waiting in batch:
                waiting.outcome.set_result(left[waiting.change.key])
        self._waiting = [waiting for waiting in self._waiting if waiting not in batch]

    async def _apply(self, changes: Sequence[Change]) -> dict[str, tuple[str, ...]]:
        """Returns by key the servers that only finish what they have."""
        if not changes:
            return {}
        changes = list({change.key: change for change in changes}.values())
        before = await self._runtime.look()
        wanted = plan.after(before.routes(), changes)
        now = before
        missing = [change.route for change in changes if change.route and change.key not in before.backends]
        if missing:
            await self._installed.reload(render(self._settings, plan.with_new(before.routes(), missing).values()))
            now = await self._runtime.look()
        await self._bring_up(now, changes)
        await self._runtime.map_hosts(dict(now.hosts), plan.hosts_of(wanted))
        await self._installed.write(render(self._settings, wanted.values()))
        await self._bring_down(now, changes)
        return {change.key: await self._finishing(change, (before, now)) for change in changes}

    async def _bring_up(self, now: Snapshot, changes: Sequence[Change]) -> None:
        steps = [step for change in changes for step in plan.servers_to_start(now, change)]
        for key, server, state in steps:
            if state is None:
                await self._runtime.add_server(key, server)
            elif state.server != server:
                await self._runtime.move_server(key, server)
            await self._runtime.set_state(key, server.name, "ready")
        for key, server, _ in steps:
            if ServerState(key, server, serves=True) not in await self._runtime.servers(key):
                raise CommandRefused(f"set server {key}/{server.name} state ready", "it did not come up")

    async def _bring_down(self, now: Snapshot, changes: Sequence[Change]) -> None:
        for key, name, state in (step for change in changes for step in plan.servers_to_stop(now, change)):
            await self._runtime.set_state(key, name, state)
        for change in changes:
            if change.route is None:
                await self._forget(change.key, list(now.servers_of(change.key)), tries=1)

    async def _finishing(self, change: Change, seen: Sequence[Snapshot]) -> tuple[str, ...]:
        if change.route is None:
            return ()
        known = {name for snapshot in seen for name in snapshot.servers_of(change.key)}
        busy = await self._runtime.busy_in_old_workers(change.key)
        return tuple(sorted((known | busy) - {server.name for server in change.route.servers}))

    async def _forget(self, key: str, names: Sequence[str], tries: int = DELETE_TRIES) -> None:
        """One that still has connections stays in maintenance; the next switch names it again."""
        for name in names:
            await self._runtime.set_state(key, name, "maint")
        for _ in range(tries):
            names = [name for name in names if not await self._runtime.delete_server(key, name)]
            if not names:
                return
            await asyncio.sleep(POLL_S)
