"""The plans that come before any provider: configuration file, environment; and the Procfile's."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from seaway.core.errors import Missing
from seaway.core.plan import ConfigBroken, Phase, Plan, Reader, Start, Texts, from_json, unknown_keys
from seaway.core.tree import Tree
from seaway.packs.nixpacks.context import Context, sorted_unique
from seaway.packs.nixpacks.files import FileBroken, parse_json, parse_toml, parse_yaml

CONFIG_FILES = ("nixpacks.toml", "nixpacks.json")
# Read before the configuration file is, so that they mean nothing in its [variables].
EARLY_VARIABLES = frozenset(
    f"NIXPACKS_{name}"
    for name in (
        "CONFIG_FILE",
        "PKGS",
        "LIBS",
        "APT_PKGS",
        "INSTALL_CMD",
        "INSTALL_CACHE_DIRS",
        "BUILD_CMD",
        "BUILD_CACHE_DIRS",
        "START_CMD",
    )
)
_ENV_NAME = re.compile(r"(?P<name>[A-Za-z0-9_-]*)=?(?P<value>.*)\Z", re.DOTALL)
_WORDS = re.compile(r"[ ,]+")
_AFTER_BUILD = ("setup", "install", "build")


class ConfigMissing(Missing):
    """The configuration file that was named is not there."""

    code = "plan.config_missing"


def variables_from(items: Sequence[str], process: Mapping[str, str]) -> dict[str, str]:
    """`K=V` texts as a map; a name without a value takes it from `process`, or is dropped."""
    found: dict[str, str] = {}
    for item in items:
        parts = _ENV_NAME.match(item)
        name, value = (parts["name"], parts["value"]) if parts else ("", item)
        given = value or process.get(name)
        if given is not None:
            found[name] = given
    return found


def config_path(ctx: Context, asked: str | None) -> str | None:
    """Which configuration file is read, None if there is none. Raises ConfigMissing."""
    named = asked or ctx.variable("CONFIG_FILE")
    if named is None:
        return ctx.first_having(*CONFIG_FILES)
    if not ctx.has(named):
        who = "The settings name" if asked else "NIXPACKS_CONFIG_FILE names"
        raise ConfigMissing(
            f"{who} the configuration file {named}, which is not in the app.",
            remedy=f"Add {named}, or correct the name; it is relative to the app's folder.",
        )
    return named


def file_plan(tree: Tree, path: str | None) -> tuple[Plan, Texts]:
    """The configuration file's plan, and the keys in it that mean nothing. Raises ConfigBroken."""
    if path is None:
        return Plan(), ()
    text = tree.read(path)
    if path.endswith(".toml"):
        data: Any = parse_toml(text, path, ConfigBroken)
    elif path.endswith(".json"):
        data = parse_json(text, path, ConfigBroken)
    else:
        raise ConfigBroken(path, "a configuration file ends with .toml or .json", remedy="Rename it.")
    return from_json(data, file=path, text=text), unknown_keys(data)


def environment_plan(ctx: Context) -> Plan:
    """What NIXPACKS_PKGS, ..._CMD and the like say; empty if none is set."""
    start = ctx.variable("START_CMD")
    phases = {
        "setup": _setup(ctx),
        "install": _phase(ctx, "INSTALL", "setup"),
        "build": _phase(ctx, "BUILD", "install"),
    }
    found = {name: phase for name, phase in phases.items() if phase}
    return Plan(phases=found or None, start=None if start is None else Start(cmd=start))


def _setup(ctx: Context) -> Phase | None:
    pkgs, libs, apt = (ctx.variable(name) for name in ("PKGS", "LIBS", "APT_PKGS"))
    if pkgs is libs is apt is None:
        return None
    return Phase(
        nix_pkgs=None if pkgs is None else (*_words(pkgs), "..."),
        nix_libs=None if libs is None else (*libs.split(" "), "..."),
        apt_pkgs=None if apt is None else (*_words(apt), "..."),
    )


def _phase(ctx: Context, name: str, after: str) -> Phase | None:
    cmd = ctx.variable(f"{name}_CMD")
    if cmd is None:
        return None
    cache = ctx.variable(f"{name}_CACHE_DIRS")
    return Phase(
        depends_on=(after,),
        cmds=(cmd,),
        cache_directories=None if cache is None else sorted_unique(_words(cache)),
    )


def _words(text: str) -> Texts:
    return tuple(word for word in _WORDS.split(text) if word)


def procfile_plan(ctx: Context) -> Plan:
    """`web`, else `worker`, else the first by name, starts the app; `release` runs after the build."""
    text = ctx.text("Procfile")
    if text is None:
        return Plan()
    data = parse_yaml(text, "Procfile")
    entries = Reader("Procfile", text, FileBroken).text_map({"it": {} if data in (None, "") else data}, "it", ()) or {}
    release = entries.pop("release", None)
    chosen = next((name for name in ("web", "worker", *sorted(entries)) if name in entries), None)
    return Plan(
        phases=None if release is None else {"release": Phase(depends_on=_AFTER_BUILD, cmds=("...", release))},
        start=None if chosen is None else Start(cmd=entries[chosen]),
    )
