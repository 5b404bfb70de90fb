"""The JSON that goes in and out: bodies are checked strictly, and only core's values travel further."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from seaway.actions.views import AppView, DeploymentView, StepView
from seaway.core.app import SettingsChange, parse_volume
from seaway.core.deployment import STEPS
from seaway.core.ports import Instance
from seaway.core.secret import Secret
from seaway.core.source import Source, describe, source_as_json, source_from_json


class Body(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class FolderBody(Body):
    kind: Literal["folder"]
    digest: str = Field(pattern=r"^sha256:[0-9a-f]{64}$")


class GitBody(Body):
    kind: Literal["git"]
    url: str = Field(min_length=1, max_length=2000)
    ref: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_.][A-Za-z0-9_./+-]*$", max_length=250)


class ImageBody(Body):
    kind: Literal["image"]
    image: str = Field(min_length=1, max_length=500)


class ChangeBody(Body):
    env: dict[str, str | None] = {}
    port: int | None = None
    domains: list[str] | None = None
    builder: Literal["debian", "nix"] | None = None
    memory_bytes: int | None = None
    cpus: float | None = None
    health_path: str | None = Field(default=None, max_length=500)
    health_timeout_s: float | None = None
    instances: int | None = None
    runtime_only: dict[str, bool] = {}
    release_command: str | None = Field(default=None, max_length=4000)
    volumes: list[str] | None = None
    stop_first: bool | None = None

    def change(self) -> SettingsChange:
        return SettingsChange(
            env={name: None if value is None else Secret(value) for name, value in self.env.items()},
            port=self.port,
            domains=None if self.domains is None else tuple(self.domains),
            builder=self.builder,
            memory_bytes=self.memory_bytes,
            cpus=self.cpus,
            health_path=self.health_path,
            health_timeout_s=self.health_timeout_s,
            instances=self.instances,
            runtime_only=self.runtime_only,
            release_command=self.release_command,
            volumes=None if self.volumes is None else tuple(map(parse_volume, self.volumes)),
            stop_first=self.stop_first,
        )


class DeployBody(Body):
    source: Annotated[FolderBody | GitBody | ImageBody, Field(discriminator="kind")] | None = None
    settings: ChangeBody = ChangeBody()

    def wanted_source(self) -> Source | None:
        return None if self.source is None else source_from_json(self.source.model_dump())


class RollbackBody(Body):
    deployment: int | None = None


def deployment_json(view: DeploymentView) -> dict[str, Any]:
    d = view.deployment
    return {
        "id": d.id,
        "app": d.environment.app,
        "environment": d.environment.name,
        "kind": d.kind.value,
        "status": d.status.value,
        "source": source_as_json(d.source) | {"text": describe(d.source)},
        "by": d.by,
        "created_at": _time(d.created_at),
        "started_at": _time(d.started_at),
        "finished_at": _time(d.finished_at),
        "release": d.release,
        "image": d.image,
        "url": view.url,
        "finding": d.finding.as_json() if d.finding else None,
        "warnings": [w.as_json() for w in d.warnings],
        "steps": [_step_json(s) for s in view.steps],
        "seconds": _seconds(view),
    }


def app_json(view: AppView) -> dict[str, Any]:
    release = view.release
    return {
        "name": view.name,
        "state": view.state.value,
        "url": view.urls[0],
        "urls": list(view.urls),
        "release": release.id if release else None,
        "image": release.image if release else None,
        "port": release.port if release else view.settings.port,
        "instances": [_instance_json(i) for i in view.instances],
        "env": sorted(view.settings.env),
        "runtime_only": sorted(view.settings.runtime_only),
        "wanted_instances": view.settings.instances,
        "release_command": view.settings.release_command,
        "volumes": [f"{v.name}:{v.path}{':exclusive' if v.exclusive else ''}" for v in view.settings.volumes],
        "stop_first": view.settings.stop_first,
        "domains": list(view.settings.domains),
        "builder": view.settings.builder,
        "last_deployment": deployment_json(view.last_deployment) if view.last_deployment else None,
        "memory_bytes": view.memory_bytes,
        "finding": view.finding.as_json() if view.finding else None,
        "created_at": _time(view.created_at),
    }


def app_with_releases_json(view: AppView) -> dict[str, Any]:
    releases = [
        {
            "id": r.id,
            "deployment": r.deployment,
            "image": r.image,
            "created_at": _time(r.created_at),
            "source": describe(r.source),
            "commit": r.commit,
            "current": view.release is not None and r.id == view.release.id,
        }
        for r in view.releases
    ]
    return app_json(view) | {"releases": releases}


def _instance_json(instance: Instance) -> dict[str, Any]:
    return {
        "name": instance.name,
        "state": instance.state,
        "address": instance.address,
        "restarts": instance.restarts,
        "started_at": instance.started_at,
    }


def _step_json(step: StepView) -> dict[str, Any]:
    return {
        "name": step.name,
        "state": step.state,
        "seconds": _rounded(step.seconds),
        "started_at": _time(step.started_at),
    }


def _seconds(view: DeploymentView) -> dict[str, float | None]:
    taken = {step.name: _rounded(step.seconds) for step in view.steps if step.name in STEPS}
    return taken | {"total": _rounded(view.total_seconds)}


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="milliseconds")
