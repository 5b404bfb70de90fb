"""Credentials as rows; their secrets are sealed for their own row, so that one moved to another does not open."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, and_, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from seaway.core.credential import Credential, Purpose
from seaway.core.finding import Finding
from seaway.core.image import parse_image
from seaway.core.keeping import CredentialExists, KeptCredential, NothingToUndo, UnknownCredential, WantedImage
from seaway.core.source import ImageSource, source_from_json
from seaway.doors.database.connection import Database
from seaway.doors.database.tables import app, credential, deployment, environment, release, step
from seaway.doors.vault import Vault

UNDO_FOR = timedelta(hours=24)


def place_of_credential(name: str) -> str:
    return f"credential|{name}"


class Credentials:
    """Implements core.ports.Credentials."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def usable_by(self, app_name: str | None) -> list[Credential]:
        """Those that this app may use: its own and those for all."""
        async with self._database.read() as connection:
            mine = credential.c.app.is_(None) | (credential.c.app == app_name)
            rows = await connection.execute(select(credential).where(mine).order_by(credential.c.name))
            return [self._login(row) for row in rows]

    async def all(self, now: datetime) -> list[KeptCredential]:
        async with self._database.read() as connection:
            rows = await connection.execute(select(credential).order_by(credential.c.prefix, credential.c.name))
            return [self._kept(row, now) for row in rows]

    async def get(self, name: str, now: datetime) -> KeptCredential:
        """Raises UnknownCredential."""
        async with self._database.read() as connection:
            return self._kept(await _row(connection, name), now)

    async def add(self, kept: KeptCredential) -> None:
        """Raises CredentialExists."""
        try:
            async with self._database.write() as connection:
                await connection.execute(insert(credential).values(self._columns(kept)))
        except IntegrityError:
            raise CredentialExists(kept.name) from None

    async def replace(self, login: Credential, now: datetime, *, proved: bool) -> None:
        """Put a new user, secret and end in the place of the old ones, which are kept for a day. Raises
        UnknownCredential."""
        async with self._database.write() as connection:
            row = await _row(connection, login.name)
            before = {"username": row.username, "kind": row.kind, "expires_at": _text(row.expires_at)}
            await connection.execute(
                update(credential)
                .where(credential.c.id == row.id)
                .values(
                    **self._secret_columns(login),
                    last_proved_at=now if proved else None,
                    last_refused_at=None,
                    refused_finding=None,
                    previous=before,
                    previous_secret=row.secret,
                    previous_until=now + UNDO_FOR,
                )
            )

    async def undo(self, name: str, now: datetime) -> None:
        """Back to what was there before the last rotation. Raises UnknownCredential, NothingToUndo."""
        async with self._database.write() as connection:
            row = await _row(connection, name)
            if row.previous_secret is None or row.previous_until <= now:
                raise NothingToUndo(name)
            end = row.previous["expires_at"]
            await connection.execute(
                update(credential)
                .where(credential.c.id == row.id)
                .values(
                    username=row.previous["username"],
                    kind=row.previous["kind"],
                    expires_at=None if end is None else datetime.fromisoformat(end),
                    secret=row.previous_secret,
                    last_proved_at=None,
                    last_refused_at=None,
                    refused_finding=None,
                    **_NOTHING_PREVIOUS,
                )
            )

    async def forget_previous(self, now: datetime) -> None:
        """Secrets that were replaced more than a day ago go for good."""
        due = credential.c.previous_until <= now
        async with self._database.write() as connection:
            await connection.execute(update(credential).where(due).values(**_NOTHING_PREVIOUS))

    async def remove(self, name: str) -> None:
        """Raises UnknownCredential."""
        async with self._database.write() as connection:
            if not (await connection.execute(delete(credential).where(credential.c.name == name))).rowcount:
                raise UnknownCredential(name)

    async def note_proved(self, name: str, now: datetime, expires_at: datetime | None = None) -> None:
        """`expires_at` is what its issuer says; without that, what was known stays."""
        known = {} if expires_at is None else {"expires_at": expires_at}
        await self._note(name, {"last_proved_at": now, "refused_finding": None, **known})

    async def note_refused(self, name: str, now: datetime, finding: Finding) -> None:
        await self._note(name, {"last_refused_at": now, "refused_finding": finding.as_json()})

    async def note_used(self, name: str, now: datetime) -> None:
        await self._note(name, {"last_used_at": now})

    async def images(self) -> list[WantedImage]:
        """What each environment wants of registries: by its last plan, and by that of the release that it runs."""
        async with self._database.read() as connection:
            rows = [*await connection.execute(_last_plans()), *await connection.execute(_current_plans())]
        return list(dict.fromkeys(each for row in rows for each in _wanted_images(row)))

    async def _note(self, name: str, values: Mapping[str, Any]) -> None:
        async with self._database.write() as connection:
            await connection.execute(update(credential).where(credential.c.name == name).values(**values))

    def _login(self, row: Row[Any]) -> Credential:
        return Credential(
            row.name,
            row.prefix,
            row.username,
            self._vault.open(row.secret, place_of_credential(row.name)),
            Purpose(row.purpose),
            row.app,
            row.expires_at,
        )

    def _kept(self, row: Row[Any], now: datetime) -> KeptCredential:
        undo = row.previous_until if row.previous_until is not None and row.previous_until > now else None
        return KeptCredential(
            login=self._login(row),
            created_at=row.created_at,
            owner=row.owner,
            last_proved_at=row.last_proved_at,
            last_refused_at=row.last_refused_at,
            refused=None if row.refused_finding is None else Finding.from_json(row.refused_finding),
            last_used_at=row.last_used_at,
            undo_until=undo,
        )

    def _columns(self, kept: KeptCredential) -> dict[str, Any]:
        return {
            "name": kept.name,
            "prefix": kept.login.prefix,
            "purpose": kept.login.purpose.value,
            "app": kept.login.app,
            "owner": kept.owner,
            "created_at": kept.created_at,
            "last_proved_at": kept.last_proved_at,
            "last_refused_at": kept.last_refused_at,
            "refused_finding": None if kept.refused is None else kept.refused.as_json(),
            **self._secret_columns(kept.login),
        }

    def _secret_columns(self, login: Credential) -> dict[str, Any]:
        sealed = self._vault.seal(login.secret, place_of_credential(login.name))
        return {
            "username": login.username,
            "kind": login.kind.value,
            "secret": sealed,
            "expires_at": login.expires_at,
        }


_NOTHING_PREVIOUS = {"previous": None, "previous_secret": None, "previous_until": None}


async def _row(connection: AsyncConnection, name: str) -> Row[Any]:
    row = (await connection.execute(select(credential).where(credential.c.name == name))).first()
    if row is None:
        raise UnknownCredential(name)
    return row


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _plans() -> Select[Any]:
    """Deployments with their app and what their step `plan` found; nothing when it was not finished."""
    return (
        select(app.c.name.label("app_name"), deployment.c.source, step.c.result)
        .select_from(deployment)
        .join(environment, environment.c.id == deployment.c.environment_id)
        .join(app, app.c.id == environment.c.app_id)
        .outerjoin(step, and_(step.c.deployment_id == deployment.c.id, step.c.name == "plan"))
    )


def _last_plans() -> Select[Any]:
    """Of each environment the newest that was planned."""
    newer, planned = deployment.alias(), step.alias()
    newest = (
        select(newer.c.id)
        .join(planned, and_(planned.c.deployment_id == newer.c.id, planned.c.name == "plan"))
        .where(newer.c.environment_id == environment.c.id, planned.c.finished_at.is_not(None))
        .order_by(newer.c.id.desc())
        .limit(1)
        .correlate(environment)
        .scalar_subquery()
    )
    return _plans().where(deployment.c.id == newest)


def _current_plans() -> Select[Any]:
    """Of each environment the one that made the release which it runs."""
    serving = deployment.alias()
    return (
        _plans()
        .join(serving, serving.c.id == environment.c.current_deployment)
        .join(release, release.c.id == serving.c.release_id)
        .where(deployment.c.id == release.c.deployment_id)
    )


def _wanted_images(row: Row[Any]) -> list[WantedImage]:
    source = source_from_json(row.source)
    named = [source.image] if isinstance(source, ImageSource) else []
    planned = [parse_image(each) for each in (row.result or {}).get("images", ())]
    return [WantedImage(row.app_name, image) for image in (*named, *planned)]
