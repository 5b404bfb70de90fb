"""Static sites: nginx out of the distribution, alone on the runtime base, and the files."""

from seaway.builders.debian import dockerfile as df
from seaway.builders.debian.packages import packages_of
from seaway.builders.debian.work import IGNORED, SHELL, Image, Work, assets_copied, first_provider
from seaway.core.plan import Plan
from seaway.core.ports import PlanRequest
from seaway.core.recipe import Recipe
from seaway.core.toolchain import APP_UID, base_tag
from seaway.core.tree import Tree

# The plan's nginx.conf looks for types of files in the store of Nix.
_COLLECT = (
    "mkdir -p /server/nix/store/seaway-user-environment/conf "
    "&& cp -L --parents /usr/sbin/nginx /usr/lib/*/libcrypt.so.1 /server "
    "&& cp -L /etc/nginx/mime.types /etc/nginx/fastcgi_params /server/nix/store/seaway-user-environment/conf/ "
    f"&& install -d -o {APP_UID} -g {APP_UID} /server/var/log/nginx /server/var/lib/nginx /server/run "
    # What browsers want by now and the distribution's table lacks.
    "&& sed -i -E 's/\\bjs;/js mjs;/; s/^types \\{/&\\n    application\\/manifest+json webmanifest;/' "
    "/server/nix/store/seaway-user-environment/conf/mime.types"
)


class Staticfile:
    name = "staticfile"

    def is_responsible(self, plan: Plan) -> bool:
        return first_provider(plan) == self.name

    def recipe(self, plan: Plan, tree: Tree, wanted: PlanRequest) -> Recipe:
        work = Work(plan, tree, wanted)
        packages = packages_of(plan, ["nginx"])
        phases = work.phases()
        server = df.Stage(base_tag(), [SHELL, df.apt_install(["nginx-light"]), df.run(_COLLECT)], "server")
        head = [SHELL, *([df.apt_install(packages.build)] if packages.build else []), "WORKDIR /app"]
        head += [*df.env(work.variables), *work.argument, df.copy(".", "."), *assets_copied(work)]
        build = [df.Stage(base_tag(), [*head, *phases], "build")] if phases else []
        files = df.copy("/app", "/app", stage="build", owner=APP_UID) if phases else df.copy(".", ".", owner=APP_UID)
        nginx = df.copy("/server", "/", stage="server")
        image = Image(work, packages, copies=[*assets_copied(work), files], prepared=[nginx])
        return Recipe(
            dockerfile=df.written([server, *build, *image.stages()]),
            context_files=work.assets,
            ignored=IGNORED,
            wants_env=bool(wanted.env) and bool(phases),
            port=work.port,
            notes=("nginx serves the files; there is nothing else in the image.",),
        )


language = Staticfile()
