"""One text that gives the cause of a failed build away."""

import re
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Sign:
    """A text that gives a cause away, in BuildKit's error or in the program's lines. `{names}` are its groups."""

    cause: str
    where: Literal["error", "lines", "both"]
    pattern: re.Pattern[str]
    title: str
    remedy: str
    commands: tuple[str, ...] = ()


def sign(
    cause: str, where: Literal["error", "lines", "both"], pattern: str, title: str, remedy: str, *commands: str
) -> Sign:
    return Sign(cause, where, re.compile(pattern), title, remedy, commands)
