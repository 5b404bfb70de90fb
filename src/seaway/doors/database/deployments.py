"""Deployments as rows: they are the queue and, with their steps, the journal."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, delete, insert, null, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from seaway.core.app import EnvironmentKey, EnvironmentSettings
from seaway.core.deployment import Deployment, Kind, Status, StepRecord, UnknownDeployment
from seaway.core.finding import Finding
from seaway.doors.database.apps import ensure_environment
from seaway.doors.database.connection import Database
from seaway.doors.database.rows import deployment_columns, deployment_of, finding_json, step_of
from seaway.doors.database.tables import app, deployment, environment, release, step
from seaway.doors.vault import Vault

_AT_ONCE = 500
_RUNNING = (Status.RUNNING.value, Status.CANCELLING.value)


class Deployments:
    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault
        self._ended: dict[tuple[int, str], Deployment] = {}
        """The newest of each environment, as far as they change no more: the list of all apps asks for them often."""

    # Asking ---------------------------------------------------------------------------------------------------------

    async def enqueue(self, wanted: Deployment) -> Deployment:
        async with self._database.write() as connection:
            environment_id = await ensure_environment(
                connection, wanted.environment, wanted.settings, self._vault, wanted.created_at
            )
            if wanted.kind is Kind.DEPLOY:
                await _supersede(connection, environment_id, wanted.created_at)
            columns = deployment_columns(wanted, self._vault)
            new = insert(deployment).values(environment_id=environment_id, **columns).returning(deployment.c.id)
            return replace(wanted, id=(await connection.execute(new)).scalar_one())

    async def request_cancel(self, deployment_id: int, now: datetime) -> Status:
        """A queued one is cancelled at once, a running one is asked to end; returns the status that results."""
        async with self._database.write() as connection:
            row = (
                await connection.execute(select(deployment.c.status).where(deployment.c.id == deployment_id))
            ).first()
            if row is None:
                raise UnknownDeployment(deployment_id)
            status = Status(row.status)
            after = {Status.QUEUED: Status.CANCELLED, Status.RUNNING: Status.CANCELLING}.get(status, status)
            values: dict[str, Any] = {"status": after.value, "cancel_requested": True}
            if after is Status.CANCELLED:
                values["finished_at"] = now
            if after is not status:
                await connection.execute(update(deployment).where(deployment.c.id == deployment_id).values(values))
        return after

    # Working --------------------------------------------------------------------------------------------------------

    async def claim(self, now: datetime) -> int | None:
        """The oldest queued one whose environment is free is set running, in one statement; None when there is none."""
        busy = select(deployment.c.environment_id).where(deployment.c.status.in_(_RUNNING)).scalar_subquery()
        oldest = (
            select(deployment.c.id)
            .where(deployment.c.status == Status.QUEUED.value, deployment.c.environment_id.not_in(busy))
            .order_by(deployment.c.id)
            .limit(1)
            .scalar_subquery()
        )
        claimed = (
            update(deployment)
            .where(deployment.c.id == oldest)
            .values(status=Status.RUNNING.value, started_at=now)
            .returning(deployment.c.id)
        )
        async with self._database.write() as connection:
            found: int | None = (await connection.execute(claimed)).scalar_one_or_none()
        return found

    async def requeue_running(self) -> list[int]:
        """After a stop: what was running waits again, first in line by its id; those to be cancelled stay so."""
        async with self._database.write() as connection:
            await connection.execute(
                update(deployment)
                .where(deployment.c.status == Status.RUNNING.value)
                .values(status=Status.QUEUED.value, attempt=deployment.c.attempt + 1)
            )
            rows = await connection.execute(
                select(deployment.c.id).where(deployment.c.status == Status.CANCELLING.value)
            )
            return [row.id for row in rows]

    async def unsettled(self) -> list[int]:
        """Live deployments that serve now and whose settling was cut off."""
        settled = select(step.c.deployment_id).where(step.c.name == "settle", step.c.finished_at.is_not(None))
        current = select(deployment.c.id).join(environment, environment.c.current_deployment == deployment.c.id)
        wanted = current.where(deployment.c.status == Status.LIVE.value, deployment.c.id.not_in(settled))
        async with self._database.read() as connection:
            return [row.id for row in await connection.execute(wanted)]

    async def begin_step(self, deployment_id: int, name: str, now: datetime) -> None:
        async with self._database.write() as connection:
            again = update(step).where(step.c.deployment_id == deployment_id, step.c.name == name)
            if not (await connection.execute(again.values(started_at=now))).rowcount:
                await connection.execute(
                    insert(step).values(deployment_id=deployment_id, name=name, started_at=now, skipped=False)
                )

    async def finish_step(
        self, deployment_id: int, name: str, now: datetime, result: dict[str, Any], *, skipped: bool
    ) -> None:
        async with self._database.write() as connection:
            await connection.execute(
                update(step)
                .where(step.c.deployment_id == deployment_id, step.c.name == name)
                .values(finished_at=now, result=result, skipped=skipped)
            )

    async def note(self, deployment_id: int, **values: Any) -> None:
        """Record what became known: image, release_id."""
        async with self._database.write() as connection:
            await connection.execute(update(deployment).where(deployment.c.id == deployment_id).values(values))

    async def warn(self, deployment_id: int, warnings: Sequence[Finding]) -> None:
        await self.note(deployment_id, warnings=[w.as_json() for w in warnings])

    async def finish(self, deployment_id: int, status: Status, now: datetime, finding: Finding | None) -> None:
        await self.note(deployment_id, status=status.value, finished_at=now, finding=finding_json(finding))

    async def went_back(self, deployment_id: int, to: int, now: datetime, finding: Finding) -> None:
        """One transaction: this one failed, its release is forgotten, and the environment is as `to` left it."""
        failed = {"status": Status.FAILED.value, "finished_at": now, "finding": finding_json(finding)}
        async with self._database.write() as connection:
            await connection.execute(
                update(environment)
                .where(environment.c.current_deployment == deployment_id)
                .values(current_deployment=to)
            )
            await connection.execute(update(deployment).where(deployment.c.id == deployment_id).values(failed))
            await connection.execute(delete(release).where(release.c.deployment_id == deployment_id))

    # Reading --------------------------------------------------------------------------------------------------------

    async def get(self, deployment_id: int) -> Deployment:
        """Raises UnknownDeployment."""
        found = await self._read(_selected().where(deployment.c.id == deployment_id))
        if not found:
            raise UnknownDeployment(deployment_id)
        return found[0]

    async def of(self, key: EnvironmentKey, limit: int = 50, before: int | None = None) -> list[Deployment]:
        """Newest first; `before` an id, to read on."""
        query = _selected().where(app.c.name == key.app, environment.c.name == key.name)
        if before is not None:
            query = query.where(deployment.c.id < before)
        return await self._read(query.order_by(deployment.c.id.desc()).limit(limit))

    async def status_of(self, deployment_id: int) -> Status | None:
        async with self._database.read() as connection:
            asked = select(deployment.c.status).where(deployment.c.id == deployment_id)
            found = (await connection.execute(asked)).scalar_one_or_none()
        return None if found is None else Status(found)

    async def statuses_of(self, deployments: Sequence[int]) -> dict[int, Status | None]:
        async with self._database.read() as connection:
            asked = select(deployment.c.id, deployment.c.status).where(deployment.c.id.in_(deployments))
            found = {row.id: Status(row.status) for row in await connection.execute(asked)}
        return {number: found.get(number) for number in deployments}

    async def unfinished(self) -> list[Deployment]:
        return await self._read(_selected().where(deployment.c.status.in_([Status.QUEUED.value, *_RUNNING])))

    async def settled(self, deployments: Sequence[int]) -> set[int]:
        """Those of them that have let their predecessors go."""
        finished = select(step.c.deployment_id).where(
            step.c.name == "settle", step.c.finished_at.is_not(None), step.c.deployment_id.in_(deployments)
        )
        async with self._database.read() as connection:
            return {row.deployment_id for row in await connection.execute(finished)}

    async def busy(self) -> set[EnvironmentKey]:
        """Environments that a deployment changes now."""
        async with self._database.read() as connection:
            rows = await connection.execute(_selected().where(deployment.c.status.in_(_RUNNING)))
            return {EnvironmentKey(row.app_name, row.environment_name) for row in rows}

    async def ids_of(self, key: EnvironmentKey) -> list[int]:
        named = _selected().where(app.c.name == key.app, environment.c.name == key.name)
        async with self._database.read() as connection:
            return [row.id for row in await connection.execute(named.with_only_columns(deployment.c.id))]

    async def latest(self) -> dict[EnvironmentKey, Deployment]:
        """The newest deployment of each environment; its steps come without their results."""
        newest = select(deployment.c.id, deployment.c.status).where(
            deployment.c.id
            == select(deployment.c.id)
            .where(deployment.c.environment_id == environment.c.id)
            .order_by(deployment.c.id.desc())
            .limit(1)
            .correlate(environment)
            .scalar_subquery()
        )
        async with self._database.read() as connection:
            rows = await connection.execute(newest.join(environment, environment.c.id == deployment.c.environment_id))
            now = {(row.id, row.status) for row in rows}
        changed = [number for number, status in now if (number, status) not in self._ended]
        found = [
            d for start in range(0, len(changed), _AT_ONCE) for d in await self._some(changed[start : start + _AT_ONCE])
        ]
        known = [self._ended[each] for each in now if each in self._ended]
        # A new dictionary each time, so that it never holds more than there are environments.
        self._ended = {(d.id, d.status.value): d for d in (*known, *found) if _changes_no_more(d)}
        return {d.environment: d for d in (*known, *found)}

    async def _some(self, numbers: Sequence[int]) -> list[Deployment]:
        return await self._read(_selected().where(deployment.c.id.in_(numbers)), with_results=False)

    async def settings_of(self, deployments: Sequence[int]) -> dict[int, EnvironmentSettings]:
        async with self._database.read() as connection:
            rows = await connection.execute(_selected().where(deployment.c.id.in_(deployments)))
            return {row.id: deployment_of(row, (), self._vault).settings for row in rows}

    async def active(self, key: EnvironmentKey) -> list[Deployment]:
        """Those that wait or run."""
        unfinished = [Status.QUEUED.value, *_RUNNING]
        return await self._read(
            _selected().where(
                app.c.name == key.app, environment.c.name == key.name, deployment.c.status.in_(unfinished)
            )
        )

    async def _read(self, query: Select[Any], *, with_results: bool = True) -> list[Deployment]:
        async with self._database.read() as connection:
            rows = list(await connection.execute(query))
            result = step.c.result if with_results else null().label("result")
            columns = (step.c.deployment_id, step.c.name, step.c.started_at, step.c.finished_at, step.c.skipped, result)
            wanted = select(*columns).where(step.c.deployment_id.in_([r.id for r in rows])).order_by(step.c.started_at)
            steps: dict[int, list[StepRecord]] = {}
            for row in await connection.execute(wanted):
                steps.setdefault(row.deployment_id, []).append(step_of(row))
        return [deployment_of(row, tuple(steps.get(row.id, ())), self._vault) for row in rows]


async def _supersede(connection: AsyncConnection, environment_id: int, now: datetime) -> None:
    await connection.execute(
        update(deployment)
        .where(
            deployment.c.environment_id == environment_id,
            deployment.c.status == Status.QUEUED.value,
            deployment.c.kind == Kind.DEPLOY.value,
        )
        .values(status=Status.SUPERSEDED.value, finished_at=now)
    )


def _changes_no_more(found: Deployment) -> bool:
    """A live one settles after that; one that is over has ended for good."""
    settled = found.step("settle")
    return found.status.is_final and (found.status is not Status.LIVE or bool(settled and settled.finished_at))


def _selected() -> Select[Any]:
    return (
        select(deployment, environment.c.name.label("environment_name"), app.c.name.label("app_name"))
        .join(environment, environment.c.id == deployment.c.environment_id)
        .join(app, and_(app.c.id == environment.c.app_id))
    )
