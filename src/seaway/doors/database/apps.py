"""Apps and their environments, as rows."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, ScalarSelect, Select, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from seaway.core.app import EnvironmentKey, EnvironmentSettings, UnknownApp
from seaway.core.ports import EnvironmentRecord
from seaway.doors.database.connection import Database
from seaway.doors.database.rows import place_of, settings_columns, settings_of
from seaway.doors.database.tables import app, credential, deployment, environment
from seaway.doors.vault import Vault


class Apps:
    """Implements core.ports.Environments."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def list(self) -> list[EnvironmentRecord]:
        async with self._database.read() as connection:
            rows = await connection.execute(_selected().order_by(app.c.name, environment.c.name))
            return [self._record(row) for row in rows]

    async def get(self, key: EnvironmentKey) -> EnvironmentRecord:
        """Raises UnknownApp."""
        async with self._database.read() as connection:
            row = (await connection.execute(_selected().where(*_named(key)))).first()
        if row is None:
            raise UnknownApp(key.app)
        return self._record(row)

    async def set_current(self, key: EnvironmentKey, deployment: int | None, *, wanted_running: bool) -> None:
        async with self._database.write() as connection:
            await connection.execute(
                update(environment)
                .where(environment.c.id == _id_of(key))
                .values(current_deployment=deployment, wanted_running=wanted_running)
            )

    async def mark_destroying(self, name: str) -> None:
        async with self._database.write() as connection:
            await connection.execute(update(app).where(app.c.name == name).values(destroying=True))

    async def delete(self, name: str) -> None:
        """The app and, with it, its environments, deployments, releases and own credentials."""
        async with self._database.write() as connection:
            await connection.execute(delete(credential).where(credential.c.app == name))
            await connection.execute(delete(app).where(app.c.name == name))

    def _record(self, row: Row[Any]) -> EnvironmentRecord:
        key = EnvironmentKey(row.app_name, row.environment_name)
        return EnvironmentRecord(
            id=row.id,
            key=key,
            settings=settings_of(row, self._vault, place_of("environment", key)),
            wanted_running=row.wanted_running,
            current_deployment=row.current_deployment,
            current_release=row.release_id,
            created_at=row.created_at,
            destroying=row.destroying,
        )


async def ensure_environment(
    connection: AsyncConnection, key: EnvironmentKey, settings: EnvironmentSettings, vault: Vault, now: datetime
) -> int:
    """Within a transaction: the environment's id, made with its app if it is new, with these settings."""
    columns = settings_columns(settings, vault, place_of("environment", key))
    found = (await connection.execute(_selected().where(*_named(key)))).first()
    if found is not None:
        await connection.execute(update(environment).where(environment.c.id == found.id).values(columns))
        return int(found.id)
    app_id = (await connection.execute(select(app.c.id).where(app.c.name == key.app))).scalar()
    if app_id is None:
        new_app = insert(app).values(name=key.app, created_at=now).returning(app.c.id)
        app_id = (await connection.execute(new_app)).scalar_one()
    new = insert(environment).values(app_id=app_id, name=key.name, wanted_running=True, **columns)
    made: int = (await connection.execute(new.returning(environment.c.id))).scalar_one()
    return made


def _selected() -> Select[Any]:
    return (
        select(
            environment.c.id,
            environment.c.settings,
            environment.c.env,
            environment.c.wanted_running,
            environment.c.current_deployment,
            environment.c.name.label("environment_name"),
            app.c.name.label("app_name"),
            app.c.created_at,
            app.c.destroying,
            deployment.c.release_id,
        )
        .join(app, app.c.id == environment.c.app_id)
        .outerjoin(deployment, deployment.c.id == environment.c.current_deployment)
    )


def _named(key: EnvironmentKey) -> tuple[ColumnElement[bool], ...]:
    return app.c.name == key.app, environment.c.name == key.name


def _id_of(key: EnvironmentKey) -> ScalarSelect[int]:
    return select(environment.c.id).join(app, app.c.id == environment.c.app_id).where(*_named(key)).scalar_subquery()
