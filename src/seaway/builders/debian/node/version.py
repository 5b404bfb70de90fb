"""Which version of Node a plan gets, out of those that the npm registry carries (versions.json).

1. The plan's package gives the major version: it is what Nixpacks would take.
2. Whoever asked for more than a major (an exact version, a range) gets the newest version of that major that fits.
3. Whoever asked for a major that Nixpacks does not know (23, 24) gets it; Nixpacks falls back to 18 without a word.
4. Where nobody asked: 18 as long as the lock file tells that the app's own dependencies take it, else the newest even
   version that all of them take; 22 where no lock file tells what they take.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from seaway.builders.debian.node.manifest import Manifest, json_of
from seaway.builders.debian.node.semver import Range, Version, newest, parse_range, parse_version, satisfies
from seaway.core.errors import Invalid
from seaway.core.plan import Plan
from seaway.core.tree import Tree

DEFAULT_MAJOR = 18
UNTOLD_MAJOR = 22
VARIABLE = "NIXPACKS_NODE_VERSION"
_LTS = {"hydrogen": 18, "iron": 20, "jod": 22, "krypton": 24, "*": 24}
_PACKAGE = re.compile(r"(?:pkgs\.)?nodejs(?:-slim)?(?:[_-](\d+)(?:_x)?)?\Z")


# An entry of pnpm-lock.yaml, `/name@1.2.3:` or `name@1.2.3(peer@1):`, with what it says about Node.
_PNPM_ENGINES = re.compile(
    r"""^  '?/?((?:@[^/\s'@]+/)?[^/\s'@]+)[@/][^\n]*:\n(?:    \S[^\n]*\n)*?"""
    r"""    engines: \{[^}\n]*\bnode: '?([^'}\n,]+)""",
    re.MULTILINE,
)


class NodeVersionUnavailable(Invalid):
    code = "builder.node_version_unavailable"

    def __init__(self, asked: str, where: str) -> None:
        majors = sorted({version.partition(".")[0] for version in available()}, key=int)
        newest_of = [next(v for v in reversed(available()) if v.startswith(f"{major}.")) for major in majors]
        super().__init__(
            f"Node {asked}, asked for by {where}, is not to be had.",
            remedy=f"Ask for one of {', '.join(majors)}, or an exact version of them (the newest: "
            f'{", ".join(newest_of)}); in package.json: "engines": {{"node": "{majors[-1]}"}}.',
        )


@dataclass(frozen=True)
class Wish:
    """What was asked for, and by which setting or file."""

    text: str
    where: str


@dataclass(frozen=True)
class NodeVersion:
    version: str
    notes: tuple[str, ...] = ()

    @property
    def numbers(self) -> Version:
        return parse_version(self.version)


def choose(plan: Plan, manifest: Manifest, tree: Tree, env: Mapping[str, str]) -> NodeVersion:
    """Raises NodeVersionUnavailable."""
    major = major_of(plan) or DEFAULT_MAJOR
    wish = wished(plan, manifest, tree, env)
    if wish is None:
        return _unasked(major, manifest, tree)
    wanted = _range_of(wish)
    if wanted is None:
        version = _newest_of(major)
        return NodeVersion(
            version, (f"{wish.where} asks for Node {wish.text!r}, which is no version: Node {version}.",)
        )
    found = newest(_of(major), wanted)
    if found is None and major != DEFAULT_MAJOR and newest(available(), wanted) is not None:
        version = _newest_of(major)
        note = f"nixpacks.toml names Node {major}; {wish.where} asks for {wish.text}. Node {version} it is."
        return NodeVersion(version, (note,))
    found = found or _newest_even(wanted)
    if found is None:
        raise NodeVersionUnavailable(wish.text, wish.where)
    return NodeVersion(found, (f"Node {found}: {wish.where} asks for {wish.text}.",))


def major_of(plan: Plan) -> int | None:
    """The major version that the plan's Node package names."""
    names = [match for name in package_names(plan) if (match := _PACKAGE.match(name))]
    return next((int(match[1]) for match in names if match[1]), None)


def is_node(package: str) -> bool:
    return _PACKAGE.match(package) is not None


def package_names(plan: Plan) -> list[str]:
    return [name for phase in (plan.phases or {}).values() for name in phase.nix_pkgs or ()]


def wished(plan: Plan, manifest: Manifest, tree: Tree, env: Mapping[str, str]) -> Wish | None:
    """The first of the places where Nixpacks looks that asks for anything."""
    variable = env.get(VARIABLE) or (plan.variables or {}).get(VARIABLE)
    if variable:
        return Wish(variable.strip(), VARIABLE)
    if manifest.engines.get("node"):
        return None if manifest.engines["node"] == "*" else Wish(manifest.engines["node"], "engines of package.json")
    for name in (".nvmrc", ".node-version"):
        if tree.has(name) and (text := tree.read(name).strip()):
            return Wish(text, name)
    return None


@cache
def table() -> Mapping[str, Any]:
    data: Mapping[str, Any] = json.loads((resources.files(__package__) / "versions.json").read_text())
    return data


def available() -> Sequence[str]:
    """All versions of Node that can be had, oldest first."""
    versions: list[str] = table()["node"]
    return versions


def _unasked(major: int, manifest: Manifest, tree: Tree) -> NodeVersion:
    version = _newest_of(major)
    if major != DEFAULT_MAJOR:
        return NodeVersion(version, (f"Node {version}: the plan names nodejs_{major}.",))
    needs = _needs(manifest, tree)
    if needs is None and manifest.all_dependencies:
        version = _newest_of(UNTOLD_MAJOR)
        return NodeVersion(version, (f"Node {version}: nobody asked for a version, and no lock file tells one.",))
    against = [name for name, wanted in (needs or {}).items() if not satisfies(parse_version(version), wanted)]
    if not against:
        return NodeVersion(
            version,
            (f'Node {version}, as nobody asked for a version. Better ask: "engines": {{"node": "22"}}.',),
        )
    fitting = [v for v in available() if all(satisfies(parse_version(v), wanted) for wanted in (needs or {}).values())]
    chosen = (_newest_even(_any_of(fitting)) if fitting else None) or _newest_of(UNTOLD_MAJOR)
    names = ", ".join(against[:5]) + (", ..." if len(against) > 5 else "")
    return NodeVersion(chosen, (f"Node {chosen}: nobody asked for a version, and {names} takes no 18.",))


def _needs(manifest: Manifest, tree: Tree) -> dict[str, Range] | None:
    """What the app's direct dependencies say about Node, as far as a lock file tells; None when none does."""
    if tree.has("package-lock.json"):
        texts = _of_npm(manifest, tree)
    elif tree.has("pnpm-lock.yaml"):
        texts = _of_pnpm(manifest, tree)
    else:
        return None
    found = {name: parse_range(text) for name, text in texts.items()}
    return {name: wanted for name, wanted in found.items() if wanted}


def _of_npm(manifest: Manifest, tree: Tree) -> dict[str, str]:
    locked = json_of(tree, "package-lock.json").get("packages")
    entries = locked if isinstance(locked, dict) else {}
    found: dict[str, str] = {}
    for name in manifest.all_dependencies:
        entry = entries.get(f"node_modules/{name}")
        engines = entry.get("engines") if isinstance(entry, dict) else None
        text = engines.get("node") if isinstance(engines, dict) else None
        if isinstance(text, str):
            found[name] = text
    return found


def _of_pnpm(manifest: Manifest, tree: Tree) -> dict[str, str]:
    """Of several versions of a package the last one, which is the newest in nearly all cases."""
    found = _PNPM_ENGINES.finditer(tree.read("pnpm-lock.yaml"))
    return {match[1]: match[2] for match in found if match[1] in manifest.all_dependencies}


def _range_of(wish: Wish) -> Range | None:
    alias = wish.text.removeprefix("lts/").lower()
    if alias in _LTS and wish.text != "*":
        return parse_range(str(_LTS[alias]))
    return parse_range(wish.text)


def _any_of(versions: Sequence[str]) -> Range:
    return tuple(parsed[0] for version in versions if (parsed := parse_range(version)))


def _newest_even(wanted: Range) -> str | None:
    """Even majors are those that are supported for long; an odd one only when nothing else fits."""
    even = [version for version in available() if parse_version(version)[0] % 2 == 0]
    return newest(even, wanted) or newest(available(), wanted)


def _of(major: int) -> list[str]:
    return [version for version in available() if version.startswith(f"{major}.")]


def _newest_of(major: int) -> str:
    versions = _of(major)
    if not versions:
        raise NodeVersionUnavailable(str(major), "the plan")
    return versions[-1]
