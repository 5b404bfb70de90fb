"""Builder `debian`: carries out a plan with packages of the distribution and of the language's own registry.

No container registry takes part: what a Dockerfile made here starts from was made on this machine (core/toolchain.py).
A language is a module of this folder with a `language`; nothing else has to be edited for a new one. A plan of no
language is carried out as it is written (plain.py).
"""

import importlib
import pkgutil
from dataclasses import replace
from functools import cache
from typing import Protocol, runtime_checkable

from seaway.builders.debian.plain import fallback
from seaway.core.plan import Plan, buildable
from seaway.core.ports import PlanRequest
from seaway.core.recipe import Recipe
from seaway.core.tree import Tree


class Language(Protocol):
    """Knows how the plans of one language are carried out. Pure: a plan and a tree in, a recipe out."""

    name: str

    def is_responsible(self, plan: Plan) -> bool: ...

    def recipe(self, plan: Plan, tree: Tree, wanted: PlanRequest) -> Recipe: ...


@runtime_checkable
class Completes(Protocol):
    """A language that knows how its apps are started where the plan does not say, or says it for development."""

    def completed(self, plan: Plan, tree: Tree) -> tuple[Plan, str]:
        """The plan with its start command, and a note; the same plan and "" where nothing is to be added."""


def recipe(plan: Plan, tree: Tree, wanted: PlanRequest) -> Recipe:
    """The recipe for a finished plan. Raises what core.plan.buildable raises, and errors of this builder."""
    for language in languages():
        if plan.phases and language.is_responsible(plan):
            plan, note = language.completed(plan, tree) if isinstance(language, Completes) else (plan, "")
            made = language.recipe(buildable(plan), tree, wanted)
            return replace(made, notes=(*((_sentence(note),) if note else ()), *made.notes))
    buildable(plan)
    return fallback.recipe(plan, tree, wanted)


def _sentence(note: str) -> str:
    return note[:1].upper() + note[1:]


@cache
def languages() -> tuple[Language, ...]:
    """All modules of this folder that have a `language`, by name."""
    modules = [importlib.import_module(f"{__name__}.{info.name}") for info in pkgutil.iter_modules(__path__)]
    return tuple(module.language for module in modules if hasattr(module, "language"))
