"""Connections, and the only place that knows a dialect: SQLite by default, PostgreSQL by URL."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from seaway.core.errors import Unavailable

HEAD = "0002"
"""The newest migration; a test compares it with migrations/, so that Alembic is imported only when one is due."""

_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000", "foreign_keys=ON")


class DatabaseUnavailable(Unavailable):
    code = "database.unavailable"


class DiskFull(Unavailable):
    code = "disk.full"


class Database:
    """Two pools: `write` begins transactions immediately, so that no update is lost; `read` does not wait for them."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._write = _engine(url, begin="BEGIN IMMEDIATE")
        self._read = _engine(url, begin="BEGIN")

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """One transaction. Nothing but the database is awaited inside: there is one writer at a time."""
        async with _translated(), self._write.begin() as connection:
            yield connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        async with _translated(), self._read.connect() as connection:
            yield connection

    async def migrate(self) -> None:
        """Bring the tables up to date. Each migration is one transaction: a failed one leaves nothing behind."""
        if await self._revision() != HEAD:
            from seaway.doors.database import migrate

            await asyncio.to_thread(migrate.upgrade, self.url)

    async def _revision(self) -> str | None:
        try:
            async with self._read.connect() as connection:
                return (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar()
        except SQLAlchemyError:
            return None

    async def close(self) -> None:
        await self._write.dispose()
        await self._read.dispose()


def sqlite_url(path: Path) -> str:
    return f"sqlite+aiosqlite:///{path}"


def _engine(url: str, *, begin: str) -> AsyncEngine:
    engine = create_async_engine(url, pool_size=5 if "sqlite" in url else 10)
    if engine.dialect.name == "sqlite":
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(engine.sync_engine, "begin", lambda c: c.exec_driver_sql(begin))
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # SQLAlchemy's own BEGIN would be a deferred one, which loses updates
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


@asynccontextmanager
async def _translated() -> AsyncIterator[None]:
    try:
        yield
    except OperationalError as error:
        if isinstance(error.orig, sqlite3.OperationalError) and "full" in str(error.orig):
            raise DiskFull(
                "The disk is full: nothing can be recorded.", remedy="Free space, then try again."
            ) from error
        raise DatabaseUnavailable(
            f"The database does not answer: {error.orig}.", remedy="Look at its disk and its log, then try again."
        ) from error
