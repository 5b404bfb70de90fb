"""The tables, as SQLAlchemy Core describes them; migrations/ makes them."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

metadata = MetaData()


class UtcTime(TypeDecorator[datetime]):
    """A moment in UTC. SQLite forgets the zone, so it is put back; a naive value is a mistake and refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("a time without a zone")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: Any, _dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC) if value.tzinfo is None else value


app = Table(
    "app",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(50), nullable=False, unique=True),
    Column("created_at", UtcTime, nullable=False),
    Column("destroying", Boolean, nullable=False, server_default=text("false")),
)

environment = Table(
    "environment",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("app_id", ForeignKey("app.id", ondelete="CASCADE"), nullable=False),
    Column("name", String(50), nullable=False),
    Column("settings", JSON, nullable=False),
    Column("env", LargeBinary, nullable=False),
    Column("wanted_running", Boolean, nullable=False, server_default=text("true")),
    # The deployment whose instances get the traffic; its release is what runs.
    Column("current_deployment", Integer),
    UniqueConstraint("app_id", "name"),
)

deployment = Table(
    "deployment",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("environment_id", ForeignKey("environment.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("source", JSON, nullable=False),
    Column("status", String(16), nullable=False),
    Column("settings", JSON, nullable=False),
    Column("env", LargeBinary, nullable=False),
    Column("by", String(100), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("started_at", UtcTime),
    Column("finished_at", UtcTime),
    Column("release_id", Integer),
    Column("image", String(80)),
    Column("finding", JSON),
    Column("warnings", JSON, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("cancel_requested", Boolean, nullable=False),
    Index("deployment_of_environment", "environment_id", "id"),
    Index("deployment_by_status", "status", "id"),
    sqlite_autoincrement=True,
)
# At most one at a time changes an environment: a fact of the database, not a convention.
Index(
    "one_deployment_per_environment",
    deployment.c.environment_id,
    unique=True,
    sqlite_where=deployment.c.status.in_(["running", "cancelling"]),
    postgresql_where=deployment.c.status.in_(["running", "cancelling"]),
)

step = Table(
    "step",
    metadata,
    Column("deployment_id", ForeignKey("deployment.id", ondelete="CASCADE"), primary_key=True),
    Column("name", String(16), primary_key=True),
    Column("started_at", UtcTime, nullable=False),
    Column("finished_at", UtcTime),
    Column("skipped", Boolean, nullable=False),
    Column("result", JSON),
)

release = Table(
    "release",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("environment_id", ForeignKey("environment.id", ondelete="CASCADE"), nullable=False),
    Column("deployment_id", Integer, nullable=False, unique=True),
    Column("image", String(80), nullable=False),
    Column("port", Integer, nullable=False),
    Column("command", JSON),
    Column("settings", JSON, nullable=False),
    Column("env", LargeBinary, nullable=False),
    Column("source", JSON, nullable=False),
    Column("commit", String(64)),
    Column("created_at", UtcTime, nullable=False),
    Index("release_of_environment", "environment_id", "id"),
    sqlite_autoincrement=True,
)

session = Table(
    "session",
    metadata,
    # The SHA-256 of what the browser holds, so that reading this table opens nothing.
    Column("hash", String(64), primary_key=True),
    Column("kind", String(8), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
)

credential = Table(
    "credential",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(200), nullable=False, unique=True),
    Column("prefix", String(300), nullable=False),
    Column("username", String(300), nullable=False),
    Column("secret", LargeBinary, nullable=False),
    Column("purpose", String(8), nullable=False),
    # The only app that may use it; it goes with that app. No foreign key: a credential may be there before its app.
    Column("app", String(50)),
    Column("kind", String(60), nullable=False),
    Column("owner", String(200), nullable=False, server_default=""),
    Column("expires_at", UtcTime),
    Column("created_at", UtcTime, nullable=False),
    Column("last_proved_at", UtcTime),
    Column("last_refused_at", UtcTime),
    Column("refused_finding", JSON(none_as_null=True)),
    Column("last_used_at", UtcTime),
    # What was there before the last rotation, for a day.
    Column("previous", JSON(none_as_null=True)),
    Column("previous_secret", LargeBinary),
    Column("previous_until", UtcTime),
)
