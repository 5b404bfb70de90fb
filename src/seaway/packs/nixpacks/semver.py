"""npm version ranges as sets of intervals, with the oddities that the vectors pin down.

Words that are no version are skipped; `<=18` excludes 18 (it ends before 18.0.0-0); comparators of one group
that do not overlap count as alternatives; a prerelease is an ordinary version in an overlap.
"""

import re
from dataclasses import dataclass

Version = tuple[int, int, int, tuple[object, ...]]

_RELEASE: tuple[object, ...] = (1,)
_PART = r"(?:[xX*]|\d{1,15})"
_VERSION = rf"""v?\s*(?P<major>{_PART})(?:\.(?P<minor>{_PART})(?:\.(?P<patch>{_PART})
    (?:-?(?P<pre>[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z.-]+)?)?)?"""
_COMPARATOR = re.compile(rf"(?P<op>>=|<=|~>|[<>=~^])?\s*{_VERSION}(?=\s|\Z)", re.VERBOSE)
_HYPHEN = re.compile(r"\s+-\s+")
_BLANK = re.compile(r"\s+")
_WORD = re.compile(r"\S+")


@dataclass(frozen=True)
class Bound:
    version: Version
    closed: bool


@dataclass(frozen=True)
class Interval:
    """None means without an end."""

    low: Bound | None = None
    high: Bound | None = None

    def overlap(self, other: "Interval") -> "Interval | None":
        """What both have in common, None if nothing."""
        lows = [bound for bound in (self.low, other.low) if bound]
        highs = [bound for bound in (self.high, other.high) if bound]
        low = max(lows, key=lambda bound: (bound.version, not bound.closed), default=None)
        high = min(highs, key=lambda bound: (bound.version, bound.closed), default=None)
        if low and high:
            if low.version > high.version:
                return None
            if low.version == high.version and not (low.closed and high.closed):
                return None
        return Interval(low, high)


@dataclass(frozen=True)
class _Partial:
    """A version as written; None for a part that is absent or x."""

    major: int | None
    minor: int | None
    patch: int | None
    pre: tuple[object, ...]

    @property
    def floor(self) -> Version:
        return (self.major or 0, self.minor or 0, self.patch or 0, self.pre)

    @property
    def is_full(self) -> bool:
        return self.major is not None and self.minor is not None and self.patch is not None

    @property
    def ceiling(self) -> Version:
        """The first version after all that this can stand for; `major` must be known."""
        if self.minor is None:
            return _before((self.major or 0) + 1, 0, 0)
        return _before(self.major or 0, self.minor + 1, 0)


def parse_range(text: str) -> tuple[Interval, ...] | None:
    """The alternatives of a range; None if nothing in it is a version."""
    found: list[Interval] = []
    seen = False
    for group in text.split("||"):
        comparators = _comparators(group.strip())
        seen = seen or comparators is not None
        for interval in comparators or ():
            found.append(interval)
    return tuple(found) if seen else None


def overlaps(alternatives: tuple[Interval, ...], wanted: Interval) -> bool:
    return any(interval.overlap(wanted) for interval in alternatives)


def major_interval(major: int) -> Interval:
    """`M.x.x`."""
    return Interval(_from(_release(major, 0, 0)), _until(_before(major + 1, 0, 0)))


def _comparators(group: str) -> list[Interval] | None:
    """The group's intervals, those that overlap made one; None if it holds no version at all."""
    hyphen = _hyphen(group)
    if hyphen:
        return hyphen
    position, found, seen = 0, list[Interval](), False
    while position < len(group):
        match = _COMPARATOR.match(group, position)
        if match:
            seen = True
            interval = _interval(match["op"] or "", _partial(match))
            if interval:
                found = _joined(found, interval)
        else:
            match = _WORD.match(group, position)
        position = match.end() if match else position + 1
        blank = _BLANK.match(group, position)
        position = blank.end() if blank else position
    return found if seen else None


def _joined(found: list[Interval], interval: Interval) -> list[Interval]:
    common = found[-1].overlap(interval) if found else None
    return [*found[:-1], common] if common else [*found, interval]


def _hyphen(group: str) -> list[Interval] | None:
    ends = [_COMPARATOR.fullmatch(end) for end in _HYPHEN.split(group)]
    if len(ends) != 2 or not ends[0] or not ends[1] or ends[0]["op"] or ends[1]["op"]:
        return None
    low, high = _partial(ends[0]), _partial(ends[1])
    if high.major is None:
        return []
    bound = Bound(high.floor, True) if high.is_full else _until(high.ceiling)
    return [Interval(None if low.major is None else _from(low.floor), bound)]


def _interval(op: str, at: _Partial) -> Interval | None:
    """What one comparator allows, None for nothing."""
    if at.major is None:
        return None if op in ("<", ">") else Interval()
    if op == ">":
        return Interval(Bound(at.floor, False) if at.is_full else _from(_next_release(at)))
    if op == ">=":
        return Interval(_from(at.floor))
    if op == "<":
        return Interval(None, _until(at.floor if at.is_full else _before(*at.floor[:3])))
    if op == "<=":
        return Interval(None, Bound(at.floor if at.is_full else _before(*at.floor[:3]), True))
    if op == "^":
        return Interval(_from(at.floor), _until(_caret_end(at)))
    if op in ("~", "~>"):
        return Interval(_from(at.floor), _until(at.ceiling))
    if at.is_full:
        return Interval(_from(at.floor), Bound(at.floor, True))
    return Interval(_from(at.floor), _until(at.ceiling))


def _next_release(at: _Partial) -> Version:
    return (*at.ceiling[:3], _RELEASE)


def _caret_end(at: _Partial) -> Version:
    major, minor, patch, _pre = at.floor
    if major or at.minor is None:
        return _before(major + 1, 0, 0)
    if minor or at.patch is None:
        return _before(0, minor + 1, 0)
    return _before(0, 0, patch + 1)


def _partial(match: re.Match[str]) -> _Partial:
    major, minor, patch = (_number(match[name]) for name in ("major", "minor", "patch"))
    minor = None if major is None else minor
    patch = None if minor is None else patch
    pre = _prerelease(match["pre"]) if match["pre"] and patch is not None else _RELEASE
    return _Partial(major, minor, patch, pre)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdigit() else None


def _prerelease(text: str) -> tuple[object, ...]:
    parts = text.split(".")
    return (0, *((0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts))


def _release(major: int, minor: int, patch: int) -> Version:
    return (major, minor, patch, _RELEASE)


def _before(major: int, minor: int, patch: int) -> Version:
    """`M.m.p-0`, where npm ends a range that stops short of M.m.p: no prerelease of it is let in."""
    return (major, minor, patch, _prerelease("0"))


def _from(version: Version) -> Bound:
    return Bound(version, True)


def _until(version: Version) -> Bound:
    return Bound(version, False)
