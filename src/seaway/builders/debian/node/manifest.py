"""package.json as the builder needs it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from seaway.core.tree import Tree


@dataclass(frozen=True)
class Manifest:
    """The parts of a package.json; whatever is of another type than it should be counts as absent."""

    scripts: Mapping[str, str] = field(default_factory=dict)
    dependencies: Mapping[str, str] = field(default_factory=dict)
    dev_dependencies: Mapping[str, str] = field(default_factory=dict)
    other_dependencies: Mapping[str, str] = field(default_factory=dict)
    engines: Mapping[str, str] = field(default_factory=dict)
    package_manager: str | None = None
    has_workspaces: bool = False
    has_patches: bool = False

    @property
    def all_dependencies(self) -> Mapping[str, str]:
        return {**self.other_dependencies, **self.dev_dependencies, **self.dependencies}


def read_manifest(tree: Tree) -> Manifest:
    """The root's package.json; the planner has said already what is wrong with a broken one."""
    data = json_of(tree, "package.json")
    manager = data.get("packageManager")
    pnpm = data.get("pnpm")
    return Manifest(
        scripts=_texts(data, "scripts"),
        dependencies=_texts(data, "dependencies"),
        dev_dependencies=_texts(data, "devDependencies"),
        other_dependencies={**_texts(data, "peerDependencies"), **_texts(data, "optionalDependencies")},
        engines=_texts(data, "engines"),
        package_manager=manager if isinstance(manager, str) else None,
        has_workspaces=bool(data.get("workspaces")),
        has_patches=isinstance(pnpm, dict) and bool(pnpm.get("patchedDependencies")),
    )


def json_of(tree: Tree, path: str) -> dict[str, Any]:
    """A JSON object of the tree; empty when there is none, or none that can be read."""
    if not tree.has(path):
        return {}
    try:
        data = json.loads(tree.read(path))
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _texts(data: Mapping[str, Any], key: str) -> dict[str, str]:
    value = data.get(key)
    return {k: v for k, v in value.items() if isinstance(v, str)} if isinstance(value, dict) else {}
