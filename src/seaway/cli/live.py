"""A deployment on a terminal: ended steps stay, the running one moves below them with its last lines."""

import time
from collections import deque
from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from seaway.cli.answers import BuildProgress, DeploymentAnswer
from seaway.cli.show import Memory, clean, duration, queued_words, step_line
from seaway.core.events import LogLine

_SHOWN_LINES = 6
_PER_SECOND = 8


class LiveReporter:
    def __init__(self, console: Console) -> None:
        self._memory = Memory()
        self._recent: deque[LogLine] = deque(maxlen=_SHOWN_LINES)
        self._step = "waiting for the server"
        self._since = time.monotonic()
        self._progress: BuildProgress | None = None
        self._spinner = Spinner("dots", style="blue")
        self._live = Live(console=console, get_renderable=self._picture, refresh_per_second=_PER_SECOND, transient=True)
        self._live.start()

    def state(self, deployment: DeploymentAnswer) -> None:
        for step in self._memory.newly_ended(deployment):
            self._print(step_line(step, colour=True))
        now = self._step_words(deployment)
        if now != self._step:
            self._step, self._since, self._progress = now, time.monotonic(), None
            self._recent.clear()

    def lines(self, lines: Sequence[LogLine]) -> None:
        self._memory.keep(lines)
        self._recent.extend(lines[-_SHOWN_LINES:])
        for line in lines:
            if line.stream == "warn":
                self._print(f"! {clean(line.text)}")

    def progress(self, progress: BuildProgress) -> None:
        self._progress = progress

    def note(self, text: str) -> None:
        self._print(text)

    def close(self) -> None:
        self._live.stop()

    def last_lines(self, step: str) -> Sequence[LogLine]:
        return self._memory.last_lines(step)

    def _step_words(self, deployment: DeploymentAnswer) -> str:
        if deployment.status == "queued":
            return queued_words(deployment)
        if deployment.step_now is not None:
            return deployment.step_now.name
        return "cancelling" if deployment.status == "cancelling" else self._step

    def _print(self, text: str) -> None:
        self._live.console.print(Text.from_ansi(text), soft_wrap=True)

    def _picture(self) -> Group:
        head = Table.grid(padding=(0, 1))
        cells: list[RenderableType] = [
            self._spinner,
            Text(self._step),
            Text(duration(time.monotonic() - self._since), style="dim"),
        ]
        if self._progress is not None and self._progress.total:
            bar = ProgressBar(total=self._progress.total, completed=self._progress.done, width=24)
            cells += [bar, Text(f"{self._progress.done} of {self._progress.total}", style="dim")]
        head.add_row(*cells)
        return Group(head, *(self._log_line(line) for line in self._recent))

    def _log_line(self, line: LogLine) -> Text:
        return Text(f"  {clean(line.text)}", style="dim", no_wrap=True, overflow="ellipsis")
