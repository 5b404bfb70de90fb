"""The pack `nixpacks`: the plan that Nixpacks would make, carried out by the builder that was asked for."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from seaway.core.errors import Invalid
from seaway.core.plan import NothingToPlan, Plan, to_json
from seaway.core.ports import Planned, PlanRequest
from seaway.core.recipe import Recipe
from seaway.core.tree import Tree
from seaway.packs.nixpacks import plan

MakeRecipe = Callable[[Plan, Tree, PlanRequest], Recipe]


class UnknownBuilder(Invalid):
    code = "builder.unknown"


class NixpacksPack:
    """Takes every folder: it is the last pack to be asked. `builders` are the ways to carry out a plan, by name."""

    name = "nixpacks"
    order = 20

    def __init__(self, builders: Mapping[str, MakeRecipe]) -> None:
        self._builders = builders

    def detects(self, tree: Tree) -> bool:
        return True

    def recipe(self, tree: Tree, wanted: PlanRequest) -> Planned:
        builder = self._builders.get(wanted.settings.builder)
        if builder is None:
            raise UnknownBuilder(
                f"There is no builder {wanted.settings.builder!r} here.",
                remedy=f"Choose one of {', '.join(sorted(self._builders))}.",
            )
        planned = plan(tree, wanted.env)
        if not planned.plan.phases:
            raise NothingToPlan(
                f"Nothing in {tree.name} says how to build it: no Dockerfile, no nixpacks.toml, and no manifest of a "
                "language that is known (package.json, requirements.txt, go.mod, ...).",
                remedy="Deploy the folder that holds the app (of a monorepo: the app's own), or add one of these.",
            )
        inner = tree.subtree(planned.folder) if planned.folder else tree
        recipe = builder(planned.plan, inner, wanted)
        notes = tuple(dict.fromkeys((*planned.notes, *recipe.notes)))
        return Planned(
            self.name, replace(recipe, notes=notes, folder=planned.folder), _shown(planned.plan, wanted), notes
        )


def _shown(finished: Plan, wanted: PlanRequest) -> dict[str, object]:
    """The plan as it may be kept and shown: the app's own variables are secrets, and Nixpacks writes them into it."""
    variables = {k: "•••" if k in wanted.env else v for k, v in (finished.variables or {}).items()}
    return to_json(replace(finished, variables=variables if finished.variables is not None else None))
