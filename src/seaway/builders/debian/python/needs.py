"""What an app's Python packages want of the distribution: to be compiled, or to run; the table is packages.toml."""

import re
from collections.abc import Mapping
from typing import Any

from seaway.builders.debian.packages import table
from seaway.builders.debian.work import Work

_FILES = ("pyproject.toml", "poetry.lock", "pdm.lock", "uv.lock", "Pipfile", "Pipfile.lock")
# `name = "psycopg2"` of locks; `psycopg2==2.9`, `"psycopg2>=2"` of lists; `psycopg2 = "*"` of Pipfile and poetry.
_WORDS = re.compile(
    r"""(?m)^\s*name = "([\w.-]+)"|^\s*["']?([A-Za-z][\w.-]*)(?:\[[^\]\n]*\])?["']?\s*(?:[=<>!~;:@,"']|$)"""
)
_PINNED = r"""(?im)^\s*["']?{}(?:\[[^\]\n]*\])?\s*==\s*([\d.]+)"""


def needs_of(work: Work) -> tuple[set[str], set[str]]:
    """Packages for the build, and for the image that runs."""
    texts = [work.tree.read(name) for name in _FILES if work.tree.has(name)]
    texts += [work.tree.read(name) for name in work.tree.find("*requirements*.txt")[:20]]
    whole = "\n".join(texts)
    names = {normal(match[1] or match[2]) for match in _WORDS.finditer(whole)}
    build, run = set[str](), set[str]()
    known: Mapping[str, Mapping[str, Any]] = table()["pypi"]
    for name, entry in known.items():
        if name in names and not _has_wheel(name, entry.get("wheel_since"), whole):
            build |= set(entry.get("build", ()))
            run |= set(entry.get("run", ()))
    if re.search(r"git\+(?:https?|ssh):|^\s*git\s*=", whole, re.MULTILINE):
        build.add("git")
    return build, run


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _has_wheel(name: str, since: str | None, text: str) -> bool:
    """Whether what is asked for comes compiled, with its libraries in it."""
    if since is None:
        return False
    pinned = re.search(_PINNED.format(re.escape(name).replace(r"\-", "[-_.]")), text)
    return pinned is None or _numbers(pinned[1]) >= _numbers(since)


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".") if part.isdigit()]
