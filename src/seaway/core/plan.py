"""How an app is built and started: phases, a start command, variables; how plans are merged, pinned and written.

An absent value (`None`) and an empty one (`()`, `{}`) are different things: an empty list in a configuration
file takes away what a provider asked for, an absent one leaves it. `to_json` omits what is absent.

Rules a change must keep (the vectors in tests/packs/nixpacks check them):

1. `merge` folds from the left; the right side wins; the marker `"..."` stands for the left side's list and stays
   in the merged list, so that a later merge fills it again. Only `pin` removes markers.
2. A phase that only the right side has starts from `_NEW_PHASES`, except where the left side never had phases.
3. Values are taken over as they are: nothing is sorted here, nothing is made unique.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any, TypeVar

from seaway.core.errors import Invalid

MARKERS = frozenset({"...", "@auto"})
UBUNTU_IMAGE = "ghcr.io/railwayapp/nixpacks:ubuntu-1745885067"
DEBIAN_IMAGE = "ghcr.io/railwayapp/nixpacks:debian-1745885067"
UBUNTU_ARCHIVE = "5148520bfab61f99fd25fb9ff7bfbb50dad3c9db"
DEBIAN_ARCHIVE = "a0b7e70db7a55088d3de0cc370a59f9fbcc906c3"

Texts = tuple[str, ...]
T = TypeVar("T")


class ConfigBroken(Invalid):
    """A configuration file or a given plan cannot be understood."""

    code = "plan.config_broken"

    def __init__(self, file: str, why: str, *, line: int | None = None, remedy: str = "") -> None:
        at = f"{file}, line {line}" if line else file
        super().__init__(f"{at}: {why}.", remedy=remedy or f"Correct {file} and deploy again.")
        self.file, self.line = file, line


class UnreadableFile(Invalid):
    """A file of the app is not text, is not there, or lies outside of the app's folder."""

    code = "plan.unreadable_file"

    def __init__(self, path: str, why: str, *, remedy: str = "") -> None:
        super().__init__(f"{path} cannot be read: {why}.", remedy=remedy or f"Save {path} as UTF-8 text, or remove it.")
        self.path = path


class NothingToPlan(Invalid):
    """No provider knows this app, and nothing says how to build it."""

    code = "plan.nothing_to_plan"


class NoStartCommand(Invalid):
    """The app can be built, but nothing says how it starts."""

    code = "plan.no_start_command"


@dataclass(frozen=True)
class Phase:
    """One step of a build; its name is its key in `Plan.phases`. Directories and files are as written by people."""

    depends_on: Texts | None = None
    nix_pkgs: Texts | None = None
    nix_libs: Texts | None = None
    nix_overlays: Texts | None = None
    nixpkgs_archive: str | None = None
    apt_pkgs: Texts | None = None
    cmds: Texts | None = None
    only_include_files: Texts | None = None
    cache_directories: Texts | None = None
    paths: Texts | None = None


@dataclass(frozen=True)
class Start:
    """How a release is started; with `run_image` it runs on another image than it was built on."""

    cmd: str | None = None
    run_image: str | None = None
    only_include_files: Texts | None = None
    user: str | None = None


@dataclass(frozen=True)
class Plan:
    """`variables`: name to value; `static_assets`: file name to text; `phases`: phase name to phase."""

    providers: Texts | None = None
    build_image: str | None = None
    variables: Mapping[str, str] | None = None
    static_assets: Mapping[str, str] | None = None
    phases: Mapping[str, Phase] | None = None
    start: Start | None = None


_NEW_PHASES = {"install": Phase(depends_on=("setup",)), "build": Phase(depends_on=("install",))}

# Both tables are in the order in which a plan is printed.
_PHASE_KEYS = (
    ("dependsOn", "depends_on"),
    ("nixPkgs", "nix_pkgs"),
    ("nixLibs", "nix_libs"),
    ("nixOverlays", "nix_overlays"),
    ("nixpkgsArchive", "nixpkgs_archive"),
    ("aptPkgs", "apt_pkgs"),
    ("cmds", "cmds"),
    ("onlyIncludeFiles", "only_include_files"),
    ("cacheDirectories", "cache_directories"),
    ("paths", "paths"),
)
_START_KEYS = (
    ("cmd", "cmd"),
    ("runImage", "run_image"),
    ("onlyIncludeFiles", "only_include_files"),
    ("user", "user"),
)
_TEXT_KEYS = frozenset({"nixpkgsArchive", "cmd", "runImage", "user"})
_ALIASES = {
    "nixPkgs": "nixPackages",
    "nixLibs": "nixLibraries",
    "aptPkgs": "aptPackages",
    "cmds": "commands",
    "paths": "envPaths",
}


def merge(*plans: Plan) -> Plan:
    """The plans laid over each other, the last one on top."""
    return reduce(_merge_two, plans, Plan())


def _merge_two(low: Plan, high: Plan) -> Plan:
    return Plan(
        providers=extend(low.providers, high.providers),
        build_image=high.build_image if high.build_image is not None else low.build_image,
        variables=_union(low.variables, high.variables),
        static_assets=_union(low.static_assets, high.static_assets),
        phases=_merge_phases(low.phases, high.phases),
        start=_merge_start(low.start, high.start),
    )


def extend(low: Texts | None, high: Texts | None) -> Texts | None:
    """`high`, where each marker is kept and followed by all of `low`."""
    if high is None:
        return low
    return tuple(text for item in high for text in ((item, *(low or ())) if item in MARKERS else (item,)))


def _union(low: Mapping[str, str] | None, high: Mapping[str, str] | None) -> Mapping[str, str] | None:
    if low is None or high is None:
        return high if low is None else low
    return {**low, **high}


def _merge_phases(low: Mapping[str, Phase] | None, high: Mapping[str, Phase] | None) -> Mapping[str, Phase]:
    if low is None:
        return high or {}
    merged = dict(low)
    for name, phase in (high or {}).items():
        merged[name] = _merge_phase(merged.get(name, _NEW_PHASES.get(name, Phase())), phase)
    return merged


def _merge_phase(low: Phase, high: Phase) -> Phase:
    return Phase(
        depends_on=extend(low.depends_on, high.depends_on),
        nix_pkgs=extend(low.nix_pkgs, high.nix_pkgs),
        nix_libs=extend(low.nix_libs, high.nix_libs),
        nix_overlays=extend(low.nix_overlays, high.nix_overlays),
        nixpkgs_archive=high.nixpkgs_archive if high.nixpkgs_archive is not None else low.nixpkgs_archive,
        apt_pkgs=extend(low.apt_pkgs, high.apt_pkgs),
        cmds=extend(low.cmds, high.cmds),
        only_include_files=extend(low.only_include_files, high.only_include_files),
        cache_directories=extend(low.cache_directories, high.cache_directories),
        paths=extend(low.paths, high.paths),
    )


def _merge_start(low: Start | None, high: Start | None) -> Start | None:
    if low is None or high is None:
        return high if low is None else low
    return Start(
        cmd=high.cmd if high.cmd is not None else low.cmd,
        run_image=high.run_image if high.run_image is not None else low.run_image,
        only_include_files=extend(low.only_include_files, high.only_include_files),
        user=high.user if high.user is not None else low.user,
    )


def pin(plan: Plan, *, debian: bool = False) -> Plan:
    """The finished plan: base image and package archives named, markers gone."""
    archive = DEBIAN_ARCHIVE if debian else UBUNTU_ARCHIVE
    image = DEBIAN_IMAGE if debian else UBUNTU_IMAGE
    return replace(
        plan,
        providers=(),
        build_image=image if plan.build_image is None else plan.build_image,
        phases={name: _pin_phase(phase, archive) for name, phase in (plan.phases or {}).items()},
        start=plan.start and replace(plan.start, only_include_files=_unmarked(plan.start.only_include_files)),
    )


def _pin_phase(phase: Phase, archive: str) -> Phase:
    needs_archive = bool(phase.nix_pkgs or phase.nix_libs) and phase.nixpkgs_archive is None
    return Phase(
        depends_on=_unmarked(phase.depends_on),
        nix_pkgs=_unmarked(phase.nix_pkgs),
        nix_libs=_unmarked(phase.nix_libs),
        nix_overlays=_unmarked(phase.nix_overlays),
        nixpkgs_archive=archive if needs_archive else phase.nixpkgs_archive,
        apt_pkgs=_unmarked(phase.apt_pkgs),
        cmds=_unmarked(phase.cmds),
        only_include_files=_unmarked(phase.only_include_files),
        cache_directories=_unmarked(phase.cache_directories),
        paths=_unmarked(phase.paths),
    )


def _unmarked(items: Texts | None) -> Texts | None:
    return None if items is None else tuple(item for item in items if item not in MARKERS)


def buildable(plan: Plan) -> Plan:
    """The plan itself if it can be built and started. Raises NothingToPlan or NoStartCommand."""
    if not plan.phases:
        raise NothingToPlan(
            "Nothing in this folder says how to build it.",
            remedy="Add the app's manifest (package.json, requirements.txt, go.mod, ...), a nixpacks.toml or a "
            "Dockerfile, or choose the folder that holds the app.",
        )
    if plan.start is None or not plan.start.cmd:
        raise NoStartCommand(
            "The app can be built, but nothing says how to start it.",
            remedy='Set NIXPACKS_START_CMD, or write a Procfile with a line "web: <command>".',
        )
    return plan


def to_json(plan: Plan) -> dict[str, Any]:
    """The plan as `nixpacks plan` prints it: absent keys omitted, maps sorted by key."""
    phases = (
        {name: _values(plan.phases[name], _PHASE_KEYS) for name in sorted(plan.phases or {})} if plan.phases else {}
    )
    whole: dict[str, Any] = {
        "providers": None if plan.providers is None else list(plan.providers),
        "buildImage": plan.build_image,
        "variables": None if plan.variables is None else dict(sorted(plan.variables.items())),
        "staticAssets": None if plan.static_assets is None else dict(sorted(plan.static_assets.items())),
        "phases": None if plan.phases is None else phases,
        "start": None if plan.start is None else _values(plan.start, _START_KEYS),
    }
    return {key: value for key, value in whole.items() if value is not None}


def _values(thing: Phase | Start, keys: Sequence[tuple[str, str]]) -> dict[str, Any]:
    pairs = ((key, getattr(thing, field)) for key, field in keys)
    return {key: list(value) if isinstance(value, tuple) else value for key, value in pairs if value is not None}


def from_json(data: object, *, file: str = "the plan", text: str = "") -> Plan:
    """Read what `to_json` wrote, or a parsed configuration file (`text` is its source, to tell lines).

    Unknown keys are ignored and null counts as absent. Raises ConfigBroken for a value of another type.
    """
    read = Reader(file, text)
    whole = read.table(data, ())
    phases = read.optional_table(whole, "phases", ())
    start = read.optional_table(whole, "start", ())
    return Plan(
        providers=read.texts(whole, "providers", ()),
        build_image=read.text_at(whole, "buildImage", ()),
        variables=read.text_map(whole, "variables", ()),
        static_assets=read.text_map(whole, "staticAssets", ()),
        phases=None
        if phases is None
        else {name: Phase(**read.fields(phase, _PHASE_KEYS, ("phases", name))) for name, phase in phases.items()},
        start=None if start is None else Start(**read.fields(start, _START_KEYS, ("start",))),
    )


def unknown_keys(data: Mapping[str, Any]) -> Texts:
    """Keys of a sound configuration file that `from_json` ignores, as dotted paths."""
    phases, start = data.get("phases") or {}, data.get("start") or {}
    known = {"providers", "buildImage", "variables", "staticAssets", "phases", "start"}
    in_phase = {"name", *(key for key, _field in _PHASE_KEYS), *_ALIASES.values()}
    in_start = {key for key, _field in _START_KEYS}
    return (
        *(key for key in data if key not in known),
        *(f"phases.{name}.{key}" for name, phase in phases.items() for key in phase if key not in in_phase),
        *(f"start.{key}" for key in start if key not in in_start),
    )


@dataclass(frozen=True)
class Reader:
    """Takes typed values out of parsed data; `path` is the way of keys to the table it looks into.

    `text` is the source of `file`, to tell lines. A value of another type raises `error`.
    """

    file: str
    text: str
    error: type[ConfigBroken] = ConfigBroken

    def table(self, value: object, path: Texts) -> dict[str, Any]:
        return self._typed(value, dict, path)

    def optional_table(self, table: Mapping[str, Any], key: str, path: Texts) -> dict[str, Any] | None:
        value = table.get(key)
        return None if value is None else self.table(value, (*path, key))

    def text_at(self, table: Mapping[str, Any], key: str, path: Texts) -> str | None:
        value = table.get(key)
        return None if value is None else self._typed(value, str, (*path, key))

    def list_at(self, table: Mapping[str, Any], key: str, path: Texts) -> list[Any] | None:
        value = table.get(key)
        return None if value is None else self._typed(value, list, (*path, key))

    def texts(self, table: Mapping[str, Any], key: str, path: Texts) -> Texts | None:
        items = self.list_at(table, key, path)
        return None if items is None else tuple(self._typed(item, str, (*path, key)) for item in items)

    def text_map(self, table: Mapping[str, Any], key: str, path: Texts) -> dict[str, str] | None:
        found = self.optional_table(table, key, path)
        if found is None:
            return None
        return {n: self._typed(item, str, (*path, key, n)) for n, item in found.items() if item is not None}

    def fields(self, value: object, keys: Sequence[tuple[str, str]], path: Texts) -> dict[str, Any]:
        """Keyword arguments for Phase or Start, aliases resolved."""
        table = self.table(value, path)
        found: dict[str, Any] = {}
        for key, field in keys:
            alias = _ALIASES.get(key, key)
            if alias != key and key in table and alias in table:
                raise self._broken((*path, alias), f"{key} and {alias} are two names of one thing")
            name = alias if alias in table else key
            found[field] = (self.text_at if key in _TEXT_KEYS else self.texts)(table, name, path)
        return found

    def _typed(self, value: object, kind: type[T], path: Texts) -> T:
        if isinstance(value, kind):
            return value
        name = ".".join(path) or "the whole"
        raise self._broken(path, f"{name} must be {_KINDS[kind]}, not {kind_of(value)}")

    def _broken(self, path: Texts, why: str) -> ConfigBroken:
        return self.error(self.file, why, line=line_of(self.text, path))


_KINDS: Mapping[type, str] = {str: "a text", list: "a list", dict: "a table"}


def kind_of(value: object) -> str:
    """What a parsed value is, in words."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, str):
        return "a text"
    if isinstance(value, list):
        return "a list"
    return "a table" if isinstance(value, dict) else "a date"


def line_of(text: str, path: Sequence[str]) -> int | None:
    """The line (from 1) where the last key of `path` is set in a TOML or JSON source; None if it cannot be told."""
    position, found = 0, False
    for key in path:
        match = re.compile(rf"""(?<![\w-])["']?{re.escape(key)}["']?\s*[\]=:.]""").search(text, position)
        if match:
            position, found = match.start(), True
    return text.count("\n", 0, position) + 1 if found else None
