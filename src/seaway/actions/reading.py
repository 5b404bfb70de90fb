"""Looking: apps, deployments and logs, as the engine confirms them now."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

from seaway.actions.views import AppView, DeploymentView, app_state, step_views
from seaway.core.app import EnvironmentKey, hosts_of
from seaway.core.deployment import Deployment, Release
from seaway.core.events import Stream
from seaway.core.ports import Deployments, Engine, EnvironmentRecord, Environments, Instance, Releases


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
    ) -> None:
        self._apps = apps
        self._deployments = deployments
        self._releases = releases
        self._engine = engine
        self._url_of = url_of

    async def apps(self) -> list[AppView]:
        records, latest, releases, instances = await asyncio.gather(
            self._apps.list(), self._deployments.latest(), self._releases.all(), self._engine.instances()
        )
        by_environment: dict[EnvironmentKey, list[Release]] = {}
        for release in releases:
            by_environment.setdefault(release.environment, []).append(release)
        return [
            await self._view(record, by_environment.get(record.key, []), instances, latest.get(record.key))
            for record in records
        ]

    async def app(self, name: str) -> AppView:
        """Raises UnknownApp."""
        key = EnvironmentKey(name)
        record = await self._apps.get(key)
        releases, instances, last = await asyncio.gather(
            self._releases.of(key), self._engine.instances(key), self._deployments.of(key, 1)
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
        """Lines of all instances of an app as they come. Raises UnknownApp."""
        record = await self._apps.get(EnvironmentKey(name))
        instances = await self._engine.instances(record.key)
        lines: asyncio.Queue[InstanceLine | None] = asyncio.Queue(maxsize=1000)
        tasks = [asyncio.create_task(self._pump(instance, tail, follow, lines)) for instance in instances]
        open_streams = len(tasks)
        try:
            while open_streams:
                line = await lines.get()
                if line is None:
                    open_streams -= 1
                else:
                    yield line
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _pump(
        self, instance: Instance, tail: int, follow: bool, lines: asyncio.Queue[InstanceLine | None]
    ) -> None:
        try:
            async for stream, text in self._engine.logs(instance.id, tail=tail, follow=follow):
                await lines.put(InstanceLine(instance.name, stream, text))
        finally:
            await lines.put(None)

    async def _view(
        self,
        record: EnvironmentRecord,
        releases: Sequence[Release],
        instances: Sequence[Instance],
        last: Deployment | None,
    ) -> AppView:
        mine = tuple(i for i in instances if i.environment == record.key)
        serving = [i for i in mine if i.deployment == record.current_deployment and i.alive]
        current = next((r for r in releases if r.id == record.current_release), None)
        used = [await self._engine.memory_bytes(i.id) for i in serving]
        return AppView(
            name=record.key.app,
            environment=record.key,
            state=app_state(record.wanted_running, last, current, len(serving)),
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
