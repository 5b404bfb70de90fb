"""npm's version ranges over released versions: which versions satisfy one."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

Version = tuple[int, int, int]
_ABOVE_ALL: Version = (1 << 30, 0, 0)

_PARTIAL = r"[v=\s]*(\d+|[xX*])(?:\.(\d+|[xX*]))?(?:\.(\d+|[xX*]))?(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?"
_COMPARATOR = re.compile(rf"(\^|~>?|>=|<=|>|<|)\s*{_PARTIAL}")
_HYPHEN = re.compile(rf"{_PARTIAL}\s+-\s+{_PARTIAL}")


@dataclass(frozen=True)
class Span:
    """Versions from `low` up to, not including, `high`."""

    low: Version
    high: Version

    def __contains__(self, version: Version) -> bool:
        return self.low <= version < self.high


Range = tuple[tuple[Span, ...], ...]
"""Alternatives, each of which is met when all its spans are."""


def parse_version(text: str) -> Version:
    major, minor, patch = (int(part) for part in text.split("."))
    return major, minor, patch


def parse_range(text: str) -> Range | None:
    """The range that the text means, None when it means none. Words that are no versions are skipped: `20 lts`."""
    alternatives = tuple(spans for part in text.split("||") if (spans := _spans(part.strip())) is not None)
    return alternatives or None


def satisfies(version: Version, wanted: Range) -> bool:
    return any(all(version in span for span in spans) for spans in wanted)


def newest(versions: Iterable[str], wanted: Range) -> str | None:
    fitting = [version for version in versions if satisfies(parse_version(version), wanted)]
    return max(fitting, key=parse_version, default=None)


def _spans(text: str) -> tuple[Span, ...] | None:
    hyphen = _HYPHEN.fullmatch(text)
    if hyphen:
        parts = hyphen.groups()
        return (Span(_span("", parts[:3]).low, _span("", parts[3:]).high),)
    # `>= 18` is one comparator: the space behind an operator is not a separator.
    words = re.sub(r"(\^|~>?|>=|<=|>|<|=)\s+", r"\1", text).split()
    matches = [match for word in words if (match := _COMPARATOR.fullmatch(word))]
    return tuple(_span(match[1], match.groups()[1:4]) for match in matches) or None


def _span(operator: str, parts: tuple[str | None, ...]) -> Span:
    numbers = [int(part) for part in _known(parts)]
    low, after = _padded(numbers), _bumped(numbers, len(numbers))
    match operator:
        case ">=":
            return Span(low, _ABOVE_ALL)
        case ">":
            return Span(after, _ABOVE_ALL)
        case "<":
            return Span((0, 0, 0), low)
        case "<=":
            return Span((0, 0, 0), after)
        case "^":
            return Span(low, _bumped(numbers, _first_nonzero(numbers)))
        case "~" | "~>":
            return Span(low, _bumped(numbers, min(len(numbers), 2)))
        case _:
            return Span(low, after)


def _known(parts: tuple[str | None, ...]) -> list[str]:
    """The parts before the first that is left open."""
    known: list[str] = []
    for part in parts:
        if part is None or part in "xX*":
            break
        known.append(part)
    return known


def _padded(numbers: list[int]) -> Version:
    major, minor, patch = [*numbers, 0, 0, 0][:3]
    return major, minor, patch


def _bumped(numbers: list[int], count: int) -> Version:
    """The first version after all those that begin with the first `count` numbers."""
    if count == 0:
        return _ABOVE_ALL
    return _padded([*numbers[: count - 1], numbers[count - 1] + 1])


def _first_nonzero(numbers: list[int]) -> int:
    return next((place for place, number in enumerate(numbers, 1) if number), len(numbers))
