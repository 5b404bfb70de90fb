"""Destroying an app: everything that it has here goes, in an order that can be begun again."""

import asyncio
import contextlib
from typing import Protocol

from seaway.actions.access import Caller
from seaway.core.app import EnvironmentKey
from seaway.core.build import APP_LABEL, INSTANCE_LABEL
from seaway.core.deployment import Status
from seaway.core.errors import Unavailable
from seaway.core.ports import DeploymentLog, Deployments, Engine, Environments, Images, Proxy, Releases, Tasks

_GRACE_S = 10.0


class Worker(Protocol):
    async def cancel(self, deployment_id: int) -> Status: ...

    async def idle(self, deployment_id: int) -> None: ...


class Destroying:
    def __init__(
        self,
        instance: str,
        apps: Environments,
        deployments: Deployments,
        releases: Releases,
        worker: Worker,
        engine: Engine,
        proxy: Proxy,
        images: Images,
        logs: DeploymentLog,
        tasks: Tasks,
    ) -> None:
        self._instance = instance
        self._apps = apps
        self._deployments = deployments
        self._releases = releases
        self._worker = worker
        self._engine = engine
        self._proxy = proxy
        self._images = images
        self._logs = logs
        self._tasks = tasks

    async def destroy(self, _caller: Caller, name: str) -> None:
        """Marked first and deleted last: a stop in between is finished at the next start. Raises UnknownApp."""
        key = EnvironmentKey(name)
        await self._apps.get(key)
        await self._apps.mark_destroying(name)
        for active in await self._deployments.active(key):
            await self._worker.cancel(active.id)
            await self._worker.idle(active.id)
        # A proxy that is down has no routes to remove; when it comes back, the reconciler takes what nobody wants.
        with contextlib.suppress(Unavailable):
            await self._proxy.remove(key.slug)
        instances = await self._engine.instances(key)
        await asyncio.gather(*(self._engine.retire(i.id, _GRACE_S) for i in instances))
        await self._tasks.remove_volumes(key)
        await self._remove_images(key)
        self._logs.forget(await self._deployments.ids_of(key))
        await self._apps.delete(name)

    async def finish_destroying(self, caller: Caller) -> None:
        for record in await self._apps.list():
            if record.destroying:
                await self.destroy(caller, record.key.app)

    async def _remove_images(self, key: EnvironmentKey) -> None:
        for image in {r.image for r in await self._releases.of(key)}:
            await self._images.remove(image)
        labels = {INSTANCE_LABEL: self._instance, APP_LABEL: key.app}
        while (found := await self._images.find(labels)) is not None:
            await self._images.remove(found)
            if await self._images.exists(found):
                return  # in use by something of the owner's; it stays
