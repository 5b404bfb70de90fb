"""How things read on a terminal: marks with words, times, tables, findings, and a deployment line by line.

Everything here is text; `live.py` adds what moves. Colour is never the only sign.
"""

import re
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol, TextIO

import click

from seaway.cli.answers import BuildProgress, DeploymentAnswer, Step
from seaway.core.events import LogLine
from seaway.core.finding import Finding

LAST_LINES = 20

# Mark and colour of each state, of steps, deployments, apps and instances alike.
_STATES = {
    "done": ("✓", "green"),
    "live": ("●", "green"),
    "running": ("◐", "blue"),
    "working": ("◐", "blue"),
    "cancelling": ("◐", "blue"),
    "queued": ("◌", "blue"),
    "waiting": ("◌", "bright_black"),
    "new": ("◌", "bright_black"),
    "skipped": ("–", "bright_black"),
    "stopped": ("■", "bright_black"),
    "cancelled": ("■", "yellow"),
    "superseded": ("■", "yellow"),
    "attention": ("!", "yellow"),
    "failed": ("✕", "red"),
    "broken": ("✕", "red"),
}
_ENDED = {"stop": "stopped"}
# Sequences that move the cursor or retitle the window would let a log forge what the terminal shows.
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_]|[ -/][0-~])?")
_COLOURS = re.compile(r"\x1b\[[0-9;]*m\Z")
_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1a\x1c-\x1f\x7f\x80-\x9f]")


def marked(state: str, *, colour: bool) -> str:
    """The state's mark and word: `✕ failed`."""
    mark, paint = _STATES.get(state, ("?", "white"))
    return painted(f"{mark} {state}", paint, colour)


def painted(text: str, paint: str, colour: bool, *, bold: bool = False) -> str:
    return click.style(text, fg=paint, bold=bold or None) if colour else text


def faint(text: str, colour: bool) -> str:
    return click.style(text, dim=True) if colour else text


def clean(text: str, *, colour: bool = False) -> str:
    """A machine's line without control characters; with `colour` its colours stay."""
    latest = text.rstrip("\r").rpartition("\r")[2]
    kept = _ESCAPES.sub(lambda m: m[0] if colour and _COLOURS.match(m[0]) else "", latest)
    plain = _CONTROLS.sub("", kept)
    return f"{plain}\x1b[0m" if colour and "\x1b" in plain else plain


def duration(seconds: float) -> str:
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 59.5:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} m {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} m"


def ago(then: str | None, now: datetime) -> str:
    """`3 min ago` for a time as the API writes it; empty when there is none."""
    if not then:
        return ""
    moment = datetime.fromisoformat(then)
    seconds = (now - (moment if moment.tzinfo else moment.replace(tzinfo=UTC))).total_seconds()
    for size, word in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {word} ago"
    return "just now"


def megabytes(size_bytes: int | None) -> str:
    return "" if size_bytes is None else f"{size_bytes / 1024**2:,.0f} MB"


def short_digest(image: str | None) -> str:
    return (image or "").removeprefix("sha256:")[:12]


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Columns aligned by what is seen; colours count for nothing."""
    whole = [tuple(heads), *map(tuple, rows)]
    widths = [max(len(click.unstyle(row[at])) for row in whole) for at in range(len(heads))]
    for row in whole:
        cells = (cell + " " * (width - len(click.unstyle(cell))) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def facts(pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    """A definition list without what is empty."""
    told = [(name, value) for name, value in pairs if value]
    width = max((len(name) for name, _ in told), default=0)
    for name, value in told:
        yield f"  {name:{width}}  {value}"


def finding_lines(
    finding: Finding, *, colour: bool, mark: str = "✕", between: Sequence[str] = (), paint: str = "red"
) -> Iterator[str]:
    """What happened, what was seen, then `between`, then what to do."""
    yield painted(f"{mark} {clean(finding.title)}", paint, colour, bold=True)
    for line in finding.evidence:
        yield f"    {clean(line)}"
    yield from between
    if finding.remedy:
        yield f"  Do: {clean(finding.remedy)}"
    for command in finding.commands:
        yield f"    {painted(clean(command), 'cyan', colour)}"


class Reporter(Protocol):
    """Shows a deployment while it runs."""

    def state(self, deployment: DeploymentAnswer) -> None: ...

    def lines(self, lines: Sequence[LogLine]) -> None: ...

    def progress(self, progress: BuildProgress) -> None: ...

    def note(self, text: str) -> None: ...

    def close(self) -> None: ...

    def last_lines(self, step: str) -> Sequence[LogLine]: ...


class Memory:
    """The last lines of each step, and which of them have already been told as ended."""

    def __init__(self) -> None:
        self._last: dict[str, deque[LogLine]] = defaultdict(lambda: deque(maxlen=LAST_LINES))
        self._told: set[str] = set()

    def keep(self, lines: Sequence[LogLine]) -> None:
        for line in lines:
            self._last[line.step].append(line)

    def last_lines(self, step: str) -> Sequence[LogLine]:
        return tuple(self._last[step])

    def newly_ended(self, deployment: DeploymentAnswer) -> list[Step]:
        ended = [step for step in deployment.steps if _has_ended(step) and step.name not in self._told]
        self._told.update(step.name for step in ended)
        stopped = deployment.status in ("cancelled", "superseded")
        return [replace(step, state="cancelled") if stopped and step.state == "failed" else step for step in ended]


def _has_ended(step: Step) -> bool:
    """A step that was skipped without being looked at took no time, and is not worth a line."""
    return step.state in ("done", "failed") or (step.state == "skipped" and step.seconds is not None)


class PlainReporter:
    """One line after the other, for pipes and logs of other machines."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._memory = Memory()
        self._queued = False

    def state(self, deployment: DeploymentAnswer) -> None:
        if deployment.status == "queued" and not self._queued:
            self._queued = True
            self.note(queued_words(deployment))
        for step in self._memory.newly_ended(deployment):
            self._say(step_line(step, colour=False))

    def lines(self, lines: Sequence[LogLine]) -> None:
        self._memory.keep(lines)
        for line in lines:
            self._say(f"  {line.step:7} | {clean(line.text)}")

    def progress(self, progress: BuildProgress) -> None:
        pass

    def note(self, text: str) -> None:
        self._say(text)

    def close(self) -> None:
        self._out.flush()

    def last_lines(self, step: str) -> Sequence[LogLine]:
        return self._memory.last_lines(step)

    def _say(self, text: str) -> None:
        # Flushed at once: a log that lags behind the build is taken for a build that hangs.
        click.echo(text, file=self._out)


def queued_words(deployment: DeploymentAnswer) -> str:
    return f"Deployment {deployment.id} waits for an earlier one of {deployment.app}."


def step_line(step: Step, *, colour: bool) -> str:
    state, paint = _STATES.get(step.state, ("?", "white"))
    took = "" if step.seconds is None else f"{duration(step.seconds):>10}"
    return f"{painted(state, paint, colour)} {step.name:8} {painted(f'{step.state:8}', paint, colour)}{took}".rstrip()


def outcome_lines(
    deployment: DeploymentAnswer, last_lines: Sequence[LogLine], *, page: str, still: str = "", colour: bool
) -> Iterator[str]:
    """How a deployment ended. `still` says what goes on working after one that failed."""
    for warning in deployment.warnings:
        yield from finding_lines(warning, colour=colour, mark="!", paint="yellow")
    if deployment.succeeded:
        yield _success_line(deployment, colour)
        if deployment.url and deployment.kind != "stop":
            yield f"  {deployment.url}"
        return
    finding = deployment.finding or _without_finding(deployment)
    tail = list(_tail(deployment, last_lines, colour))
    failed = deployment.status == "failed"
    yield from finding_lines(
        finding, colour=colour, between=tail, mark="✕" if failed else "■", paint="red" if failed else "yellow"
    )
    if still:
        yield f"  {still}"
    yield f"  {page}"


def _success_line(deployment: DeploymentAnswer, colour: bool) -> str:
    words = [marked(_ENDED.get(deployment.kind, "live"), colour=colour), deployment.app]
    if deployment.release is not None and deployment.kind != "stop":
        words.append(f"release {deployment.release}")
    if "total" in deployment.seconds:
        words.append(f"in {duration(deployment.seconds['total'])}")
    return "  ".join(words)


def _tail(deployment: DeploymentAnswer, last_lines: Sequence[LogLine], colour: bool) -> Iterator[str]:
    if deployment.status == "failed" and last_lines:
        yield faint(f"  The last lines of {deployment.failed_step or 'the log'}:", colour)
        yield from (f"  | {clean(line.text)}" for line in last_lines)


def _without_finding(deployment: DeploymentAnswer) -> Finding:
    """Words for an end that is nobody's fault, and for a server that gave no finding."""
    title = {
        "cancelled": f"Deployment {deployment.id} of {deployment.app} was cancelled.",
        "superseded": f"A newer deployment of {deployment.app} took the place of {deployment.id}.",
    }.get(deployment.status, f"Deployment {deployment.id} of {deployment.app} failed; the server did not say why.")
    return Finding(f"deployment.{deployment.status}", title, (), "")


class Silent:
    """Shows nothing: for who only wants the end."""

    def state(self, deployment: DeploymentAnswer) -> None: ...

    def lines(self, lines: Sequence[LogLine]) -> None: ...

    def progress(self, progress: BuildProgress) -> None: ...

    def note(self, text: str) -> None: ...

    def close(self) -> None: ...

    def last_lines(self, step: str) -> Sequence[LogLine]:
        return ()
