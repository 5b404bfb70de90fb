"""How pages say times, sizes and states. A state always is a shape and a word; colour only repeats them."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from markupsafe import Markup, escape

from seaway.actions.views import AppState, StepView
from seaway.core.deployment import Deployment, Status
from seaway.core.finding import Finding
from seaway.core.source import FolderSource, Source, describe

Shape = Literal["live", "working", "attention", "broken", "stopped", "new", "done", "waiting", "skipped"]

NOTHING = "–"

# Terminal colours and other control sequences, and control characters but tab.
_CONTROL = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-_])|[\x00-\x08\x0b-\x1f\x7f]")

_QUOTED = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Mark:
    """A state as it is shown."""

    shape: Shape
    word: str


_APP_SHAPES: dict[AppState, Shape] = {
    AppState.LIVE: "live",
    AppState.WORKING: "working",
    AppState.ATTENTION: "attention",
    AppState.BROKEN: "broken",
    AppState.STOPPED: "stopped",
    AppState.NEW: "new",
    AppState.UNKNOWN: "waiting",
}

_STATUS_SHAPES: dict[Status, Shape] = {
    Status.QUEUED: "new",
    Status.RUNNING: "working",
    Status.CANCELLING: "working",
    Status.FAILED: "broken",
    Status.CANCELLED: "stopped",
    Status.SUPERSEDED: "stopped",
    Status.STOPPED: "stopped",
}

_STEP_MARKS: dict[str, Mark] = {
    "done": Mark("done", "done"),
    "running": Mark("working", "working"),
    "failed": Mark("broken", "failed"),
    "cancelled": Mark("stopped", "cancelled"),
    "waiting": Mark("waiting", "waiting"),
    "skipped": Mark("skipped", "not needed"),
    "missed": Mark("skipped", "not reached"),
}


def app_mark(state: AppState) -> Mark:
    return Mark(_APP_SHAPES[state], state.value)


def deployment_mark(deployment: Deployment, *, serves: bool) -> Mark:
    """`serves` says whether the release of this deployment is the one that gets traffic now."""
    if deployment.status is not Status.LIVE:
        return Mark(_STATUS_SHAPES[deployment.status], deployment.status.value)
    return Mark("live", "live") if serves else Mark("done", "was live")


def step_mark(step: StepView, deployment: Deployment) -> Mark:
    ended_before = deployment.status.is_final and deployment.status is not deployment.kind.success
    never_began = step.state == "skipped" and step.started_at is None
    return _STEP_MARKS["missed" if ended_before and never_began else step.state]


def instance_mark(state: str, oom_killed: bool, exit_code: int | None) -> Mark:
    if state == "running":
        return Mark("live", "running")
    if oom_killed:
        return Mark("broken", "out of memory")
    if state in ("exited", "dead"):
        return Mark("broken" if exit_code else "stopped", "exited" if exit_code is None else f"exited with {exit_code}")
    return Mark("working", state)


def exact(moment: datetime) -> str:
    m = moment.astimezone(UTC)
    return f"{m.day} {m:%b %Y %H:%M:%S} UTC"


def machine_time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def ago(moment: datetime, now: datetime) -> str:
    """As coarse as is still useful. `static/times.js` says the same as time goes by."""
    seconds = int((now - moment).total_seconds())
    for size, limit, unit in ((1, 60, "s"), (60, 3600, "min"), (3600, 86400, "h"), (86400, 30 * 86400, "d")):
        if seconds < limit:
            return f"{seconds // size} {unit} ago" if seconds >= 1 else "just now"
    m = moment.astimezone(UTC)
    return f"{m.day} {m:%b %Y}"


def duration(seconds: float | None) -> str:
    if seconds is None:
        return NOTHING
    if round(seconds, 1) < 60:
        return f"{max(seconds, 0):.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} m {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} m"


def megabytes(size_bytes: int | None) -> str:
    if size_bytes is None:
        return NOTHING
    size = size_bytes / 1024**2
    return f"{size:.1f} MB" if size < 9.95 else f"{size:,.0f} MB"


def short_digest(digest: str) -> str:
    return digest.removeprefix("sha256:")[:12]


def engine_time(text: str | None) -> datetime | None:
    """The engine's own timestamps; it writes the year 1 for never."""
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return None if moment.year == 1 else moment.replace(tzinfo=moment.tzinfo or UTC)


def clock(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%H:%M:%S.") + f"{at_ms % 1000:03d}"


def plain(text: str) -> str:
    """A program's line without what only a terminal understands."""
    return _CONTROL.sub("", text)


def prose(text: str) -> Markup:
    """A sentence of ours, with what it quotes `like this` set as code."""
    return Markup(_QUOTED.sub(r"<code>\1</code>", str(escape(plain(text)))))  # noqa: S704 - escaped before


def source_words(source: Source) -> str:
    return describe(source)


def source_digest(source: Source) -> str | None:
    """What can be copied whole where `source_words` shows its beginning."""
    return source.digest if isinstance(source, FolderSource) else None


def report(finding: Finding) -> str:
    """A finding as text, to be sent to whoever can help."""
    lines = [finding.title, *(f"  {each}" for each in finding.evidence), f"Do: {finding.remedy}"]
    lines += [*(f"  {each}" for each in finding.commands), f"({finding.cause})"]
    return "\n".join(map(plain, lines))
