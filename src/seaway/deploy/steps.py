"""The steps by name. Each looks for its own finished work first."""

from collections.abc import Awaitable, Callable

from seaway.deploy.making import build, fetch, plan, prove
from seaway.deploy.run import Run, StepResult
from seaway.deploy.serving import check, release, route
from seaway.deploy.settling import settle, undo

Step = Callable[[Run], Awaitable[StepResult]]

STEPS: dict[str, Step] = {
    "fetch": fetch,
    "plan": plan,
    "prove": prove,
    "build": build,
    "release": release,
    "check": check,
    "route": route,
    "settle": settle,
}

__all__ = ["STEPS", "Step", "undo"]
