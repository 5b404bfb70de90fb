"""Decisions about builds: which pack, which images are involved, and whether an image is built already."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence

from seaway.core.app import DEFAULT_PORT, EnvironmentKey, EnvironmentSettings
from seaway.core.plan import NothingToPlan
from seaway.core.ports import ImageFacts, Pack
from seaway.core.recipe import Recipe
from seaway.core.tree import Tree

INSTANCE_LABEL = "seaway.instance"
APP_LABEL = "seaway.app"
BUILD_LABEL = "seaway.build"


def choose_pack(packs: Iterable[Pack], tree: Tree) -> Pack:
    """The first pack, in their order, that the tree is a case for. Raises NothingToPlan."""
    ordered = sorted(packs, key=lambda p: p.order)
    found = next((p for p in ordered if p.detects(tree)), None)
    if found is None:
        raise NothingToPlan(
            f"Seaway does not see what {tree.name} is: no pack takes it.",
            remedy="Add a Dockerfile, or a nixpacks.toml with a start command.",
        )
    return found


def build_key(tree: str, recipe: Recipe, env_digest: str) -> str:
    """The same key, the same image: of the tree's digest, the recipe and, if the build sees them, the variables."""
    facts = [tree, recipe.digest, env_digest if recipe.wants_env else ""]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def env_facts(env: Mapping[str, str]) -> str:
    """A text that changes with the variables; it is keyed before it goes anywhere."""
    return json.dumps(sorted(env.items()))


def port_of(settings: EnvironmentSettings, recipe_port: int | None, exposed: Sequence[int]) -> int:
    """What the owner says, else the recipe, else the only port that the image names, else 3000."""
    if settings.port is not None:
        return settings.port
    if recipe_port is not None:
        return recipe_port
    return exposed[0] if len(exposed) == 1 else DEFAULT_PORT


def image_tag(instance: str, key: EnvironmentKey, deployment: int) -> str:
    return f"{instance}/{key.slug}:{deployment}"


def exposed_port(facts: ImageFacts) -> tuple[int, ...]:
    return tuple(sorted(facts.exposed_ports))
