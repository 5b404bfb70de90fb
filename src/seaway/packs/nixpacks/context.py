"""What a provider sees (the tree and the variables) and what it hands back (a draft)."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from seaway.core.errors import Invalid
from seaway.core.plan import Phase, Plan, UnreadableFile
from seaway.core.tree import Tree


class CannotPlan(Invalid):
    """The app is of a known kind, but something that its plan needs is missing or contradictory."""

    code = "plan.cannot_decide"


class UnsupportedVersion(Invalid):
    """The app asks for a version of a toolchain that no package provides."""

    code = "plan.unsupported_version"


@dataclass(frozen=True)
class Context:
    """`env`: every variable given, those of the configuration file included."""

    tree: Tree
    env: Mapping[str, str]

    def variable(self, name: str) -> str | None:
        """NIXPACKS_<name> without newlines."""
        value = self.env.get(f"NIXPACKS_{name}")
        return None if value is None else value.replace("\n", "")

    def is_truthy(self, name: str) -> bool:
        return self.variable(name) in ("1", "true")

    def has(self, path: str) -> bool:
        return self.tree.has(path)

    def text(self, path: str) -> str | None:
        """The file's text, None if there is no such file. Raises UnreadableFile."""
        return self.tree.read(path) if self.tree.has(path) else None

    def text_or_none(self, path: str) -> str | None:
        """The file's text, None also if it cannot be read."""
        try:
            return self.text(path)
        except UnreadableFile:
            return None

    def first_having(self, *paths: str) -> str | None:
        return next((path for path in paths if self.tree.has(path)), None)

    def texts(self, pattern: str) -> Iterator[str]:
        """The readable texts of all files that match a glob, in walk order."""
        for path in self.tree.find(pattern):
            try:
                yield self.tree.read(path)
            except UnreadableFile:
                continue

    def search(self, pattern: str, regex: re.Pattern[str]) -> re.Match[str] | None:
        """The first match of a regular expression in the files that match a glob."""
        return next((match for text in self.texts(pattern) if (match := regex.search(text))), None)

    def contains(self, path: str, regex: re.Pattern[str]) -> bool:
        text = self.text_or_none(path)
        return text is not None and regex.search(text) is not None


@dataclass(frozen=True)
class Draft:
    """A provider's plan; `tags` go into the metadata, `notes` are sentences for people."""

    plan: Plan
    tags: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Provider(Protocol):
    """A plug-in of `providers/`; the lowest `order` that detects an app plans it."""

    name: str
    order: int

    def detects(self, ctx: Context) -> bool: ...

    def plan(self, ctx: Context) -> Draft | None: ...


# Phases as nearly every provider makes them.


def setup(*pkgs: str, archive: str | None = None) -> Phase:
    return Phase(nix_pkgs=pkgs, nix_overlays=(), nixpkgs_archive=archive)


def install(*cmds: str, cache: Iterable[str] = (), files: Iterable[str] = ()) -> Phase:
    return Phase(
        depends_on=("setup",),
        cmds=cmds or None,
        cache_directories=sorted_unique(cache) or None,
        only_include_files=tuple(files) or None,
    )


def build(*cmds: str, after: tuple[str, ...] = ("install",), cache: Iterable[str] = ()) -> Phase:
    return Phase(depends_on=after, cmds=cmds or None, cache_directories=sorted_unique(cache) or None)


AFTER_SETUP = ("install", "setup")


def sorted_unique(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(items)))


def phases(**named: Phase | None) -> dict[str, Phase]:
    return {name: phase for name, phase in named.items() if phase is not None}
