"""What a deployment tells while it runs: lines of its log and changes of its steps."""

from dataclasses import dataclass
from typing import Literal

Stream = Literal["say", "out", "err", "warn"]


@dataclass(frozen=True)
class LogLine:
    """One line; `at_ms` is Unix time in milliseconds, `step` the step that said it, `stream` who spoke:
    `say` and `warn` are Seaway's own words, `out` and `err` those of a program."""

    at_ms: int
    step: str
    stream: Stream
    text: str


@dataclass(frozen=True)
class Progress:
    """How far a build is: steps done of those known."""

    done: int
    total: int
    text: str = ""
