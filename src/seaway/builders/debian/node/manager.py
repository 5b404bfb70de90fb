"""Package managers: which one a plan wants, at which version, and what each of them needs around it."""

import re
from dataclasses import dataclass
from typing import Literal

from seaway.builders.debian.node.manifest import Manifest
from seaway.builders.debian.node.semver import Version
from seaway.builders.debian.node.version import package_names, table
from seaway.core.plan import Plan
from seaway.core.tree import Tree

Name = Literal["npm", "pnpm", "yarn", "bun"]

_PACKAGE = re.compile(r"(npm|pnpm|yarn)-(\d+)_x\Z|(bun)\Z")
_FIELD = re.compile(r"(npm|pnpm|yarn|bun)@(\d+\.\d+\.\d+)(?:\+.*)?\Z")
# Corepack would get package managers from elsewhere; here they come with the toolchain.
_COREPACK = re.compile(r"(?:npm (?:i|install) (?:-g|--global) corepack\S*\s*&&\s*)?corepack (?:enable|prepare|use)\b.*")


@dataclass(frozen=True)
class Manager:
    """A package manager at a version; npm itself is always there beside it, at `npm`."""

    name: Name
    version: str
    npm: str
    keeps_node_modules: bool = True
    """False for Yarn's Plug'n'Play, which runs apps without a node_modules folder."""

    @property
    def tools(self) -> tuple[tuple[str, str], ...]:
        """For core.toolchain.node_toolchain."""
        return (("npm", self.npm),) if self.name == "npm" else (("npm", self.npm), (self.name, self.version))

    @property
    def is_berry(self) -> bool:
        return self.name == "yarn" and not self.version.startswith("1.")


def manager_of(plan: Plan, manifest: Manifest, tree: Tree, node: Version) -> Manager:
    name, major = _wanted(plan)
    field = _FIELD.match(manifest.package_manager or "")
    exact = field[2] if field and field[1] == name else None
    npm = exact if exact and name == "npm" else npm_for(node)
    if name == "npm":
        return Manager(name, npm, npm)
    if name == "yarn" and _is_berry(tree, exact):
        return Manager(name, exact or _berry_version(tree), npm, _has_node_modules(tree))
    return Manager(name, exact or table()[name].get(major) or table()[name]["1"], npm)


def is_manager(package: str) -> bool:
    return _PACKAGE.match(package) is not None or package == "corepack"


def is_corepack(command: str) -> bool:
    return _COREPACK.fullmatch(command.strip()) is not None


def npm_for(node: Version) -> str:
    """The newest npm that this Node takes, of the major that is delivered with it."""
    if node >= (24, 0, 0):
        return str(table()["npm"]["11"])
    if (18, 17, 0) <= node < (19, 0, 0) or node >= (20, 5, 0):
        return str(table()["npm"]["10"])
    return str(table()["npm"]["9"])


def production_only(manager: Manager) -> str | None:
    """The command that removes development packages from an installed node_modules, where there is one."""
    match manager.name:
        case "npm":
            return "env -u npm_config_include npm prune --omit=dev --ignore-scripts"
        case "pnpm":
            # It leaves links that lead nowhere, and a folder with such ones cannot be copied.
            return "NPM_CONFIG_PRODUCTION=true pnpm prune --prod --ignore-scripts && find node_modules -xtype l -delete"
        case "yarn" if not manager.is_berry:
            return "yarn install --production --frozen-lockfile --ignore-scripts --prefer-offline"
        case "yarn" if manager.version.startswith("4."):
            return "yarn workspaces focus --production"
        case "bun":
            return "rm -rf node_modules && bun install --production --frozen-lockfile --ignore-scripts"
        case _:
            return None


def _wanted(plan: Plan) -> tuple[Name, str]:
    for package in package_names(plan):
        match = _PACKAGE.match(package)
        if match:
            name = match[1] or match[3]
            return _name(name), match[2] or "1"
    return "npm", ""


def _name(text: str) -> Name:
    names: dict[str, Name] = {"npm": "npm", "pnpm": "pnpm", "yarn": "yarn", "bun": "bun"}
    return names[text]


def _is_berry(tree: Tree, exact: str | None) -> bool:
    if exact:
        return not exact.startswith("1.")
    return tree.has(".yarnrc.yml") or _lock_generation(tree) is not None


def _berry_version(tree: Tree) -> str:
    generation = _lock_generation(tree) or 8
    return str(table()["berry"]["4" if generation >= 8 else "3" if generation >= 5 else "2"])


def _lock_generation(tree: Tree) -> int | None:
    """The number in the head of a yarn.lock of Yarn 2 or later."""
    text = tree.read("yarn.lock")[:500] if tree.has("yarn.lock") else ""
    match = re.search(r"^__metadata:\n\s+version: (\d+)", text, re.MULTILINE)
    return int(match[1]) if match else None


def _has_node_modules(tree: Tree) -> bool:
    text = tree.read(".yarnrc.yml") if tree.has(".yarnrc.yml") else ""
    return re.search(r"^nodeLinker:\s*[\"']?(?:node-modules|pnpm)\b", text, re.MULTILINE) is not None
