"""What a user sees of apps and deployments: values put together from rows, engine and proxy, for every surface."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from seaway.core.app import EnvironmentKey, EnvironmentSettings
from seaway.core.deployment import STEPS, Deployment, Release, Status, StepRecord, steps_of
from seaway.core.finding import Finding
from seaway.core.ports import Instance


class AppState(StrEnum):
    """In one word. `broken`: should serve and does not. `attention`: serves, but the last deployment failed.
    `unknown`: the engine does not answer, so nobody can tell."""

    LIVE = "live"
    STOPPED = "stopped"
    BROKEN = "broken"
    ATTENTION = "attention"
    WORKING = "working"
    NEW = "new"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class StepView:
    name: str
    state: str
    seconds: float | None
    started_at: datetime | None


@dataclass(frozen=True)
class DeploymentView:
    """A deployment with its steps in order, those to come included, and the URL of its environment."""

    deployment: Deployment
    url: str
    steps: tuple[StepView, ...]

    @property
    def total_seconds(self) -> float | None:
        d = self.deployment
        return None if not d.started_at or not d.finished_at else (d.finished_at - d.started_at).total_seconds()


@dataclass(frozen=True)
class AppView:
    name: str
    environment: EnvironmentKey
    state: AppState
    urls: tuple[str, ...]
    settings: EnvironmentSettings
    created_at: datetime
    release: Release | None
    instances: tuple[Instance, ...]
    releases: tuple[Release, ...]
    last_deployment: DeploymentView | None
    memory_bytes: int | None = None
    """What its instances use now, together."""
    finding: Finding | None = None
    """Why it does not serve as it should, when Seaway could not put it right by itself."""


def step_views(deployment: Deployment) -> tuple[StepView, ...]:
    records = {record.name: record for record in deployment.steps}
    takes = steps_of(deployment.kind, deployment.source)
    return tuple(_step_view(deployment, name, records.get(name), takes_it=name in takes) for name in STEPS)


def _step_view(deployment: Deployment, name: str, record: StepRecord | None, *, takes_it: bool) -> StepView:
    if record is None:
        state = "waiting" if takes_it and not deployment.status.is_final else "skipped"
        return StepView(name, state, None, None)
    if record.finished_at is not None:
        return StepView(name, "skipped" if record.skipped else "done", record.seconds, record.started_at)
    failed = deployment.status.is_final and deployment.status is not Status.LIVE
    ended = "cancelled" if deployment.status is Status.CANCELLED else "failed"
    seconds = (
        (deployment.finished_at - record.started_at).total_seconds() if failed and deployment.finished_at else None
    )
    return StepView(name, ended if failed else "running", seconds, record.started_at)


def app_state(wanted_running: bool, last: Deployment | None, release: Release | None, alive: int | None) -> AppState:
    """`alive` counts the instances that serve; None when the engine does not say."""
    if last is not None and not last.status.is_final and last.status is not Status.QUEUED:
        return AppState.WORKING
    if release is None:
        return AppState.NEW if last is None or not last.status.is_final else AppState.BROKEN
    if not wanted_running:
        return AppState.STOPPED
    if alive is None:
        return AppState.UNKNOWN
    if alive == 0:
        return AppState.BROKEN
    if last is not None and last.status is Status.FAILED:
        return AppState.ATTENTION
    return AppState.LIVE
