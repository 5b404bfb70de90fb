"""What the API answers, read into values; docs/api.md describes it. `raw` is the answer as it came, for `--json`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from seaway.core.deployment import Status
from seaway.core.events import LogLine
from seaway.core.finding import Finding

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Step:
    """`state` is one of done, running, skipped, failed, waiting."""

    name: str
    state: str
    seconds: float | None = None


@dataclass(frozen=True)
class DeploymentAnswer:
    id: int
    app: str
    kind: str
    status: str
    by: str
    source: str
    created_at: str
    url: str | None
    image: str | None
    release: int | None
    finding: Finding | None
    warnings: tuple[Finding, ...]
    steps: tuple[Step, ...]
    seconds: Mapping[str, float]
    raw: Json = field(repr=False, compare=False)

    @property
    def is_final(self) -> bool:
        return self.status in _FINAL

    @property
    def succeeded(self) -> bool:
        """It serves; or it was to be stopped, and is."""
        return self.status in (Status.LIVE, Status.STOPPED)

    @property
    def step_now(self) -> Step | None:
        return next((step for step in self.steps if step.state == "running"), None)

    @property
    def failed_step(self) -> str | None:
        return next((step.name for step in self.steps if step.state == "failed"), None)


_FINAL = frozenset(status.value for status in Status if status.is_final)


@dataclass(frozen=True)
class InstanceAnswer:
    name: str
    state: str
    address: str | None
    restarts: int
    started_at: str | None


@dataclass(frozen=True)
class AppAnswer:
    name: str
    state: str
    url: str | None
    urls: tuple[str, ...]
    release: int | None
    image: str | None
    port: int | None
    instances: tuple[InstanceAnswer, ...]
    env: tuple[str, ...]
    runtime_only: tuple[str, ...]
    builder: str | None
    last_deployment: DeploymentAnswer | None
    memory_bytes: int | None
    finding: Finding | None
    created_at: str | None
    raw: Json = field(repr=False, compare=False)


@dataclass(frozen=True)
class BuildProgress:
    step: str
    done: int
    total: int
    text: str


def read_deployment(data: Json) -> DeploymentAnswer:
    return DeploymentAnswer(
        id=data["id"],
        app=data["app"],
        kind=data.get("kind", "deploy"),
        status=data["status"],
        by=data.get("by") or "",
        source=_source_words(data.get("source")),
        created_at=data.get("created_at") or "",
        url=data.get("url"),
        image=data.get("image"),
        release=data.get("release"),
        finding=_finding(data.get("finding")),
        warnings=tuple(Finding.from_json(each) for each in data.get("warnings") or ()),
        steps=tuple(Step(s["name"], s["state"], s.get("seconds")) for s in data.get("steps") or ()),
        seconds={name: took for name, took in (data.get("seconds") or {}).items() if took is not None},
        raw=data,
    )


def _finding(data: Json | None) -> Finding | None:
    return None if data is None else Finding.from_json(data)


def _source_words(source: object) -> str:
    """A source in a few words, whatever its kind."""
    match source:
        case {"text": str(text)}:
            return text
        case {"kind": "folder", "digest": str(digest)}:
            return f"folder {digest.removeprefix('sha256:')[:12]}"
        case {"kind": "git", "url": str(url), **rest}:
            return f"{url} {rest.get('ref') or ''}".strip()
        case {"kind": "image", "image": str(image)}:
            return image
        case {"kind": "release", "release": int(release)}:
            return f"release {release}"
    return ""


def read_app(data: Json) -> AppAnswer:
    last = data.get("last_deployment")
    return AppAnswer(
        name=data["name"],
        state=data["state"],
        url=data.get("url"),
        urls=tuple(data.get("urls") or ()),
        release=data.get("release"),
        image=data.get("image"),
        port=data.get("port"),
        instances=tuple(map(_instance, data.get("instances") or ())),
        env=tuple(data.get("env") or ()),
        runtime_only=tuple(data.get("runtime_only") or ()),
        builder=data.get("builder"),
        last_deployment=None if last is None else read_deployment(last),
        memory_bytes=data.get("memory_bytes"),
        finding=_finding(data.get("finding")),
        created_at=data.get("created_at"),
        raw=data,
    )


def _instance(data: Json) -> InstanceAnswer:
    return InstanceAnswer(
        data["name"], data["state"], data.get("address"), data.get("restarts") or 0, data.get("started_at")
    )


def read_log_line(data: Json) -> LogLine:
    return LogLine(data.get("t", 0), data.get("step", ""), data.get("stream", "out"), data["text"])


def read_progress(data: Json) -> BuildProgress:
    return BuildProgress(data.get("step", ""), data.get("done", 0), data.get("total", 0), data.get("text") or "")
