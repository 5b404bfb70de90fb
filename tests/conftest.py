"""Fixtures that every room may use."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from seaway.doors.database.connection import Database, sqlite_url
from seaway.doors.vault import Vault, open_vault

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return open_vault(tmp_path / "vault.key")


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database(sqlite_url(tmp_path / "seaway.db"))
    await opened.migrate()
    yield opened
    await opened.close()
