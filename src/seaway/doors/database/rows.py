"""Rows become core's values here, and values become columns; sealed variables are opened with the vault."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from functools import cached_property
from typing import Any

from sqlalchemy import Row

from seaway.core.app import EnvironmentKey, EnvironmentSettings, HealthCheck, Limits, Volume
from seaway.core.deployment import Deployment, Kind, Release, Status, StepRecord
from seaway.core.finding import Finding
from seaway.core.secret import Secret
from seaway.core.source import source_as_json, source_from_json
from seaway.doors.vault import Vault


class SealedEnv(Mapping[str, Secret]):
    """Variables that are opened when somebody looks: a list of a thousand apps shows none of their values."""

    def __init__(self, sealed: bytes, vault: Vault, place: str) -> None:
        self._sealed, self._vault, self._place = sealed, vault, place

    @cached_property
    def _opened(self) -> dict[str, Secret]:
        found = json.loads(self._vault.open(self._sealed, self._place).reveal())
        return {name: Secret(value) for name, value in found.items()}

    def __getitem__(self, name: str) -> Secret:
        return self._opened[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._opened)

    def __len__(self) -> int:
        return len(self._opened)

    def __repr__(self) -> str:
        return "SealedEnv(•••)"


def settings_columns(settings: EnvironmentSettings, vault: Vault, place: str) -> dict[str, Any]:
    plain = {
        "port": settings.port,
        "domains": list(settings.domains),
        "builder": settings.builder,
        "limits": asdict(settings.limits),
        "health": asdict(settings.health),
        "instances": settings.instances,
        "drain_s": settings.drain_s,
        "runtime_only": sorted(settings.runtime_only),
        "release_command": settings.release_command,
        "volumes": [asdict(volume) for volume in settings.volumes],
        "stop_first": settings.stop_first,
    }
    env = json.dumps({name: value.reveal() for name, value in settings.env.items()})
    return {"settings": plain, "env": vault.seal(Secret(env), place)}


def settings_of(row: Row[Any], vault: Vault, place: str) -> EnvironmentSettings:
    plain = row.settings
    return EnvironmentSettings(
        env=SealedEnv(row.env, vault, place),
        port=plain["port"],
        domains=tuple(plain["domains"]),
        builder=plain["builder"],
        limits=Limits(**plain["limits"]),
        health=HealthCheck(**plain["health"]),
        instances=plain["instances"],
        drain_s=plain["drain_s"],
        runtime_only=frozenset(plain.get("runtime_only", ())),
        release_command=plain.get("release_command"),
        volumes=tuple(Volume(**volume) for volume in plain.get("volumes", ())),
        stop_first=plain.get("stop_first", False),
    )


def place_of(table: str, key: EnvironmentKey) -> str:
    """Where a sealed value belongs: it opens for this environment's rows of this table only."""
    return f"{table}|{key}|env"


def deployment_of(row: Row[Any], steps: tuple[StepRecord, ...], vault: Vault) -> Deployment:
    key = EnvironmentKey(row.app_name, row.environment_name)
    return Deployment(
        id=row.id,
        environment=key,
        kind=Kind(row.kind),
        source=source_from_json(row.source),
        status=Status(row.status),
        created_at=row.created_at,
        settings=settings_of(row, vault, place_of("deployment", key)),
        started_at=row.started_at,
        finished_at=row.finished_at,
        by=row.by,
        release=row.release_id,
        image=row.image,
        finding=Finding.from_json(row.finding) if row.finding else None,
        warnings=tuple(Finding.from_json(w) for w in row.warnings),
        attempt=row.attempt,
        cancel_requested=row.cancel_requested,
        steps=steps,
    )


def deployment_columns(values: Deployment, vault: Vault) -> dict[str, Any]:
    return {
        "kind": values.kind.value,
        "source": source_as_json(values.source),
        "status": values.status.value,
        "by": values.by,
        "created_at": values.created_at,
        "warnings": [],
        "attempt": 1,
        "cancel_requested": False,
        **settings_columns(values.settings, vault, place_of("deployment", values.environment)),
    }


def step_of(row: Any) -> StepRecord:
    return StepRecord(row.name, row.started_at, row.finished_at, row.result, row.skipped)


def release_of(row: Row[Any], vault: Vault) -> Release:
    key = EnvironmentKey(row.app_name, row.environment_name)
    return Release(
        id=row.id,
        environment=key,
        deployment=row.deployment_id,
        image=row.image,
        port=row.port,
        command=None if row.command is None else tuple(row.command),
        settings=settings_of(row, vault, place_of("release", key)),
        created_at=row.created_at,
        source=source_from_json(row.source),
        commit=row.commit,
    )


def release_columns(values: Release, vault: Vault) -> dict[str, Any]:
    return {
        "deployment_id": values.deployment,
        "image": values.image,
        "port": values.port,
        "command": None if values.command is None else list(values.command),
        "source": source_as_json(values.source),
        "commit": values.commit,
        "created_at": values.created_at,
        **settings_columns(values.settings, vault, place_of("release", values.environment)),
    }


def finding_json(finding: Finding | None) -> Mapping[str, Any] | None:
    return None if finding is None else finding.as_json()
