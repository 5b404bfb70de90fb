"""Node: plans with a `nodejs` package. This file composes the Dockerfile; its neighbours decide the parts."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from seaway.builders.debian import dockerfile as df
from seaway.builders.debian.node import install as installing
from seaway.builders.debian.node import manager as managing
from seaway.builders.debian.node import serving
from seaway.builders.debian.node import version as versions
from seaway.builders.debian.node.final import Final, final_of
from seaway.builders.debian.node.manifest import Manifest, read_manifest
from seaway.builders.debian.packages import Packages, packages_of
from seaway.builders.debian.phases import in_order
from seaway.core.plan import Plan
from seaway.core.ports import PlanRequest
from seaway.core.recipe import Recipe, Toolchain
from seaway.core.toolchain import node_toolchain, toolchain_tag
from seaway.core.tree import Tree

SHELL = 'SHELL ["/bin/bash", "-c"]'
IGNORED = ("**/node_modules", ".git", ".next", "npm-debug.log*", "yarn-error.log")
# npm asks nobody about updates, funds and audits while it builds, tools tell nobody what they do, and programs that
# only tests need are not fetched.
_BUILD_ENV = {
    "ASTRO_TELEMETRY_DISABLED": "1",
    "CYPRESS_INSTALL_BINARY": "0",
    "DO_NOT_TRACK": "1",
    "GATSBY_TELEMETRY_DISABLED": "1",
    "NEXT_TELEMETRY_DISABLED": "1",
    "NG_CLI_ANALYTICS": "false",
    "PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD": "1",
    "TURBO_TELEMETRY_DISABLED": "1",
    "npm_config_audit": "false",
    "npm_config_fund": "false",
    "npm_config_update_notifier": "false",
}
_UNWRITTEN = frozenset({"NIXPACKS_METADATA", versions.VARIABLE})

_ASKS_REGISTRY = re.compile(r"\b(?:npx|pnpx|dlx|bunx|install|ci|add|i|update|focus)\b|^yarn(?: --.*)?$")


@dataclass(frozen=True)
class Job:
    """All that was decided about one build."""

    plan: Plan
    tree: Tree
    wanted: PlanRequest
    manifest: Manifest
    node: versions.NodeVersion
    manager: managing.Manager
    packages: Packages
    install: installing.Install

    @property
    def toolchain(self) -> Toolchain:
        return node_toolchain(self.node.version, self.manager.tools)

    @property
    def variables(self) -> dict[str, str]:
        """Variables of the plan that are not the app's own: those come as a secret when it is built, and from the
        engine when it runs."""
        given = self.plan.variables or {}
        return {k: v for k, v in given.items() if k not in self.wanted.env and k not in _UNWRITTEN}


class Node:
    name = "node"

    def is_responsible(self, plan: Plan) -> bool:
        # A plan of PHP or Ruby may have Node beside it; its first provider says whose it is.
        first = (plan.variables or {}).get("NIXPACKS_METADATA", self.name).partition(",")[0]
        return first == self.name and any(map(versions.is_node, versions.package_names(plan)))

    def completed(self, plan: Plan, tree: Tree) -> tuple[Plan, str]:
        return serving.completed(plan, tree, read_manifest(tree))

    def recipe(self, plan: Plan, tree: Tree, wanted: PlanRequest) -> Recipe:
        job = _job(plan, tree, wanted)
        splits_modules = job.install.files is not None and job.manager.keeps_node_modules
        final = final_of(plan, tree, wanted, job.manifest, job.manager, splits_modules=splits_modules)
        stages = [*_build_stages(job, final), *final.stages(toolchain_tag(job.toolchain), job.variables, job.packages)]
        return Recipe(
            dockerfile=df.written(stages),
            toolchains=(job.toolchain,),
            context_files={f"assets/{name}": t for name, t in (plan.static_assets or {}).items()},
            ignored=IGNORED,
            wants_env=bool(wanted.env),
            port=final.port,
            notes=_notes(job, final),
        )


def beside(plan: Plan, tree: Tree, wanted: PlanRequest) -> tuple[Toolchain | None, list[str]]:
    """The Node that a plan of another language has beside it, if any, and the names of packages that it stands for."""
    names = versions.package_names(plan)
    handled = [name for name in names if versions.is_node(name) or managing.is_manager(name)]
    if not any(map(versions.is_node, names)):
        return None, handled
    manifest = read_manifest(tree)
    node = versions.choose(plan, manifest, tree, wanted.env)
    return node_toolchain(node.version, managing.manager_of(plan, manifest, tree, node.numbers).tools), handled


def _job(plan: Plan, tree: Tree, wanted: PlanRequest) -> Job:
    manifest = read_manifest(tree)
    node = versions.choose(plan, manifest, tree, wanted.env)
    handled = [p for p in versions.package_names(plan) if versions.is_node(p) or managing.is_manager(p) or p == "caddy"]
    return Job(
        plan,
        tree,
        wanted,
        manifest,
        node,
        managing.manager_of(plan, manifest, tree, node.numbers),
        packages_of(plan, handled, installing.compilers(manifest, tree)),
        installing.install_of(plan, manifest, tree),
    )


def _build_stages(job: Job, final: Final) -> list[df.Stage]:
    """Stages `dependencies` and `production` where dependencies can be installed by themselves, and `build`."""
    head = [SHELL, *([df.apt_install(job.packages.build)] if job.packages.build else []), "WORKDIR /app"]
    head += [*df.env(_build_env(job)), df.path(_paths(job.plan))]
    tag = toolchain_tag(job.toolchain)
    if job.install.files is None:
        return [
            df.Stage(tag, [*head, *_argument(job), df.copy(".", "."), *_phases(job), *_pruned(job, final)], "build")
        ]
    reads_env = installing.reads_env(list(job.wanted.env), job.tree)
    manifests = [df.copy(*_grouped(job.install.files))] if job.install.files else []
    folders = [df.copy(name, name) for name in job.install.files if name.endswith("/")]
    commands = job.install.commands
    installs = df.run_all(commands, _mounts(job, "install", commands), reads_env=reads_env)
    first = [*head, *(_argument(job) if reads_env else []), *manifests, *folders, *installs]
    sources = [*([] if reads_env else _argument(job)), df.copy(".", "."), *_phases(job, but=("install",))]
    return [
        df.Stage(tag, first, "dependencies"),
        *([df.Stage("dependencies", _pruned(job, final), "production")] if final.takes_modules_apart else []),
        df.Stage("dependencies", sources, "build"),
    ]


def _build_env(job: Job) -> dict[str, str]:
    # Headers for what compiles are those of the installed Node. npm 11 dislikes the setting, so only then.
    headers = {"npm_config_nodedir": "/usr/local"} if "g++" in job.packages.build else {}
    values = {**df.TRUST, **_BUILD_ENV, **headers, **job.variables}
    if job.manager.name == "npm" and values.get("NPM_CONFIG_PRODUCTION") == "false":
        # The same in npm's newer words: it complains about the old ones at every call.
        del values["NPM_CONFIG_PRODUCTION"]
        values["npm_config_include"] = "dev"
    return values


def _grouped(files: tuple[str, ...]) -> list[str]:
    return [*(name for name in files if not name.endswith("/")), "./"]


def _argument(job: Job) -> list[str]:
    return [f"ARG {df.ENV_DIGEST}"] if job.wanted.env else []


def _phases(job: Job, but: tuple[str, ...] = ()) -> list[str]:
    lines: list[str] = []
    for name, phase in in_order(job.plan.phases or {}):
        # Caddy comes from the distribution, and its file needs no formatting.
        commands = [c for c in phase.cmds or () if not managing.is_corepack(c)] if name not in (*but, "caddy") else []
        lines += df.run_all(commands, _mounts(job, name, commands), reads_env=bool(job.wanted.env))
    return lines


def _pruned(job: Job, final: Final) -> list[str]:
    command = managing.production_only(job.manager)
    if not final.prunes or command is None:
        return []
    return [df.run(command, _mounts(job, "install", [command]))]


def _mounts(job: Job, name: str, commands: Sequence[str]) -> list[str]:
    """The caches of a phase (npm's own always, as any command may call npm), and the machine's npm configuration for
    commands that may ask a registry."""
    phase = (job.plan.phases or {}).get(name)
    folders = dict.fromkeys([*(phase.cache_directories or () if phase else ()), "/root/.npm"])
    if job.manager.is_berry:
        folders["/root/.yarn/berry/cache"] = None
    npmrc = [df.secret(df.NPMRC_SECRET, "/root/.npmrc")] if any(map(_ASKS_REGISTRY.search, commands)) else []
    return [*npmrc, *(df.cache(job.wanted.app, folder) for folder in folders)]


def _paths(plan: Plan) -> list[str]:
    paths = [path for phase in (plan.phases or {}).values() for path in phase.paths or ()]
    return list(dict.fromkeys([*paths, "/app/node_modules/.bin"]))


def _notes(job: Job, final: Final) -> tuple[str, ...]:
    manager = f"{job.manager.name} {job.manager.version}"
    layer = (
        "dependencies are installed before the sources are copied: a changed source does not install them again"
        if job.install.files is not None
        else f"dependencies are installed after the sources are copied, since {job.install.why_not}"
    )
    return (*job.node.notes, f"{manager}; {layer}.", *final.notes)


language = Node()
