"""Which paths .gitignore and .dockerignore leave out, matched as git and Docker match them.

1. Both match one path at a time, on the way down: who walks the tree does not go into what is left out.
2. Git: the deepest .gitignore that says something wins, in it the last line. A line without an inner slash matches
   the name at any depth, else the path from the file's folder. What is in a folder that is left out stays out.
3. Docker (moby's patternmatcher with parents' results): lines match from the root; one that matches a folder counts
   for all in it, the last line wins, and a `!` line reaches into a folder that is left out.
"""

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_CLASSES = {
    "alpha": "a-zA-Z",
    "digit": "0-9",
    "alnum": "a-zA-Z0-9",
    "upper": "A-Z",
    "lower": "a-z",
    "space": r"\s",
    "blank": r" \t",
    "punct": r"!-/:-@\[-`{-~",
    "xdigit": "0-9A-Fa-f",
    "word": r"\w",
}
_NEVER = r"(?!)"


@dataclass(frozen=True)
class _Line:
    pattern: re.Pattern[str]
    keeps: bool
    folders_only: bool = False


@dataclass(frozen=True)
class GitIgnore:
    """One .gitignore file; `base` is its folder, `""` or ending in a slash."""

    base: str
    lines: tuple[_Line, ...]
    any_line: re.Pattern[str]

    def verdict(self, path: str, is_folder: bool) -> bool | None:
        """True: leave it out, False: keep it, None: nothing is said about it."""
        inner = path.removeprefix(self.base)
        if not self.any_line.match(inner):
            return None
        for line in reversed(self.lines):
            if (is_folder or not line.folders_only) and line.pattern.match(inner):
                return not line.keeps
        return None


def parse_gitignore(text: str, base: str = "") -> GitIgnore:
    lines = tuple(filter(None, map(_git_line, text.split("\n"))))
    return GitIgnore(base, lines, _any_of(lines))


def is_git_ignored(files: Sequence[GitIgnore], path: str, is_folder: bool) -> bool:
    """`files` from the outermost to the deepest; `path` from where their bases begin."""
    for file in reversed(files):
        verdict = file.verdict(path, is_folder)
        if verdict is not None:
            return verdict
    return False


def _git_line(raw: str) -> _Line | None:
    text = re.sub(r"(?<!\\) +\Z", "", raw.removesuffix("\r"))
    if not text or text.startswith("#"):
        return None
    keeps = text.startswith("!")
    text = text[1:] if keeps else text
    folders_only = text.endswith("/")
    text = text.removesuffix("/")
    if not text:
        return None
    anchored = "/" in text
    regex = _git_regex(text.removeprefix("/"), anchored)
    return _Line(re.compile(rf"{regex}\Z", re.DOTALL), keeps, folders_only)


def _git_regex(text: str, anchored: bool) -> str:
    if not anchored:
        return "(?:.*/)?" + _wildcards(text, negation="!^")
    parts = text.split("/")
    out = []
    for at, part in enumerate(parts):
        last = at == len(parts) - 1
        if part == "**":
            out.append(".+" if last else "(?:.*/)?")
        else:
            out.append(_wildcards(part, negation="!^") + ("" if last else "/"))
    return "".join(out)


@dataclass(frozen=True)
class Verdict:
    """`matched` are the numbers of the lines that matched, which count for all in the folder too."""

    left_out: bool = False
    matched: frozenset[int] = frozenset()


NOTHING_SAID = Verdict()


@dataclass(frozen=True)
class DockerIgnore:
    lines: tuple[_Line, ...] = ()
    any_line: re.Pattern[str] = re.compile(_NEVER)
    reaches: tuple[re.Pattern[str], ...] = ()
    """For each `!` line, the folders in which it may keep something."""

    def verdict(self, path: str, of_folder: Verdict = NOTHING_SAID) -> Verdict:
        """What is said about a path whose folder was judged before."""
        if not of_folder.matched and not self.any_line.match(path):
            return NOTHING_SAID
        left_out, matched = False, set()
        for number, line in enumerate(self.lines):
            # As in Docker, a line that would change nothing is not tried, and so is not handed down either.
            inherited = number in of_folder.matched
            if inherited or (line.keeps == left_out and line.pattern.match(path)):
                matched.add(number)
                left_out = not line.keeps
        return Verdict(left_out, frozenset(matched))

    def names_to_keep(self, path: str) -> bool:
        """True when the last line that names this very path, not only its folder, is a `!` line."""
        if not self.any_line.match(path):
            return False
        return next((line.keeps for line in reversed(self.lines) if line.pattern.match(path)), False)

    def may_keep_something_in(self, folder: str) -> bool:
        return any(reach.match(folder) for reach in self.reaches)


def parse_dockerignore(text: str) -> DockerIgnore:
    patterns = list(_docker_patterns(text))
    lines = tuple(_Line(re.compile(rf"{_docker_regex(p)}\Z", re.DOTALL), keeps) for keeps, p in patterns)
    return DockerIgnore(lines, _any_of(lines), tuple(_reach(p) for keeps, p in patterns if keeps))


def _docker_patterns(text: str) -> Iterator[tuple[bool, str]]:
    for raw in text.removeprefix("\ufeff").split("\n"):
        line = raw.strip()
        if raw.startswith("#") or not line:
            continue
        keeps = line.startswith("!")
        line = line[1:].strip() if keeps else line
        cleaned = posixpath.normpath(line).lstrip("/") if line else ""
        if cleaned not in ("", "."):
            yield keeps, cleaned


def _docker_regex(pattern: str) -> str:
    ending = pattern.removeprefix("**")
    if ending != pattern and not ending.startswith("/") and not set(ending) & set("*?[\\"):
        # Docker compares the end of the path here, so that `**.md` is any Markdown file.
        return ".*" + re.escape(ending)
    out, rest = [], pattern
    while rest:
        before, stars, after = rest.partition("**")
        out.append(_wildcards(before, negation="^"))
        if stars:
            after = after.removeprefix("/")
            out.append("(?:.*/)?" if after else ".*")
        rest = after
    return "".join(out)


def _reach(pattern: str) -> re.Pattern[str]:
    """Matches each folder on the way to what the pattern may name."""
    parts = pattern.split("/")
    open_end = next((n for n, part in enumerate(parts) if "**" in part), None)
    ways = [
        _docker_regex("/".join(parts[:depth])) for depth in range(1, len(parts) if open_end is None else open_end + 1)
    ]
    if open_end is not None:
        ways.append("".join(_docker_regex(part) + "/" for part in parts[:open_end]) + ".*")
    return re.compile(rf"(?:{'|'.join(ways) or _NEVER})\Z", re.DOTALL)


def _any_of(lines: Sequence[_Line]) -> re.Pattern[str]:
    """One pattern for all, since most paths are matched by none."""
    return re.compile("|".join(f"(?:{line.pattern.pattern})" for line in lines) or _NEVER, re.DOTALL)


def _wildcards(glob: str, *, negation: str) -> str:
    """`*`, `?`, `[...]` and backslashes as a regular expression; none of the wildcards takes a slash."""
    out, at = [], 0
    while at < len(glob):
        char = glob[at]
        at += 1
        if char == "*":
            out.append("[^/]*")
        elif char == "?":
            out.append("[^/]")
        elif char == "\\":
            out.append(re.escape(glob[at : at + 1]) if at < len(glob) else _NEVER)
            at += 1
        elif char == "[":
            regex, at = _bracket(glob, at, negation)
            out.append(regex)
        else:
            out.append(re.escape(char))
    return "".join(out)


def _bracket(glob: str, at: int, negation: str) -> tuple[str, int]:
    """The character set whose `[` is just before `at`, and where it ends. An open one matches nothing."""
    negated = at < len(glob) and glob[at] in negation
    at += negated
    items: list[str] = []
    first = at
    while at < len(glob) and (glob[at] != "]" or at == first):
        named = re.match(r"\[:(\w+):\]", glob[at:])
        if named:
            items.append(_CLASSES.get(named[1], ""))
            at += named.end()
            continue
        low, at = _one(glob, at)
        if glob[at : at + 1] == "-" and at + 1 < len(glob) and glob[at + 1] != "]":
            high, at = _one(glob, at + 1)
            items.append(f"{re.escape(low)}-{re.escape(high)}" if low <= high else "")
        else:
            items.append(re.escape(low))
    if at >= len(glob):
        return _NEVER, len(glob)
    members = "".join(items)
    if not members:
        return ("[^/]" if negated else _NEVER), at + 1
    return (f"[^/{members}]" if negated else f"(?!/)[{members}]"), at + 1


def _one(glob: str, at: int) -> tuple[str, int]:
    at += glob[at] == "\\" and at + 1 < len(glob)
    return glob[at], at + 1
