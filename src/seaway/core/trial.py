"""The time after the switch: a release that fails in it makes way for the one before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from seaway.core.finding import Finding, FindingError
from seaway.core.ports import Instance

LOOK_EVERY_S = 0.5
PATIENCE = 4
"""Looks in a row without an answer: a busy moment is no failure."""

_ENDED = ("exited", "dead", "restarting")


class WentBack(FindingError):
    """The release before serves again."""


@dataclass(frozen=True)
class Look:
    """What one look at an instance of the new release saw; it was started once and had answered before."""

    state: str
    restarts: int
    answers: bool


def time_left_s(switched_at: datetime, now: datetime, watch_s: float) -> float:
    """How long it is still watched; a clock that jumps makes it neither longer nor negative."""
    return min(watch_s, max(0.0, watch_s - (now - switched_at).total_seconds()))


def has_failed(looks: Sequence[Look]) -> bool:
    """One that ended fails at once, also when it was started again; one that is silent fails after some patience."""
    if not looks:
        return False
    if looks[-1].state in _ENDED or looks[-1].restarts > 0:
        return True
    recent = looks[-PATIENCE:]
    return len(recent) == PATIENCE and not any(look.answers for look in recent)


def fallback(instances: Sequence[Instance], deployment: int) -> int | None:
    """The deployment to go back to: the newest before this one whose instances still run and were healthy."""
    return max((i.deployment for i in instances if i.deployment < deployment and i.serves), default=None)


def explain_return(cause: Finding, app: str, after_s: float, back_to: int) -> Finding:
    return Finding(
        "release.went_back",
        f"{app} failed {after_s:.0f} s after it got the traffic; the release of deployment {back_to} serves again",
        (cause.title, *cause.evidence),
        f"{cause.remedy} Then deploy again.",
        cause.commands,
    )
