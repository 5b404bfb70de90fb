"""A deployment: one attempt to bring an environment to a wanted state, and the release it makes."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from seaway.core.app import EnvironmentKey, EnvironmentSettings
from seaway.core.errors import Conflict, Missing
from seaway.core.finding import Finding
from seaway.core.source import ReleaseSource, Source

STEPS = ("fetch", "plan", "prove", "build", "release", "check", "route", "settle")
MAX_ATTEMPTS = 10


class Status(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    CANCELLING = "cancelling"
    LIVE = "live"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"
    STOPPED = "stopped"
    """The environment was to be stopped, and is."""

    @property
    def is_final(self) -> bool:
        return self not in (Status.QUEUED, Status.RUNNING, Status.CANCELLING)


class Kind(StrEnum):
    """What was asked for. All of them travel the same journey and wait for each other."""

    DEPLOY = "deploy"
    ROLLBACK = "rollback"
    RESTART = "restart"
    START = "start"
    STOP = "stop"
    SCALE = "scale"
    CONFIGURE = "configure"
    """Other run-time settings for the same image: a new release without a build."""

    @property
    def success(self) -> Status:
        return Status.STOPPED if self is Kind.STOP else Status.LIVE

    @property
    def makes_release(self) -> bool:
        return self in (Kind.DEPLOY, Kind.CONFIGURE)

    @property
    def follows_current(self) -> bool:
        """It is about whatever runs when its turn comes, not about what ran when it was asked for."""
        return self in (Kind.RESTART, Kind.START, Kind.SCALE, Kind.CONFIGURE)


@dataclass(frozen=True)
class StepRecord:
    """One step as it happened; `finished_at` None while it runs. `result` is small JSON without secrets."""

    name: str
    started_at: datetime
    finished_at: datetime | None = None
    result: dict[str, object] | None = None
    skipped: bool = False

    @property
    def seconds(self) -> float | None:
        return None if self.finished_at is None else (self.finished_at - self.started_at).total_seconds()


@dataclass(frozen=True)
class Deployment:
    id: int
    environment: EnvironmentKey
    kind: Kind
    source: Source
    status: Status
    created_at: datetime
    settings: EnvironmentSettings
    """What this deployment wants: taken when it was asked for, so that a later change does not reach into it."""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    by: str = "owner"
    release: int | None = None
    image: str | None = None
    finding: Finding | None = None
    warnings: tuple[Finding, ...] = ()
    attempt: int = 1
    cancel_requested: bool = False
    steps: tuple[StepRecord, ...] = field(default=())

    def step(self, name: str) -> StepRecord | None:
        return next((s for s in self.steps if s.name == name), None)


@dataclass(frozen=True)
class Release:
    """An image plus the settings it runs with; kept, so that going back needs nothing from outside."""

    id: int
    environment: EnvironmentKey
    deployment: int
    image: str
    """The image's id in the engine, `sha256:...`."""
    port: int
    command: tuple[str, ...] | None
    settings: EnvironmentSettings
    created_at: datetime
    source: Source
    commit: str | None = None


class UnknownDeployment(Missing):
    code = "deployment.unknown"

    def __init__(self, deployment: int) -> None:
        super().__init__(
            f"There is no deployment {deployment}.", remedy="`seaway deployments APP` lists those of an app."
        )


class NothingToRollBackTo(Conflict):
    code = "deployment.nothing_to_roll_back_to"

    def __init__(self, app: str) -> None:
        super().__init__(
            f"{app} has no earlier release that is still here.",
            remedy=f"`seaway deployments {app}` shows what there was.",
        )


class NothingReleased(Conflict):
    code = "deployment.nothing_released"

    def __init__(self, app: str) -> None:
        super().__init__(f"{app} has no release yet.", remedy=f"Deploy it first: seaway deploy PATH --app {app}")


def steps_of(kind: Kind, source: Source) -> tuple[str, ...]:
    """The steps that a deployment takes; what is here already needs no fetching, proving or building."""
    if kind is Kind.STOP:
        return ("route", "settle")
    if isinstance(source, ReleaseSource):
        return ("release", "check", "route", "settle")
    return STEPS


def release_wanted(asked: Deployment, current: int | None) -> int | None:
    """The release that a deployment of an earlier one is about: what it chose before it was cut off, else what runs."""
    if asked.release is not None and not asked.kind.makes_release:
        return asked.release
    named = asked.source.release if isinstance(asked.source, ReleaseSource) else None
    return (current or named) if asked.kind.follows_current else named


def has_switched(kind: Kind, deployment: int, current: int | None, *, wanted_running: bool) -> bool:
    """Whether what was asked for has happened already: from then on it is finished, not cancelled or undone."""
    return not wanted_running if kind is Kind.STOP else current == deployment


def rollback_target(releases: list[Release], current: int | None, deployment: int | None) -> Release | None:
    """The release to go back to: of the deployment named, or the newest one before the current."""
    if deployment is not None:
        return next((r for r in releases if r.deployment == deployment), None)
    earlier = [r for r in releases if current is None or r.id < current]
    return max(earlier, key=lambda r: r.id, default=None)
