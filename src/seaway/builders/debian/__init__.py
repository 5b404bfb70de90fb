"""Builder `debian`: carries out a plan with packages of the distribution and of the language's own registry.

No container registry takes part: what a Dockerfile made here starts from was made on this machine (core/toolchain.py).
A language is a module of this folder with a `language`; nothing else has to be edited for a new one.
"""

import importlib
import pkgutil
from functools import cache
from typing import Protocol

from seaway.core.errors import Invalid
from seaway.core.plan import Plan, buildable
from seaway.core.ports import PlanRequest
from seaway.core.recipe import Recipe
from seaway.core.tree import Tree


class Language(Protocol):
    """Knows how the plans of one language are carried out. Pure: a plan and a tree in, a recipe out."""

    name: str

    def is_responsible(self, plan: Plan) -> bool: ...

    def recipe(self, plan: Plan, tree: Tree, wanted: PlanRequest) -> Recipe: ...


class UnsupportedPlan(Invalid):
    code = "builder.unsupported_plan"


def recipe(plan: Plan, tree: Tree, wanted: PlanRequest) -> Recipe:
    """The recipe for a finished plan. Raises what core.plan.buildable raises, and errors of this builder."""
    plan = buildable(plan)
    for language in languages():
        if language.is_responsible(plan):
            return language.recipe(plan, tree, wanted)
    known = ", ".join(language.name for language in languages())
    packages = " ".join(name for phase in (plan.phases or {}).values() for name in phase.nix_pkgs or ())
    raise UnsupportedPlan(
        f"The builder `debian` does not know the language of this plan (it wants {packages or 'no package'}).",
        remedy=f"It knows: {known}. Build with `--builder nix`, or add a Dockerfile.",
    )


@cache
def languages() -> tuple[Language, ...]:
    """All modules of this folder that have a `language`, by name."""
    modules = [importlib.import_module(f"{__name__}.{info.name}") for info in pkgutil.iter_modules(__path__)]
    return tuple(module.language for module in modules if hasattr(module, "language"))
