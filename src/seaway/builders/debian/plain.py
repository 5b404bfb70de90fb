"""Any other plan: its packages as Debian has them, its phases in their order, and an image with what it needs to run.

The last language to be asked: it takes every plan whose packages are all mapped (packages.toml).
"""

from seaway.builders.debian import dockerfile as df
from seaway.builders.debian.node import beside
from seaway.builders.debian.packages import packages_of
from seaway.builders.debian.work import IGNORED, SHELL, Image, Work, assets_copied
from seaway.core.plan import Plan
from seaway.core.ports import PlanRequest
from seaway.core.recipe import Recipe
from seaway.core.toolchain import APP_UID, base_tag, toolchain_tag
from seaway.core.tree import Tree


class Plain:
    name = "plain"

    def is_responsible(self, plan: Plan) -> bool:
        return True

    def recipe(self, plan: Plan, tree: Tree, wanted: PlanRequest) -> Recipe:
        work = Work(plan, tree, wanted)
        toolchain, of_node = beside(plan, tree, wanted)
        packages = packages_of(plan, of_node)
        node = [df.copy("/usr/local", "/usr/local", stage=toolchain_tag(toolchain))] if toolchain else []
        head = [SHELL, *([df.apt_install(packages.build)] if packages.build else []), *node, "WORKDIR /app"]
        head += [*df.env({**df.TRUST, **work.variables}), *([df.path(work.paths)] if work.paths else [])]
        lines = [*head, *work.argument, df.copy(".", "."), *assets_copied(work), *work.phases()]
        app = df.copy("/app", "/app", stage="build", owner=APP_UID)
        image = Image(work, packages, copies=[*node, *assets_copied(work), app], paths=work.paths)
        return Recipe(
            dockerfile=df.written([df.Stage(base_tag(), lines, "build"), *image.stages()]),
            toolchains=(toolchain,) if toolchain else (),
            context_files=work.assets,
            ignored=IGNORED,
            wants_env=bool(wanted.env),
            port=work.port,
            notes=("Built with packages of the distribution alone.",),
        )


fallback = Plain()
