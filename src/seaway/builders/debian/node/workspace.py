"""A repository with several packages: which of them are apps, and how one of them is started from the root."""

from collections.abc import Sequence
from dataclasses import dataclass

from seaway.builders.debian.node.manifest import Manifest, json_of, read_manifest
from seaway.core.errors import Invalid
from seaway.core.tree import Tree


class SeveralApps(Invalid):
    code = "builder.several_apps"

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(
            f"This folder holds several apps ({', '.join(names)}), and nothing says which of them to start.",
            remedy="Say which, with a start script in the root's package.json or with NIXPACKS_START_CMD, such as "
            f'"npm --workspace {names[0]} run start".',
        )


@dataclass(frozen=True)
class Member:
    folder: str
    name: str
    manifest: Manifest

    def start_command(self, tree: Tree) -> str:
        """For the package manager that the root's lock file is of."""
        if tree.has("pnpm-lock.yaml"):
            return f"pnpm --filter {self.name} run start"
        if tree.has("yarn.lock"):
            return f"yarn workspace {self.name} run start"
        if tree.has("bun.lock") or tree.has("bun.lockb"):
            return f"bun run --filter {self.name} start"
        return f"npm --workspace {self.name} run start"


def members(tree: Tree) -> list[Member]:
    """The packages below the root of a workspace; none if it is no workspace. Sorted by folder."""
    if not (read_manifest(tree).has_workspaces or tree.has("pnpm-workspace.yaml")):
        return []
    found: list[Member] = []
    for path in sorted({*tree.find("*/package.json"), *tree.find("*/*/package.json")}):
        folder = path.rpartition("/")[0]
        name = json_of(tree, path).get("name")
        if folder and "node_modules" not in path and isinstance(name, str):
            found.append(Member(folder, name, read_manifest(tree.subtree(folder))))
    return found
