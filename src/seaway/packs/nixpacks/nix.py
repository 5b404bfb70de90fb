"""Builder `nix`: carries out a plan with the Dockerfile that Nixpacks writes, its base image out of a registry.

1. The app's own variables are secrets: they are in no ARG and no ENV. Commands read them from a BuildKit secret.
2. What else the plan sets is declared as Nixpacks declares it, and its values come as build arguments.
"""

from dataclasses import replace

from seaway.core.app import DEFAULT_PORT
from seaway.core.image import parse_image
from seaway.core.plan import UBUNTU_IMAGE, Plan, buildable
from seaway.core.ports import PlanRequest
from seaway.core.recipe import Recipe
from seaway.core.tree import Tree
from seaway.packs.nixpacks.dockerfile import build_files

_TRUTHY = ("1", "true")


def recipe(plan: Plan, tree: Tree, wanted: PlanRequest) -> Recipe:
    """The recipe for a finished plan. Raises what core.plan.buildable raises, CircularPhases and BadImage."""
    plan = buildable(plan)
    public = {k: v for k, v in (plan.variables or {}).items() if k not in wanted.env}
    cache_key = None if wanted.env.get("NIXPACKS_NO_CACHE") in _TRUTHY else f"seaway-{wanted.app}"
    files = build_files(replace(plan, variables=public), cache_key=cache_key, apart=True, reads_env=bool(wanted.env))
    images = [
        plan.build_image or UBUNTU_IMAGE,
        *([plan.start.run_image] if plan.start and plan.start.run_image else []),
    ]
    return Recipe(
        dockerfile=files.dockerfile,
        bases=tuple(parse_image(image) for image in dict.fromkeys(images)),
        build_args=public,
        context_files=files.files,
        ignored=(".git",),
        wants_env=bool(wanted.env),
        port=_port(public, wanted),
        notes=(f"Built with Nix on {images[0]}, which a registry must give.",),
    )


def _port(variables: dict[str, str], wanted: PlanRequest) -> int:
    text = variables.get("PORT", "")
    return wanted.settings.port or (int(text) if text.isdigit() and 0 < int(text) < 65536 else DEFAULT_PORT)
