"""Looking: apps, deployments and logs, as the engine confirms them now."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

from seaway.actions.views import AppView, DeploymentView, app_state, step_views
from seaway.core.app import EnvironmentKey, hosts_of
from seaway.core.deployment import Deployment, Release
from seaway.core.errors import Unavailable
from seaway.core.events import Stream
from seaway.core.finding import Finding
from seaway.core.ports import Deployments, Engine, EnvironmentRecord, Environments, Instance, Releases

_ALL_LINES = 100_000
_LOOK_AGAIN_S = 1.0


@dataclass(frozen=True)
class InstanceLine:
    instance: str
    stream: Stream
    text: str


class Reading:
    def __init__(
        self,
        apps: Environments,
        deployments: Deployments,
        releases: Releases,
        engine: Engine,
        url_of: Callable[[str], str],
        trouble_of: Callable[[EnvironmentKey], Finding | None] = lambda _: None,
    ) -> None:
        self._apps = apps
        self._deployments = deployments
        self._releases = releases
        self._engine = engine
        self._url_of = url_of
        self._trouble_of = trouble_of

    async def apps(self) -> list[AppView]:
        """Each with its current release; the others it has kept are told by `app`."""
        records, latest, releases, instances = await asyncio.gather(
            self._apps.list(), self._deployments.latest(), self._releases.current(), self._instances()
        )
        current = {release.environment: (release,) for release in releases}
        running: dict[EnvironmentKey, list[Instance]] = {}
        for instance in instances or ():
            running.setdefault(instance.environment, []).append(instance)
        views = (
            self._view(
                r, current.get(r.key, ()), None if instances is None else running.get(r.key, []), latest.get(r.key)
            )
            for r in records
        )
        return list(await asyncio.gather(*views))

    async def app(self, name: str) -> AppView:
        """Raises UnknownApp."""
        key = EnvironmentKey(name)
        record = await self._apps.get(key)
        releases, instances, last = await asyncio.gather(
            self._releases.of(key), self._instances(key), self._deployments.of(key, 1)
        )
        return await self._view(record, releases, instances, last[0] if last else None)

    async def deployments(self, name: str, limit: int = 50, before: int | None = None) -> list[DeploymentView]:
        """Newest first. Raises UnknownApp."""
        record = await self._apps.get(EnvironmentKey(name))
        return [self._seen(d) for d in await self._deployments.of(record.key, limit, before)]

    async def deployment(self, deployment_id: int) -> DeploymentView:
        """Raises UnknownDeployment."""
        return self._seen(await self._deployments.get(deployment_id))

    async def logs(self, name: str, tail: int, follow: bool) -> AsyncIterator[InstanceLine]:
        """Lines of all instances of an app as they come; a new instance is followed too. Raises UnknownApp."""
        record = await self._apps.get(EnvironmentKey(name))
        lines: asyncio.Queue[InstanceLine | None] = asyncio.Queue(maxsize=1000)
        reading = asyncio.create_task(self._read_all(record.key, tail, follow, lines))
        try:
            while (line := await lines.get()) is not None:
                yield line
            await reading
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _read_all(
        self, key: EnvironmentKey, tail: int, follow: bool, lines: asyncio.Queue[InstanceLine | None]
    ) -> None:
        seen: set[str] = set()
        try:
            async with asyncio.TaskGroup() as group:
                while True:
                    for instance in await self._engine.instances(key):
                        if instance.id not in seen:
                            # What came after the first look is read from its beginning.
                            lines_back = tail if not seen or not follow else _ALL_LINES
                            seen.add(instance.id)
                            group.create_task(self._pump(instance, lines_back, follow, lines))
                    if not follow:
                        break
                    await asyncio.sleep(_LOOK_AGAIN_S)
        finally:
            await lines.put(None)

    async def _pump(
        self, instance: Instance, tail: int, follow: bool, lines: asyncio.Queue[InstanceLine | None]
    ) -> None:
        async for stream, text in self._engine.logs(instance.id, tail=tail, follow=follow):
            await lines.put(InstanceLine(instance.name, stream, text))

    async def _instances(self, key: EnvironmentKey | None = None) -> list[Instance] | None:
        """None when the engine does not answer: what is recorded can be shown all the same."""
        try:
            return await self._engine.instances(key)
        except Unavailable:
            return None

    async def _view(
        self,
        record: EnvironmentRecord,
        releases: Sequence[Release],
        instances: Sequence[Instance] | None,
        last: Deployment | None,
    ) -> AppView:
        mine = tuple(i for i in instances or () if i.environment == record.key)
        serving = [i for i in mine if i.deployment == record.current_deployment and i.alive]
        current = next((r for r in releases if r.id == record.current_release), None)
        trouble = self._trouble_of(record.key)
        alive = None if instances is None else 0 if trouble else len(serving)
        used = await asyncio.gather(*(self._engine.memory_bytes(i.id) for i in serving))
        return AppView(
            name=record.key.app,
            environment=record.key,
            state=app_state(record.wanted_running, last, current, alive),
            finding=trouble,
            urls=tuple(self._url_of(host) for host in hosts_of(record.key, record.settings)),
            settings=record.settings,
            created_at=record.created_at,
            release=current,
            instances=mine,
            releases=tuple(releases),
            last_deployment=self._seen(last) if last else None,
            memory_bytes=sum(u for u in used if u is not None) if any(u is not None for u in used) else None,
        )

    def _seen(self, deployment: Deployment) -> DeploymentView:
        url = self._url_of(hosts_of(deployment.environment, deployment.settings)[0])
        return DeploymentView(deployment, url, step_views(deployment))
