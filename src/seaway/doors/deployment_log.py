"""The log of a deployment: JSON lines appended to one file, and a bell for those who read along.

A file is never rewritten; an offset is a byte offset of a line's beginning, so that a reader can go on where it was.
What cannot be written, since the disk is full, is lost: no deployment fails for its log.
"""

import asyncio
import json
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from io import BufferedWriter
from pathlib import Path

from seaway.core.events import LogLine, Progress, Stream

_FLUSH_S = 0.05


class FileLog:
    """Implements core.ports.DeploymentLog under one folder. Lines reach the disk's cache within `_FLUSH_S`."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._clock = clock
        self._open: dict[int, BufferedWriter] = {}
        self._bells: dict[int, asyncio.Event] = {}
        self._progress: dict[int, tuple[str, Progress]] = {}
        self._flush_due: asyncio.TimerHandle | None = None

    def append(self, deployment: int, step: str, stream: Stream, text: str) -> None:
        line = [int(self._clock() * 1000), step, stream, text]
        with suppress(OSError):
            self._file(deployment).write(json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
        if self._flush_due is None:
            self._flush_due = asyncio.get_running_loop().call_later(_FLUSH_S, self._flush)

    def progress(self, deployment: int, step: str, progress: Progress) -> None:
        self._progress[deployment] = (step, progress)
        self.ring(deployment)

    def last_progress(self, deployment: int) -> tuple[str, Progress] | None:
        return self._progress.get(deployment)

    def read(self, deployment: int, offset: int, limit_bytes: int) -> tuple[list[LogLine], int]:
        """Whole lines only, at least one if there is one; an offset inside a line is moved to the next."""
        self._flush_one(deployment)
        try:
            with self._path(deployment).open("rb") as file:
                file.seek(max(offset - 1, 0))
                if offset > 0:
                    offset = offset - 1 + len(file.readline())
                data = file.read(limit_bytes)
                if data and not data.endswith(b"\n"):
                    data += file.readline()
        except FileNotFoundError:
            return [], 0
        whole = data[: data.rfind(b"\n") + 1]
        return list(_lines(whole)), offset + len(whole)

    def tail(self, deployment: int, lines: int, window_bytes: int = 512 * 1024) -> list[LogLine]:
        self._flush_one(deployment)
        path = self._path(deployment)
        size = path.stat().st_size if path.exists() else 0
        found, _ = self.read(deployment, max(size - window_bytes, 0), window_bytes)
        return found[-lines:]

    def size(self, deployment: int) -> int:
        self._flush_one(deployment)
        path = self._path(deployment)
        return path.stat().st_size if path.exists() else 0

    def bell(self, deployment: int) -> asyncio.Event:
        """Set at the next change of the deployment's log or state. Take it before looking, or a change is missed."""
        return self._bells.setdefault(deployment, asyncio.Event())

    def ring(self, deployment: int) -> None:
        if bell := self._bells.pop(deployment, None):
            bell.set()

    def close(self, deployment: int) -> None:
        """No more lines will come."""
        if file := self._open.pop(deployment, None):
            with suppress(OSError):
                file.close()
        self._progress.pop(deployment, None)
        self.ring(deployment)

    def forget(self, deployments: Iterable[int]) -> None:
        for deployment in deployments:
            self.close(deployment)
            self._path(deployment).unlink(missing_ok=True)

    def _file(self, deployment: int) -> BufferedWriter:
        if deployment not in self._open:
            self._open[deployment] = self._path(deployment).open("ab")
        return self._open[deployment]

    def _flush(self) -> None:
        self._flush_due = None
        for deployment in self._open:
            self._flush_one(deployment)
            self.ring(deployment)

    def _flush_one(self, deployment: int) -> None:
        if file := self._open.get(deployment):
            with suppress(OSError):
                file.flush()

    def _path(self, deployment: int) -> Path:
        return self._folder / f"{deployment}.jsonl"


def _lines(data: bytes) -> Iterable[LogLine]:
    for raw in data.splitlines():
        try:
            at_ms, step, stream, text = json.loads(raw)
        except ValueError:
            continue  # the half line that a crash left, with the next one's beginning
        yield LogLine(at_ms, step, stream, text)
