"""From the Nix package names of a plan to packages of the distribution; the table is packages.toml."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from seaway.core.errors import Invalid
from seaway.core.plan import Plan

# Debian's rule for package names, and `=version` behind it; what goes into a shell line must be nothing else.
_APT_NAME = re.compile(r"[a-z0-9][a-z0-9+.-]+(?::[a-z0-9-]+)?(?:=[A-Za-z0-9.+~:-]+)?\Z")


class UnknownPackage(Invalid):
    """A package name that the table does not map."""

    code = "builder.unknown_package"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The plan wants the Nix package {name}, and no package of Debian is known for it.",
            remedy=f'Name the Debian package in nixpacks.toml ([phases.setup] aptPkgs = ["..."]) and leave {name} out, '
            "or build with `--builder nix`.",
        )
        self.name = name


class BadAptName(Invalid):
    code = "builder.bad_apt_package"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name!r} is not the name of a Debian package.", remedy="Correct aptPkgs (NIXPACKS_APT_PKGS) of the app."
        )


@dataclass(frozen=True)
class Packages:
    """Packages of the distribution, sorted: for the build, and those of them that a running app needs too."""

    build: tuple[str, ...] = ()
    run: tuple[str, ...] = ()


def packages_of(plan: Plan, handled: Iterable[str], also_to_build: Iterable[str] = ()) -> Packages:
    """What the plan's phases want; `handled` are the names that the language itself takes care of."""
    build, run = set(also_to_build), set[str]()
    done = set(handled)
    for phase in (plan.phases or {}).values():
        run |= set(map(_checked, phase.apt_pkgs or ()))
        for kind, names in (("packages", phase.nix_pkgs or ()), ("libraries", phase.nix_libs or ())):
            for name in names:
                if name not in done:
                    entry = _entry(kind, name)
                    build |= set(entry.get("build", ()))
                    run |= set(entry.get("run", ()))
    return Packages(tuple(sorted(build | run)), tuple(sorted(run)))


def is_unpackable(package: str) -> bool:
    """Whether a package works without its maintainer scripts: libraries do, and what the table names."""
    name = package.partition("=")[0]
    if name in table()["unpacked"]["not"]:
        return False
    return name in table()["unpacked"]["names"] or re.match(r"lib[a-z0-9+.-]+\Z", name) is not None


@cache
def table() -> Mapping[str, Any]:
    return tomllib.loads((resources.files(__package__) / "packages.toml").read_text())


def _entry(kind: str, name: str) -> Mapping[str, list[str]]:
    entries: Mapping[str, Mapping[str, list[str]]] = table()[kind]
    plain = re.sub(r"^(?:pkgs\.|nixpkgs\.)", "", name)
    for candidate in (name, plain, re.sub(r"\.(?:dev|out|lib|bin)$", "", plain)):
        if candidate in entries:
            return entries[candidate]
    raise UnknownPackage(name)


def _checked(name: str) -> str:
    if _APT_NAME.match(name):
        return name
    raise BadAptName(name)
