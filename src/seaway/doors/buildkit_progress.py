"""What `docker buildx build --progress rawjson` writes, turned into lines and steps done.

1. An object comes on one line (newer buildx) or indented over several (0.13); plain lines of text stand between them.
2. A vertex is told many times, whenever something about it changes; its digest says which it is.
3. Output comes base64-encoded in pieces that end anywhere.
"""

import base64
import json
import re
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from seaway.core.build_failure import MAX_LINES, FailedBuild
from seaway.core.events import Progress, Stream

Line = Callable[[Stream, str], None]

MAX_OBJECT_BYTES = 16 * 1024**2
MAX_LINE = 16 * 1024
MAX_NAME = 200
_BIG_BYTES = 1_000_000
_INTERNAL = ("[internal]", "[context ")
_CONTEXT = "[internal] load build context"
_EXPORT = "exporting to image"
_MOMENT_S = 0.001
_MOUNT = re.compile(r"--mount=\S+ ")
_TERMINAL_CODE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")


@dataclass
class _Vertex:
    """One step as far as it was told; `number` is given when it begins. A base image begins and ends twice: it is
    looked up first."""

    name: str
    number: int = 0
    started: str | None = None
    completed: str | None = None
    cached: bool = False
    error: str = ""
    is_told: bool = False
    rests: dict[Stream, bytes] = field(default_factory=lambda: defaultdict(bytes))
    last_lines: deque[str] = field(default_factory=lambda: deque(maxlen=MAX_LINES))

    @property
    def is_step(self) -> bool:
        return not self.name.startswith(_INTERNAL)

    @property
    def is_shown(self) -> bool:
        return self.is_step or self.name == _CONTEXT

    @property
    def title(self) -> str:
        name = " ".join(_MOUNT.sub("", self.name.removeprefix("[internal] ")).split())
        return name if len(name) <= MAX_NAME else name[: MAX_NAME - 1] + "…"

    @property
    def seconds(self) -> float:
        if not self.started or not self.completed:
            return 0.0
        return (_time(self.completed) - _time(self.started)).total_seconds()


class BuildProgress:
    """Is fed what the program writes to stderr; tells lines and progress as they become known."""

    def __init__(self, line: Line, progress: Callable[[Progress], None]) -> None:
        self._line = line
        self._progress = progress
        self._objects = ObjectSplitter(self._told, self._plain)
        self._vertices: dict[str, _Vertex] = {}
        self._finished_transfers: set[tuple[str, str]] = set()
        self._count = 0
        self._latest = ""
        self._last_progress = Progress(0, 0)
        self._plain_lines: deque[str] = deque(maxlen=200)

    def feed(self, chunk: bytes) -> None:
        self._objects.feed(chunk)
        self._tell_progress()

    def end(self) -> None:
        self._objects.end()
        for vertex in self._vertices.values():
            self._flush(vertex)
        self._tell_progress()

    def failure(self, app: str) -> FailedBuild:
        """What is known of a build that ended badly."""
        failed = next((v for v in self._vertices.values() if v.error and "context canceled" not in v.error), None)
        errors = [text.removeprefix("ERROR: ") for text in self._plain_lines if text.startswith("ERROR: ")]
        error = errors[-1].removeprefix("failed to solve: ") if errors else "\n".join(self._plain_lines)
        excerpt = tuple(text for text in self._plain_lines if ">>>" in text)
        if failed is None:
            return FailedBuild("", error, (), excerpt, app)
        return FailedBuild(failed.title, error or failed.error, tuple(failed.last_lines), excerpt, app)

    def _plain(self, text: str) -> None:
        self._plain_lines.append(text)
        self._line("err", text)

    def _told(self, told: Mapping[str, Any]) -> None:
        logs, statuses = told.get("logs") or (), told.get("statuses") or ()
        ended = []
        for each in told.get("vertexes") or ():
            vertex = self._vertex(each)
            # What one object tells of a step's work comes before its end.
            if logs or statuses:
                ended.append(vertex)
            else:
                self._finish(vertex)
        for each in statuses:
            self._status(each)
        for each in logs:
            self._log(each)
        for each in told.get("warnings") or ():
            self._line("warn", base64.b64decode(each.get("short", "")).decode(errors="replace"))
        for vertex in ended:
            self._finish(vertex)

    def _vertex(self, told: Mapping[str, Any]) -> _Vertex:
        vertex = self._vertices.setdefault(told["digest"], _Vertex(told.get("name", "")))
        vertex.started = told.get("started") or vertex.started
        vertex.completed = told.get("completed") or vertex.completed
        vertex.cached = vertex.cached or bool(told.get("cached"))
        vertex.error = told.get("error") or vertex.error
        if vertex.started:
            self._begin(vertex)
        return vertex

    def _begin(self, vertex: _Vertex) -> None:
        if vertex.number or not vertex.is_shown:
            return
        self._count += 1
        vertex.number = self._count
        self._latest = vertex.title
        self._line("say", f"#{vertex.number} {vertex.title}")

    def _finish(self, vertex: _Vertex) -> None:
        if vertex.is_told or not vertex.completed:
            return
        self._flush(vertex)
        # The looking up takes no time; what is told is that it was cached, or fetched.
        if not vertex.number or not (vertex.cached or vertex.error or vertex.seconds >= _MOMENT_S):
            return
        vertex.is_told = True
        if vertex.error:
            self._line("err", f"#{vertex.number} ERROR: {' '.join(vertex.error.split())}")
        else:
            self._line("say", f"#{vertex.number} " + ("CACHED" if vertex.cached else f"DONE {vertex.seconds:.1f}s"))

    def _status(self, told: Mapping[str, Any]) -> None:
        vertex = self._vertices.get(told["vertex"])
        key = (told["vertex"], told["id"])
        if vertex is None or not vertex.number or not told.get("completed") or key in self._finished_transfers:
            return
        self._finished_transfers.add(key)
        size = max(told.get("current") or 0, told.get("total") or 0)
        size_text = f" {size / 1e6:.1f} MB" if size >= _BIG_BYTES else ""
        self._line("say", f"#{vertex.number} {told['id'].rstrip(':')}{size_text}")

    def _log(self, told: Mapping[str, Any]) -> None:
        vertex = self._vertices.get(told["vertex"])
        if vertex is None:
            return
        self._begin(vertex)
        stream: Stream = "err" if told.get("stream") == 2 else "out"
        *whole, rest = (vertex.rests[stream] + base64.b64decode(told.get("data") or "")).split(b"\n")
        if len(rest) > MAX_LINE:
            whole, rest = [*whole, rest], b""
        vertex.rests[stream] = rest
        for raw in whole:
            self._output(vertex, stream, raw)

    def _output(self, vertex: _Vertex, stream: Stream, raw: bytes) -> None:
        text = _readable(raw)
        vertex.last_lines.append(text)
        self._line(stream, f"#{vertex.number} {text}")

    def _flush(self, vertex: _Vertex) -> None:
        for stream, raw in vertex.rests.items():
            if raw:
                self._output(vertex, stream, raw)
        vertex.rests.clear()

    def _tell_progress(self) -> None:
        steps = [vertex for vertex in self._vertices.values() if vertex.is_step]
        if not steps:
            return
        # The export is told of only once all else is done; it counts from the beginning.
        total = len(steps) + all(vertex.name != _EXPORT for vertex in steps)
        done = sum(vertex.completed is not None and not vertex.error for vertex in steps)
        now = Progress(done, total, self._latest)
        if now != self._last_progress:
            self._last_progress = now
            self._progress(now)


class ObjectSplitter:
    """Tells the JSON objects of a stream of chunks, and the lines between them that are none."""

    def __init__(self, told: Callable[[dict[str, Any]], None], plain: Callable[[str], None]) -> None:
        self._told = told
        self._plain = plain
        self._rest = b""
        self._searched = 0
        """So many bytes of the rest hold no end of the object that began; not looked at twice."""

    def feed(self, chunk: bytes) -> None:
        buffer, start, searched = self._rest + chunk, 0, self._searched
        while True:
            end = self._end_of_object(buffer, start, searched)
            if end < 0:
                break
            self._piece(buffer[start:end])
            start, searched = end, 0
        self._rest = buffer[start:]
        self._searched = max(0, len(self._rest) - 2)
        if len(self._rest) > MAX_OBJECT_BYTES:
            self.end()

    def end(self) -> None:
        rest, self._rest, self._searched = self._rest, b"", 0
        self._piece(rest)

    @staticmethod
    def _end_of_object(buffer: bytes, start: int, searched: int) -> int:
        """Where the object or line at `start` ends, its line break included; -1 when that is not there yet."""
        spans_lines = buffer.startswith(b"{\n", start)
        mark = b"\n}\n" if spans_lines else b"\n"
        if len(buffer) == start + 1 and buffer.endswith(b"{"):
            return -1
        found = buffer.find(mark, start + searched)
        return found + len(mark) if found >= 0 else -1

    def _piece(self, piece: bytes) -> None:
        if piece.startswith(b"{"):
            told = _object(piece)
            if told is not None:
                self._told(told)
                return
        for raw in piece.splitlines():
            self._plain(_readable(raw))


def _object(piece: bytes) -> dict[str, Any] | None:
    try:
        told = json.loads(piece)
    except ValueError:
        return None
    return told if isinstance(told, dict) else None


def _readable(raw: bytes) -> str:
    """Without terminal codes; of a line that was written over and over, what it showed last."""
    text = raw.decode(errors="replace").rstrip("\r")
    if "\r" in text:
        text = text.rpartition("\r")[2]
    return _TERMINAL_CODE.sub("", text) if "\x1b" in text else text


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
