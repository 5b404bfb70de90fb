"""Python: plans with a `python` package. This file composes the Dockerfile; its neighbours decide the parts."""

import re
from dataclasses import dataclass

from seaway.builders.debian import dockerfile as df
from seaway.builders.debian.node import beside
from seaway.builders.debian.packages import Packages, packages_of
from seaway.builders.debian.python import serving
from seaway.builders.debian.python.install import COMPANIONS, TOOLS, VENV, Install, install_of, plain
from seaway.builders.debian.python.needs import needs_of
from seaway.builders.debian.python.version import check, is_python, package_names
from seaway.builders.debian.work import IGNORED, SHELL, Image, Work, assets_copied, first_provider
from seaway.core.plan import Plan
from seaway.core.ports import PlanRequest
from seaway.core.recipe import Recipe, Toolchain
from seaway.core.toolchain import APP_UID, base_tag, toolchain_tag
from seaway.core.tree import Tree

# The same for every app, so that the layer is made once: pip, and what compiles packages that come as source only.
_SYSTEM = ("g++", "make", "python-is-python3", "python3", "python3-dev", "python3-pip", "python3-venv")
_RUNTIME = ("python-is-python3", "python3")
_BUILD_ENV = {
    **df.PYTHON_TRUST,
    "PIP_BREAK_SYSTEM_PACKAGES": "1",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_PYTHON": f"{VENV}/bin/python",
    "PIP_ROOT_USER_ACTION": "ignore",
    "PIPENV_NOSPIN": "1",
    "POETRY_VIRTUALENVS_CREATE": "false",
    "PYTHONDONTWRITEBYTECODE": "1",
    "UV_LINK_MODE": "copy",
    "UV_PROJECT_ENVIRONMENT": VENV,
    "UV_PYTHON": f"{VENV}/bin/python",
    "UV_PYTHON_DOWNLOADS": "never",
    "VIRTUAL_ENV": VENV,
}
# For the build only: pip keeps nothing in an image here (its cache is a mount), and a running app does not install.
_BUILD_ONLY = re.compile(r"PIP_\w+|NIXPACKS_\w+_VERSION|UV_\w+")
_HANDLED = frozenset({"gcc", "pipenv", "stdenv.cc.cc.lib"})
_NEEDS_PIP = re.compile(r"-m pip\b")
_CACHES = ("/root/.cache/pip", "/root/.cache/uv", "/root/.cache/pypoetry", "/root/.cache/pdm", "/root/.cache/pipenv")
IGNORED_HERE = (*IGNORED, ".venv", "venv", ".pytest_cache", ".mypy_cache")


@dataclass(frozen=True)
class Job:
    work: Work
    packages: Packages
    install: Install
    node: Toolchain | None

    @property
    def keeps_pip(self) -> bool:
        phases = (self.work.plan.phases or {}).values()
        commands = [self.work.start, *(command for phase in phases for command in phase.cmds or ())]
        return any(map(_NEEDS_PIP.search, commands)) or re.search(r"\bpip\b", self.work.start) is not None


class Python:
    name = "python"

    def is_responsible(self, plan: Plan) -> bool:
        names = package_names_of(plan)
        return first_provider(plan) in ("python", "") and any(map(is_python, names))

    def completed(self, plan: Plan, tree: Tree) -> tuple[Plan, str]:
        return serving.completed(plan, tree)

    def recipe(self, plan: Plan, tree: Tree, wanted: PlanRequest) -> Recipe:
        work = Work(plan, tree, wanted)
        note = check(work)
        job = _job(work)
        stages = [*_build_stages(job), *_image(job).stages()]
        return Recipe(
            dockerfile=df.written(stages),
            toolchains=(job.node,) if job.node else (),
            context_files=work.assets,
            ignored=IGNORED_HERE if job.node is None else (*IGNORED_HERE, ".next"),
            wants_env=bool(wanted.env) and _runs_after_copy(job),
            port=work.port,
            notes=(note, _layer_note(job)),
        )


def package_names_of(plan: Plan) -> list[str]:
    return [name for phase in (plan.phases or {}).values() for name in phase.nix_pkgs or ()]


def _job(work: Work) -> Job:
    toolchain, of_node = beside(work.plan, work.tree, work.wanted)
    handled = [name for name in package_names(work) if is_python(name)]
    build, run = needs_of(work)
    found = packages_of(work.plan, [*handled, *_HANDLED, *of_node], build)
    both = Packages(tuple(sorted({*found.build, *run} - set(_SYSTEM))), tuple(sorted({*found.run, *run})))
    return Job(work, both, install_of(work), toolchain)


def _build_stages(job: Job) -> list[df.Stage]:
    """Stage `dependencies`, and `build` where anything is left to do once the sources are there."""
    work, install = job.work, job.install
    # What is the same for all apps with this tool comes first, without a word of the app: its layers are made once.
    head = [SHELL, df.apt_install(_SYSTEM), *df.env(_BUILD_ENV)]
    head += [df.run(_venv(job), [df.secret(df.PIP_SECRET, "/etc/pip.conf")] if install.needs_tool else [])]
    head += [df.apt_install(job.packages.build)] if job.packages.build else []
    head += [df.copy("/usr/local", "/usr/local", stage=toolchain_tag(job.node))] if job.node else []
    head += ["WORKDIR /app", *df.env(_kept_for_build(work)), df.path([f"{VENV}/bin", f"{TOOLS}/bin", *work.paths])]
    files = [df.copy(*install.files, "./")] if install.files else []
    first = [df.run(command, _pip_mounts(work)) for command in install.first]
    stages = [df.Stage(base_tag(), [*head, *files, *first], "dependencies")]
    if _runs_after_copy(job):
        later = df.run_all(install.later, _pip_mounts(work), reads_env=bool(work.wanted.env))
        phases = work.phases(but=("install",), rewrite=plain, mounts=_pip_mounts(work))
        lines = [*work.argument, df.copy(".", "."), *assets_copied(work), *later, *phases]
        stages.append(df.Stage("dependencies", lines, "build"))
    return stages


def _runs_after_copy(job: Job) -> bool:
    phases = job.work.plan.phases or {}
    return bool(job.install.later) or any(job.work.commands(name) for name in phases if name != "install")


def _kept_for_build(work: Work) -> dict[str, str]:
    return {name: value for name, value in work.variables.items() if name not in {"PIP_NO_CACHE_DIR", *_BUILD_ENV}}


def _venv(job: Job) -> str:
    pip = "" if job.keeps_pip else " --without-pip"
    made = f"python3 -m venv{pip} {VENV}"
    if not job.install.needs_tool:
        return made
    install = job.install
    spec = " ".join(filter(None, [f"{install.tool}=={install.tool_version}", COMPANIONS.get(install.tool)]))
    made = f"{made} && python3 -m venv --without-pip {TOOLS}"
    return f"{made} && PIP_PYTHON={TOOLS}/bin/python pip install -q --no-compile --no-cache-dir {spec}"


def _pip_mounts(work: Work) -> list[str]:
    caches = [df.cache(work.wanted.app, folder) for folder in _CACHES]
    return [df.secret(df.PIP_SECRET, "/etc/pip.conf"), *caches]


def _image(job: Job) -> Image:
    work = job.work
    from_build = _runs_after_copy(job)
    venv = df.copy(VENV, VENV, stage="build" if job.install.later else "dependencies")
    app = df.copy("/app", "/app", stage="build", owner=APP_UID) if from_build else df.copy(".", ".", owner=APP_UID)
    node = (
        [df.copy("/usr/local", "/usr/local", stage=toolchain_tag(job.node))] if job.node and _starts_node(work) else []
    )
    kept = {name: value for name, value in work.variables.items() if not _BUILD_ONLY.fullmatch(name)}
    return Image(
        work,
        job.packages,
        copies=[*node, venv, *assets_copied(work), app],
        own=_RUNTIME,
        env={**kept, "VIRTUAL_ENV": VENV},
        paths=[f"{VENV}/bin", *(path for path in work.paths if path != f"{VENV}/bin")],
    )


def _starts_node(work: Work) -> bool:
    return re.search(r"\b(?:node|npm|npx|pnpm|yarn|bun)\b", work.start) is not None


def _layer_note(job: Job) -> str:
    tool = f"{job.install.tool} {job.install.tool_version}".strip()
    if job.install.why_not:
        return f"{tool}; dependencies are installed after the sources are copied, since {job.install.why_not}."
    return (
        f"{tool}; dependencies are installed before the sources are copied: "
        "a changed source does not install them again."
    )


language = Python()
