"""The image that runs: what it takes from the build, and how it starts."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from seaway.builders.debian import dockerfile as df
from seaway.builders.debian.node.manager import Manager, production_only
from seaway.builders.debian.node.manifest import Manifest
from seaway.builders.debian.node.nextjs import Standalone, is_next_start, needs_typescript, standalone_of
from seaway.builders.debian.node.start import StartCommand, start_of
from seaway.builders.debian.packages import Packages
from seaway.core.app import DEFAULT_PORT
from seaway.core.plan import Plan
from seaway.core.ports import PlanRequest
from seaway.core.toolchain import APP_UID, APP_USER, base_tag, runtime_tag
from seaway.core.tree import Tree

SPA_OUTPUT = "NIXPACKS_SPA_OUTPUT_DIR"
# What Nitro (of Nuxt and others) leaves.
_BUNDLED = re.compile(r"node (?:\./)?\.output/server/index\.mjs")
# For the build only: a running app has no use for them.
_BUILD_ONLY = frozenset({"CI", "NPM_CONFIG_PRODUCTION"})
# Programs and the packages they come in, where the names differ.
_PACKAGE_OF = {
    "astro": "astro",
    "nest": "@nestjs/cli",
    "ng": "@angular/cli",
    "react-router-serve": "@react-router/serve",
    "remix-serve": "@remix-run/serve",
    "tsc": "typescript",
    "vue-cli-service": "@vue/cli-service",
}


@dataclass(frozen=True)
class Final:
    """`prunes`: without development packages. `splits_modules`: node_modules can come from a stage of its own."""

    start: StartCommand
    port: int
    user: str
    prunes: bool
    standalone: Standalone | None = None
    static_folder: str | None = None
    bundle: str | None = None
    """A folder with the whole server in it, packages included."""
    splits_modules: bool = False
    notes: tuple[str, ...] = ()

    @property
    def takes_modules_apart(self) -> bool:
        return self.splits_modules and not (self.standalone or self.static_folder or self.bundle)

    def stages(self, toolchain: str, variables: Mapping[str, str], packages: Packages) -> list[df.Stage]:
        if self.static_folder is not None:
            return _static_stages(self, self.static_folder, variables)
        lines = [*_system(packages), *_programs(self, toolchain), "WORKDIR /app"]
        lines += [*df.env(self._env(variables)), df.path(["/app/node_modules/.bin"]), *self._files(), *self._ending()]
        return [df.Stage(base_tag() if packages.run else runtime_tag(), lines)]

    def _env(self, variables: Mapping[str, str]) -> dict[str, str]:
        kept = {name: value for name, value in variables.items() if name not in _BUILD_ONLY and name != "PORT"}
        return {
            "NODE_ENV": "production",
            "HOST": "0.0.0.0",  # noqa: S104 - a container has its own network; many frameworks listen on loopback else
            **({"HOSTNAME": "0.0.0.0"} if self.standalone else {}),  # noqa: S104 - a container has its own network
            **kept,
            "PORT": str(self.port),
        }

    def _files(self) -> list[str]:
        if self.standalone:
            return [
                df.copy(f"/app/{source}", f"{target}/", stage="build", owner=APP_UID)
                for source, target in self.standalone.copies()
            ]
        if self.bundle:
            return [df.copy(f"/app/{self.bundle}", f"./{self.bundle}", stage="build", owner=APP_UID)]
        if not self.takes_modules_apart:
            return [df.copy("/app", "/app", stage="build", owner=APP_UID)]
        return [
            # As a pattern, since an app without dependencies has no such folder and COPY of a name must find it.
            df.copy("/app/node_module[s]", "./node_modules", stage="production", owner=APP_UID),
            df.run(
                "find /build -mindepth 1 -maxdepth 1 ! -name node_modules -exec cp -a -t /app {} + "
                f"&& find /app -mindepth 1 -maxdepth 1 ! -name node_modules -exec chown -R {APP_UID}:{APP_UID} {{}} +",
                ["--mount=type=bind,from=build,source=/app,target=/build"],
            ),
        ]

    def _ending(self) -> list[str]:
        return [f"USER {self.user}", f"EXPOSE {self.port}", df.exec_form("CMD", self.start.words)]


def final_of(
    plan: Plan, tree: Tree, wanted: PlanRequest, manifest: Manifest, manager: Manager, *, splits_modules: bool = False
) -> Final:
    command = (plan.start.cmd if plan.start else None) or ""
    start = start_of(command, manifest, through_manager=not manager.keeps_node_modules)
    port = wanted.settings.port or start.port or _port_of(plan) or DEFAULT_PORT
    user = "root" if plan.start and plan.start.user == "root" else APP_USER
    standalone = standalone_of(tree, start.script)
    if standalone:
        start = StartCommand(("node", "server.js"), "node server.js")
    static = _static_folder(plan, start)
    bundle = ".output" if _BUNDLED.fullmatch(start.script) else None
    keeps_dev = _why_development_packages_stay(start, manifest, manager, tree)
    notes = [f"It starts with `{start.script}`."]
    if standalone:
        notes.append("Next.js leaves a standalone server: only that is in the image.")
    elif bundle:
        notes.append(f"Its server is whole in {bundle}: only that is in the image.")
    elif static is None and keeps_dev and manifest.dev_dependencies:
        notes.append(f"Development packages stay in the image: {keeps_dev}.")
    prunes = bool(manifest.dev_dependencies) and not (standalone or static or bundle or keeps_dev)
    return Final(start, port, user, prunes, standalone, static, bundle, splits_modules, tuple(notes))


def _system(packages: Packages) -> list[str]:
    """Packages of the distribution that the app needs to run; the base with apt has no user of the app's yet."""
    if not packages.run:
        return []
    return [
        df.apt_install(packages.run),
        df.run(f"useradd --create-home --uid {APP_UID} {APP_USER} && install -d -o {APP_UID} -g {APP_UID} /app"),
    ]


def _programs(final: Final, toolchain: str) -> list[str]:
    paths = ["/usr/local/bin", "/usr/local/lib/node_modules"] if final.start.needs_manager else ["/usr/local/bin/node"]
    return [df.copy(path, path, stage=toolchain) for path in paths]


def _static_stages(final: Final, folder: str, variables: Mapping[str, str]) -> list[df.Stage]:
    """A single-page app: Caddy out of the distribution, its file and the built files; no Node."""
    home = f"/home/{APP_USER}"
    kept = {SPA_OUTPUT: folder, "PORT": str(final.port), "HOME": home, "XDG_CONFIG_HOME": home, "XDG_DATA_HOME": home}
    user = {name: value for name, value in variables.items() if name not in _BUILD_ONLY}
    lines = [
        df.copy("/usr/bin/caddy", "/usr/bin/caddy", stage="caddy"),
        "WORKDIR /app",
        *df.env({**user, **kept}),
        df.copy("assets", "/assets", stage=df.CONTEXT),
        df.copy(f"/app/{folder}", f"/app/{folder}", stage="build", owner=APP_UID),
        *final._ending(),
    ]
    return [df.Stage(base_tag(), [df.apt_install(["caddy"])], "caddy"), df.Stage(runtime_tag(), lines)]


def _static_folder(plan: Plan, start: StartCommand) -> str | None:
    """The folder that Caddy serves, if the plan has it serve one and the start command is still Caddy."""
    if "caddy" not in (plan.phases or {}) or start.program != "caddy":
        return None
    folder = (plan.variables or {}).get(SPA_OUTPUT, "dist")
    return re.sub(r"^(?:\./|/)+", "", folder).rstrip("/") or "dist"


def _port_of(plan: Plan) -> int | None:
    text = (plan.variables or {}).get("PORT", "")
    return int(text) if text.isdigit() and 0 < int(text) < 65536 else None


def _why_development_packages_stay(start: StartCommand, manifest: Manifest, manager: Manager, tree: Tree) -> str:
    """Empty when the app starts without them for certain."""
    if production_only(manager) is None:
        return f"{manager.name} {manager.version} has no command to take them out"
    if manifest.has_workspaces:
        return "the app has workspaces"
    program = start.program
    used = [word for word in re.split(r"[\s'\"=]+", start.script) if _package(word) in manifest.dev_dependencies]
    if used:
        return f"the start command uses {used[0]}"
    if program != "node" and _package(program) not in manifest.dependencies and not program.startswith(("./", "/")):
        return f"nothing tells which package {program or 'the start command'} comes from"
    if is_next_start(start.script) and needs_typescript(tree):
        return "Next.js reads its configuration in TypeScript when it starts"
    return ""


def _package(program: str) -> str:
    return _PACKAGE_OF.get(program, program)
