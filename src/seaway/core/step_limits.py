"""How long a step may take, and what is said of one that took longer."""

from seaway.core.deployment import Deployment
from seaway.core.finding import Finding

# None: the step has limits of its own (an app's health timeout, a drain), and is told by its own findings.
_LIMITS_S: dict[str, float | None] = {
    "fetch": 600.0,
    "plan": 60.0,
    "prove": 120.0,
    "build": 3600.0,
    "release": 1200.0,
    "check": None,
    "route": None,
    "settle": None,
}
_REMEDIES = {
    "fetch": "See whether the git server answers, and whether the repository is larger than it should be.",
    "plan": "The folder may be huge: leave out what a build does not need in .dockerignore.",
    "prove": "The registry is slow. Try again later; `seaway doctor IMAGE` shows where the time goes.",
    "build": "Its log shows the last thing it did. A step that waits for input, or for a network that does not answer, "
    "is the usual reason; SEAWAY_BUILD_TIMEOUT_S gives builds more time.",
    "release": "See whether Docker answers (`docker ps`) and whether the release command waits for something.",
}


def limit_s(step: str, build_timeout_s: float) -> float | None:
    return build_timeout_s if step == "build" else _LIMITS_S[step]


def explain_timeout(deployment: Deployment, step: str, seconds: float) -> Finding:
    took = f"{seconds / 60:.0f} minutes" if seconds >= 120 else f"{seconds:.0f} s"
    app = deployment.environment.app
    return Finding(
        "step.timed_out",
        f"The step {step} of {app} took longer than {took} and was stopped",
        (f"{step} may take {took}",),
        f"What served before goes on serving. {_REMEDIES[step]}",
        (f"seaway deploy --again --app {app}",),
    )


def explain_giving_up(deployment: Deployment) -> Finding:
    step = next((s.name for s in deployment.steps if s.finished_at is None), "")
    return Finding(
        "deployment.gave_up",
        f"This deployment was begun {deployment.attempt - 1} times, and Seaway ended each time before it was over",
        (f"the step it was in: {step}",) if step else (),
        "It is not tried again by itself. The server's log says why it ended; then deploy again.",
        (f"seaway deploy --again --app {deployment.environment.app}",),
    )
