"""Runs the migrations; imported only when one is due."""

from pathlib import Path

from alembic import command
from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"


def config(url: str) -> Config:
    made = Config()
    made.set_main_option("script_location", str(MIGRATIONS))
    # Migrations are run with the plain driver: they are few and short.
    made.attributes["url"] = url.replace("+aiosqlite", "").replace("+asyncpg", "+psycopg")
    return made


def upgrade(url: str) -> None:
    command.upgrade(config(url), "head")
