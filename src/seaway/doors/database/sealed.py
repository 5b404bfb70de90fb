"""All sealed values of the database, wherever they are: here they get a new key together."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Column, Row, Select, Table, select, update

from seaway.core.app import EnvironmentKey
from seaway.doors.database.connection import Database
from seaway.doors.database.credentials import place_of_credential
from seaway.doors.database.rows import place_of
from seaway.doors.database.tables import app, credential, deployment, environment, release
from seaway.doors.vault import Vault

Place = Callable[[Row[Any]], str]


class SealedValues:
    """Implements core.ports.SealedValues."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def renew_key(self) -> tuple[str, int]:
        """A new key for all of them; returns its name and how many values there are.

        Each state in between can be gone on from: the key file holds both keys until nothing needs the old one.
        """
        self._vault.renew()
        count = 0
        async with self._database.write() as connection:
            for table, column, rows, place in _everywhere():
                for row in (await connection.execute(rows)).all():
                    if row.sealed is None:
                        continue
                    count += 1
                    if not self._vault.is_current(row.sealed):
                        rewrapped = self._vault.rewrapped(row.sealed, place(row))
                        changed = update(table).where(table.c.id == row.id).values({column.name: rewrapped})
                        await connection.execute(changed)
        self._vault.forget_old_keys()
        return self._vault.key_id, count


def _everywhere() -> list[tuple[Table, Column[Any], Select[Any], Place]]:
    """Table, sealed column, the rows with `id`, `sealed` and what their place is made of."""
    found: list[tuple[Table, Column[Any], Select[Any], Place]] = []
    for table in (environment, deployment, release):
        rows = select(table.c.id, table.c.env.label("sealed"), app.c.name.label("app_name"))
        if table is not environment:
            rows = rows.join(environment, environment.c.id == table.c.environment_id)
        rows = rows.add_columns(environment.c.name.label("environment_name"))
        found.append((table, table.c.env, rows.join(app, app.c.id == environment.c.app_id), _place_in(table.name)))
    for column in (credential.c.secret, credential.c.previous_secret):
        rows = select(credential.c.id, column.label("sealed"), credential.c.name)
        found.append((credential, column, rows, lambda row: place_of_credential(row.name)))
    return found


def _place_in(table: str) -> Place:
    return lambda row: place_of(table, EnvironmentKey(row.app_name, row.environment_name))
