"""Sessions of browsers and one-time sign-in codes; only their hashes are kept."""

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, insert, select

from seaway.doors.database.connection import Database
from seaway.doors.database.tables import session


class Sessions:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, kind: str, now: datetime, life: timedelta) -> str:
        """A new secret of kind `session` or `code`; the only time that it can be read."""
        made = secrets.token_urlsafe(32)
        async with self._database.write() as connection:
            await connection.execute(delete(session).where(session.c.expires_at < now))
            await connection.execute(
                insert(session).values(hash=_hash(made), kind=kind, created_at=now, expires_at=now + life)
            )
        return made

    async def is_valid(self, given: str, now: datetime) -> bool:
        known = select(session.c.hash).where(*_alive(given, "session", now))
        async with self._database.read() as connection:
            return (await connection.execute(known)).first() is not None

    async def redeem(self, code: str, now: datetime) -> bool:
        """True once for each code."""
        async with self._database.write() as connection:
            return bool((await connection.execute(delete(session).where(*_alive(code, "code", now)))).rowcount)

    async def end(self, given: str) -> None:
        async with self._database.write() as connection:
            await connection.execute(delete(session).where(session.c.hash == _hash(given)))


def _hash(given: str) -> str:
    return hashlib.sha256(given.encode()).hexdigest()


def _alive(given: str, kind: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return session.c.hash == _hash(given), session.c.kind == kind, session.c.expires_at > now
