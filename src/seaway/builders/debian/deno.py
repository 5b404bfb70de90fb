"""Deno: one binary, out of the package `deno` of PyPI, in the build and in the image that runs."""

from seaway.builders.debian import dockerfile as df
from seaway.builders.debian.packages import packages_of
from seaway.builders.debian.work import IGNORED, SHELL, Image, Work, assets_copied
from seaway.core.plan import Plan
from seaway.core.ports import PlanRequest
from seaway.core.recipe import Recipe
from seaway.core.toolchain import APP_UID, deno_toolchain, toolchain_tag
from seaway.core.tree import Tree

VERSION = "2.9.8"
_FOLDER = "/deno"
"""Where downloaded modules lie: built into the image, so that a start asks nobody for them."""


class Deno:
    name = "deno"

    def is_responsible(self, plan: Plan) -> bool:
        return any(phase.nix_pkgs and "deno" in phase.nix_pkgs for phase in (plan.phases or {}).values())

    def recipe(self, plan: Plan, tree: Tree, wanted: PlanRequest) -> Recipe:
        work = Work(plan, tree, wanted)
        toolchain = deno_toolchain(VERSION)
        packages = packages_of(plan, ["deno"])
        env = {**work.variables, "DENO_DIR": _FOLDER, "DENO_NO_UPDATE_CHECK": "1"}
        head = [
            SHELL,
            *([df.apt_install(packages.build)] if packages.build else []),
            "WORKDIR /app",
            df.run(f"mkdir {_FOLDER}"),
        ]
        head += [*df.env({**env, "DENO_TLS_CA_STORE": "system"}), *work.argument, df.copy(".", ".")]
        build = df.Stage(toolchain_tag(toolchain), [*head, *assets_copied(work), *work.phases()], "build")
        deno = df.copy("/usr/local/bin/deno", "/usr/local/bin/deno", stage=toolchain_tag(toolchain))
        folders = [df.copy(name, name, stage="build", owner=APP_UID) for name in (_FOLDER, "/app")]
        image = Image(work, packages, copies=[deno, *assets_copied(work), *folders], env=env)
        return Recipe(
            dockerfile=df.written([build, *image.stages()]),
            toolchains=(toolchain,),
            context_files=work.assets,
            ignored=IGNORED,
            wants_env=bool(wanted.env),
            port=work.port,
            notes=(f"Deno {VERSION}.",),
        )


language = Deno()
