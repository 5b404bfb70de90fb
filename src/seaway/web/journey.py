"""A deployment as a picture: where its time went, how long it may still take, and what serves meanwhile."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from seaway.actions.views import AppView, DeploymentView, StepView
from seaway.core.deployment import STEPS, Status, steps_of
from seaway.core.events import LogLine

PICTURE_WIDTH = 1000
_TONES = {
    "done": "done",
    "skipped": "done",
    "running": "working",
    "failed": "broken",
    "cancelled": "waiting",
    "waiting": "waiting",
}


@dataclass(frozen=True)
class Segment:
    """A step's part of the strip, in units of which the strip has PICTURE_WIDTH."""

    step: str
    state: str
    tone: str
    x: float
    width: float


@dataclass(frozen=True)
class Journey:
    """`expected` are the seconds that each step took last time; `total_s` is what the strip's width stands for."""

    segments: tuple[Segment, ...]
    elapsed_s: float | None
    total_s: float | None
    expected: dict[str, float]


@dataclass(frozen=True)
class StepLog:
    """The lines of one step, folded unless `open`."""

    step: str
    lines: tuple[LogLine, ...]
    open: bool


def last_like(view: DeploymentView, earlier: Sequence[DeploymentView]) -> DeploymentView | None:
    """The newest deployment of the same kind before this one that went live: its times are the best guess."""
    same = [
        e
        for e in earlier
        if e.deployment.id < view.deployment.id
        and e.deployment.kind is view.deployment.kind
        and e.deployment.status is e.deployment.kind.success
    ]
    return max(same, key=lambda e: e.deployment.id, default=None)


def steps_shown(view: DeploymentView) -> tuple[StepView, ...]:
    """Those that this kind of deployment takes; a restart, say, has nothing to fetch or build."""
    takes = steps_of(view.deployment.kind, view.deployment.source)
    return tuple(step for step in view.steps if step.name in takes or step.started_at)


def journey(view: DeploymentView, last: DeploymentView | None, now: datetime) -> Journey:
    expected = {s.name: s.seconds for s in last.steps if s.seconds is not None} if last else {}
    final = view.deployment.status.is_final
    taken = [(step, _seconds(step, now)) for step in view.steps if step.started_at]
    spent = sum(seconds for _, seconds in taken)
    total = spent if final else max(spent, _forecast(view.steps, expected, now) if last else 0.0)
    if not final and not last:
        # Nothing is known about what is to come, so the strip would claim what it cannot know.
        return Journey((), spent or None, None, expected)
    return Journey(_segments(taken, total), spent or None, total or None, expected)


def _seconds(step: StepView, now: datetime) -> float:
    if step.seconds is not None:
        return step.seconds
    return max((now - step.started_at).total_seconds(), 0.0) if step.started_at else 0.0


def _forecast(steps: Sequence[StepView], expected: dict[str, float], now: datetime) -> float:
    seconds = 0.0
    for step in steps:
        guess = expected.get(step.name, 0.0)
        if step.state == "waiting":
            seconds += guess
        elif step.state == "running":
            seconds += max(guess, _seconds(step, now))
        else:
            seconds += _seconds(step, now)
    return seconds


def _segments(taken: Sequence[tuple[StepView, float]], total: float) -> tuple[Segment, ...]:
    made, x = [], 0.0
    for step, seconds in taken:
        width = seconds / total * PICTURE_WIDTH if total else 0.0
        made.append(Segment(step.name, step.state, _TONES[step.state], round(x, 1), round(width, 1)))
        x += width
    return tuple(made)


def serving(view: DeploymentView, app: AppView | None) -> str | None:
    """What visitors get, when this deployment is not what serves them; None when there is nothing to add."""
    d = view.deployment
    if app is None:
        return "the app was destroyed since"
    if d.status is Status.LIVE:
        return None
    if app.release is None:
        return "nothing serves yet" if d.status is Status.FAILED else None
    if not any(i.alive and i.release == app.release.id for i in app.instances):
        return "nothing serves now"
    if app.release.deployment > d.id:
        return f"release #{app.release.id} serves now"
    return f"release #{app.release.id} goes on serving"


def serves_now(view: DeploymentView, app: AppView, history: Sequence[DeploymentView]) -> bool:
    """Whether this is the deployment that put the current release where it is."""
    if app.release is None or not any(i.alive for i in app.instances):
        return False
    settled = [h.deployment for h in history if h.deployment.status is h.deployment.kind.success]
    newest = max(settled, key=lambda d: d.id, default=None)
    return newest is not None and newest.id == view.deployment.id


def folded(lines: Sequence[LogLine], view: DeploymentView) -> list[StepLog]:
    """The log by steps, the one that matters open: the failed or running one, else the last that said something."""
    by_step: dict[str, list[LogLine]] = {name: [] for name in STEPS}
    for line in lines:
        by_step.setdefault(line.step, []).append(line)
    spoke = [name for name, said in by_step.items() if said]
    matters = [s.name for s in view.steps if s.state in ("failed", "cancelled", "running") and s.name in spoke]
    wanted = matters[-1] if matters else (spoke[-1] if spoke and not view.deployment.status.is_final else None)
    return [StepLog(name, tuple(by_step[name]), name == wanted) for name in spoke]
