"""The recipe of an app made of a few files: what tests of the builder's text share."""

import json
from collections.abc import Mapping
from pathlib import Path

from seaway.builders import debian
from seaway.core.app import EnvironmentSettings
from seaway.core.ports import PlanRequest
from seaway.core.recipe import Recipe
from seaway.doors.folder import FolderTree
from seaway.packs.nixpacks import plan


def recipe_of(
    folder: Path, files: Mapping[str, object], env: Mapping[str, str] | None = None, port: int | None = None
) -> Recipe:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content if isinstance(content, str) else json.dumps(content))
    tree = FolderTree(folder)
    wanted = PlanRequest("shop", env or {}, EnvironmentSettings(port=port))
    return debian.recipe(plan(tree, wanted.env).plan, tree, wanted)


def stages(recipe: Recipe) -> dict[str, str]:
    """The text of each stage by its name; the last one is `final`."""
    texts = recipe.dockerfile.rstrip().removeprefix("FROM ").split("\n\nFROM ")
    named = {text.splitlines()[0].rpartition(" AS ")[2]: text for text in texts[:-1]}
    return {**named, "final": texts[-1]}
