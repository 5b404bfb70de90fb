"""Asking for a deployment: a new one, a rollback, a restart, a stop; and cancelling one."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from seaway.actions.access import Caller
from seaway.core.app import (
    EnvironmentKey,
    EnvironmentSettings,
    InvalidSetting,
    SettingsChange,
    UnknownApp,
    changed,
    check_app_name,
)
from seaway.core.configuring import build_saw_env, configuring
from seaway.core.deployment import (
    Deployment,
    Kind,
    NothingReleased,
    NothingToRollBackTo,
    Release,
    Status,
    rollback_target,
)
from seaway.core.errors import Conflict
from seaway.core.ports import Deployments, EnvironmentRecord, Environments, Releases
from seaway.core.source import ReleaseSource, Source

_LOOK_BACK = 200


class BeingDestroyed(Conflict):
    code = "app.being_destroyed"

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is being destroyed.", remedy="Wait a moment, then deploy it anew.")


class AppStopped(Conflict):
    code = "app.stopped"

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is stopped.", remedy=f"Start it first: seaway start {name}")


class Worker(Protocol):
    def wake(self) -> None: ...

    async def cancel(self, deployment_id: int) -> Status: ...


class Deploying:
    def __init__(
        self,
        apps: Environments,
        deployments: Deployments,
        releases: Releases,
        worker: Worker,
        clock: Callable[[], datetime],
    ) -> None:
        self._apps = apps
        self._deployments = deployments
        self._releases = releases
        self._worker = worker
        self._clock = clock

    async def deploy(self, caller: Caller, app: str, source: Source | None, change: SettingsChange) -> Deployment:
        """Queue a deployment; the app is made if it is new. Without a source, of what was deployed last.

        Raises InvalidName, InvalidSetting, NothingReleased.
        """
        key = EnvironmentKey(check_app_name(app))
        record = await self._record(key)
        settings = changed(record.settings if record else EnvironmentSettings(), change)
        await self._check_domains(key, settings)
        return await self._enqueue(caller, key, Kind.DEPLOY, source or await self._last_source(key), settings)

    async def roll_back(self, caller: Caller, app: str, deployment: int | None) -> Deployment:
        """To the release of that deployment, or to the one before the current; its settings go back with it, all but
        the number of instances."""
        record = await self._apps.get(EnvironmentKey(app))
        releases = await self._releases.of(record.key)
        current = await self._current(record)
        target = rollback_target(releases, current.id if current else None, deployment)
        if target is None:
            raise NothingToRollBackTo(app)
        settings = replace(target.settings, instances=record.settings.instances)
        return await self._enqueue(caller, record.key, Kind.ROLLBACK, ReleaseSource(target.id), settings)

    async def configure(self, caller: Caller, app: str, change: SettingsChange) -> Deployment:
        """Other settings for what runs: without a build when no build sees what changed, else of the same source.

        Raises UnknownApp, InvalidSetting, NothingReleased, AppStopped.
        """
        record = await self._apps.get(EnvironmentKey(app))
        current = await self._current(record)
        if current is None:
            raise NothingReleased(app)
        if not record.wanted_running:
            raise AppStopped(app)
        settings = changed(record.settings, change)
        await self._check_domains(record.key, settings)
        kind, source = configuring(current, settings, wants_env=await self._wants_env(current))
        if kind is Kind.DEPLOY and await self._deployments.active(record.key):
            source = await self._last_source(record.key)  # newer code is on its way
        return await self._enqueue(caller, record.key, kind, source, settings)

    async def restart(self, caller: Caller, app: str) -> Deployment:
        return await self._again(caller, app, Kind.RESTART)

    async def start(self, caller: Caller, app: str) -> Deployment:
        return await self._again(caller, app, Kind.START)

    async def stop(self, caller: Caller, app: str) -> Deployment:
        return await self._again(caller, app, Kind.STOP)

    async def cancel(self, _caller: Caller, deployment_id: int) -> Deployment:
        """Raises UnknownDeployment; one that is over stays as it ended."""
        await self._worker.cancel(deployment_id)
        return await self._deployments.get(deployment_id)

    async def _again(self, caller: Caller, app: str, kind: Kind) -> Deployment:
        record = await self._apps.get(EnvironmentKey(app))
        current = await self._current(record)
        if current is None:
            raise NothingReleased(app)
        settings = await self._settings_now(record)
        return await self._enqueue(caller, record.key, kind, ReleaseSource(current.id), settings)

    async def _settings_now(self, record: EnvironmentRecord) -> EnvironmentSettings:
        """Those of what runs; while something else is on its way, those that were asked for with it."""
        if record.current_deployment is None or await self._deployments.active(record.key):
            return record.settings
        found = await self._deployments.settings_of([record.current_deployment])
        return found.get(record.current_deployment, record.settings)

    async def _wants_env(self, release: Release) -> bool:
        """Whether the build of this release sees variables, as its plan said; True when nobody knows any more."""
        step = None
        for past in await self._deployments.of(release.environment, _LOOK_BACK):
            if past.image == release.image and past.step("plan") is not None:
                step = past.step("plan")
                break
        return build_saw_env(release, step)

    async def _enqueue(
        self, caller: Caller, key: EnvironmentKey, kind: Kind, source: Source, settings: EnvironmentSettings
    ) -> Deployment:
        now = self._clock()
        wanted = Deployment(0, key, kind, source, Status.QUEUED, now, settings, by=caller.name)
        made = await self._deployments.enqueue(wanted)
        self._worker.wake()
        return made

    async def _last_source(self, key: EnvironmentKey) -> Source:
        for past in await self._deployments.of(key, _LOOK_BACK):
            if past.kind is Kind.DEPLOY:
                return past.source
        raise NothingReleased(key.app)

    async def _record(self, key: EnvironmentKey) -> EnvironmentRecord | None:
        try:
            record = await self._apps.get(key)
        except UnknownApp:
            return None
        if record.destroying:
            raise BeingDestroyed(key.app)
        return record

    async def _current(self, record: EnvironmentRecord) -> Release | None:
        return None if record.current_release is None else await self._releases.get(record.current_release)

    async def _check_domains(self, key: EnvironmentKey, settings: EnvironmentSettings) -> None:
        for other in await self._apps.list():
            taken = set(other.settings.domains) & set(settings.domains) if other.key != key else set()
            if taken:
                raise InvalidSetting(
                    f"{min(taken)} leads to {other.key.app} already.", remedy="Take it from that app first."
                )
