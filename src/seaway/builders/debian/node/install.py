"""Whether dependencies can be installed before the sources are there, and from which files.

An install that needs manifests and lock files only is a layer of its own: a changed line of source leaves it alone.
Everything that could make an install look at a source file rules that out; what is unknown counts as that.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from seaway.builders.debian.node.manager import is_corepack
from seaway.builders.debian.node.manifest import Manifest
from seaway.builders.debian.packages import table
from seaway.core.plan import Plan
from seaway.core.tree import Tree

LOCKS = ("package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb")
_SETTINGS = (".npmrc", ".yarnrc", ".yarnrc.yml", "bunfig.toml", ".pnpmfile.cjs", "pnpm-workspace.yaml")
_FOLDERS = (".yarn",)

_COMMANDS = re.compile(
    r"npm (?:ci|i|install)|pnpm (?:i|install)(?: --frozen-lockfile)?|yarn(?: install)?(?: --[a-z-]+)*"
    r"|bun (?:i|install)(?: --[a-z-]+)*"
)
_LIFECYCLE = ("preinstall", "install", "postinstall", "prepare", "prepublish", "preprepare", "postprepare")
# Git hooks: they do nothing without a .git folder.
_HARMLESS = re.compile(r"(?:is-ci \|\| )?(?:husky|husky install|simple-git-hooks|lefthook install)(?: \|\| true)?")
_NEEDS_FOLDER = re.compile(r"(?:file|link|portal|workspace|patch):|\.{0,2}/|~/")
# These look for a schema when they are installed, and write what they make of it into node_modules.
_GENERATORS = frozenset({"@prisma/client", "prisma"})
_ENV_OF_INSTALLS = re.compile(
    r"(?:npm|pnpm|yarn|bun|node|puppeteer|playwright|cypress|prisma|sentrycli|sharp|electron|git|ssh|https?_proxy)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Install:
    """`files` are what the install needs, None when it needs everything; `why_not` says then why."""

    commands: tuple[str, ...]
    files: tuple[str, ...] | None
    why_not: str = ""


def install_of(plan: Plan, manifest: Manifest, tree: Tree) -> Install:
    phases = plan.phases or {}
    install = phases.get("install")
    commands = tuple(c for c in (install.cmds if install else None) or () if not is_corepack(c))
    why_not = _obstacle(plan, commands, manifest, tree)
    return Install(commands, None, why_not) if why_not else Install(commands, _files(tree))


def reads_env(names: Sequence[str], tree: Tree) -> bool:
    """Whether an install from manifests depends on one of the app's variables: they are named in a setting, or are
    of the kind that install scripts look at."""
    settings = "\n".join(tree.read(name) for name in _SETTINGS if tree.has(name))
    return any(name in settings or _ENV_OF_INSTALLS.match(name) for name in names)


def compilers(manifest: Manifest, tree: Tree) -> tuple[str, ...]:
    """Packages of the distribution that dependencies need to be compiled."""
    locks = "\n".join(tree.read(name) for name in LOCKS if name != "bun.lockb" and tree.has(name))
    known: Mapping[str, list[str]] = table()["npm"]
    wanted = {apt for name, needs in known.items() if _is_used(name, manifest, locks) for apt in needs}
    if re.search(r"git\+(?:ssh|https?):|git@|\.git#|\"?(?:github|gitlab|bitbucket):", locks + str(manifest)):
        wanted.add("git")
    if "python3" in wanted:
        wanted.add("python3-setuptools")  # brings distutils back, which node-gyp before 10 imports
    return tuple(sorted(wanted))


def _is_used(name: str, manifest: Manifest, locks: str) -> bool:
    if name in manifest.all_dependencies:
        return True
    pattern = rf"(?m)node_modules/{re.escape(name)}\"|^\s*[\"'/]?{re.escape(name)}(?:@|\"?: \[)"
    return re.search(pattern, locks) is not None


def _obstacle(plan: Plan, commands: Sequence[str], manifest: Manifest, tree: Tree) -> str:
    setup = (plan.phases or {}).get("setup")
    checks = (
        (not commands, "there is no install command"),
        (not all(_COMMANDS.fullmatch(command) for command in commands), "the install command is the app's own"),
        (bool(setup and setup.cmds), "the setup phase has commands"),
        (manifest.has_workspaces or _has_pnpm_workspaces(tree), "the app has workspaces"),
        (manifest.has_patches or tree.has_folder("patches"), "dependencies are patched"),
        (bool(_GENERATORS & set(manifest.all_dependencies)), "Prisma reads its schema at the install"),
        (any(map(_NEEDS_FOLDER.match, manifest.all_dependencies.values())), "a dependency is a folder"),
        (any(map(_looks_at_sources, manifest.scripts.items())), "a script runs at the install"),
    )
    return next((why for holds, why in checks if holds), "")


def _looks_at_sources(script: tuple[str, str]) -> bool:
    name, command = script
    return name in _LIFECYCLE and bool(command.strip()) and not _HARMLESS.fullmatch(command.strip())


def _has_pnpm_workspaces(tree: Tree) -> bool:
    text = tree.read("pnpm-workspace.yaml") if tree.has("pnpm-workspace.yaml") else ""
    return re.search(r"^(?:packages|patchedDependencies):", text, re.MULTILINE) is not None


def _files(tree: Tree) -> tuple[str, ...]:
    return tuple(name for name in ("package.json", *LOCKS, *_SETTINGS) if tree.has(name)) + tuple(
        f"{name}/" for name in _FOLDERS if tree.has_folder(name)
    )
