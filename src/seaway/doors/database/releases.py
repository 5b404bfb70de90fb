"""Releases as rows."""

from dataclasses import replace
from typing import Any

from sqlalchemy import Select, delete, insert, select

from seaway.core.app import EnvironmentKey
from seaway.core.deployment import Release
from seaway.doors.database.connection import Database
from seaway.doors.database.rows import release_columns, release_of
from seaway.doors.database.tables import app, deployment, environment, release
from seaway.doors.vault import Vault


class Releases:
    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def record(self, environment_id: int, wanted: Release) -> Release:
        """The release of its deployment: a second call finds the first one's row."""
        async with self._database.write() as connection:
            row = (await connection.execute(_selected().where(release.c.deployment_id == wanted.deployment))).first()
            if row is not None:
                return release_of(row, self._vault)
            columns = release_columns(wanted, self._vault)
            new = insert(release).values(environment_id=environment_id, **columns).returning(release.c.id)
            return replace(wanted, id=(await connection.execute(new)).scalar_one())

    async def get(self, release_id: int) -> Release | None:
        return next(iter(await self._read(_selected().where(release.c.id == release_id))), None)

    async def of(self, key: EnvironmentKey) -> list[Release]:
        """Newest first."""
        named = _selected().where(app.c.name == key.app, environment.c.name == key.name)
        return await self._read(named.order_by(release.c.id.desc()))

    async def current(self) -> list[Release]:
        """Those that environments run, or would run when they are started."""
        running = _selected().join(deployment, deployment.c.release_id == release.c.id)
        return await self._read(running.where(environment.c.current_deployment == deployment.c.id))

    async def all(self) -> list[Release]:
        return await self._read(_selected().order_by(release.c.id.desc()))

    async def forget(self, release_id: int) -> None:
        async with self._database.write() as connection:
            await connection.execute(delete(release).where(release.c.id == release_id))

    async def _read(self, query: Select[Any]) -> list[Release]:
        async with self._database.read() as connection:
            return [release_of(row, self._vault) for row in await connection.execute(query)]


def _selected() -> Select[Any]:
    return (
        select(release, environment.c.name.label("environment_name"), app.c.name.label("app_name"))
        .join(environment, environment.c.id == release.c.environment_id)
        .join(app, app.c.id == environment.c.app_id)
    )
