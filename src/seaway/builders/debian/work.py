"""What the languages share: the plan at hand, its phases as Dockerfile lines, and the image that runs."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from seaway.builders.debian import dockerfile as df
from seaway.builders.debian.command import port_in, words_of
from seaway.builders.debian.packages import Packages, is_unpackable
from seaway.builders.debian.phases import in_order
from seaway.core.app import DEFAULT_PORT
from seaway.core.plan import Plan
from seaway.core.ports import PlanRequest
from seaway.core.toolchain import APP_UID, APP_USER, base_tag, runtime_tag
from seaway.core.tree import Tree

SHELL = 'SHELL ["/bin/bash", "-c"]'
METADATA = "NIXPACKS_METADATA"
IGNORED = (".git", "**/__pycache__", "**/node_modules")
# Nixpacks has these run with all of Nix around them; here they would undo what the base has done already.
_FOLDERS_OF_NGINX = re.compile(r"mkdir (?:-p )?/(?:etc|var/log|var/cache)/nginx.*")

Rewrite = Callable[[str], str]


@dataclass(frozen=True)
class Work:
    """One plan to carry out for one app."""

    plan: Plan
    tree: Tree
    wanted: PlanRequest

    @property
    def variables(self) -> dict[str, str]:
        """Variables of the plan that are not the app's own: those come as a secret when it is built, and from the
        engine when it runs."""
        given = self.plan.variables or {}
        return {k: v for k, v in given.items() if k not in self.wanted.env and k != METADATA}

    @property
    def start(self) -> str:
        return ((self.plan.start.cmd if self.plan.start else None) or "").strip()

    @property
    def user(self) -> str:
        return "root" if self.plan.start and self.plan.start.user == "root" else APP_USER

    @property
    def port(self) -> int:
        """What the owner says, what the start command says, what the plan says, else the usual."""
        given = self.variables.get("PORT", "")
        of_plan = int(given) if given.isdigit() and 0 < int(given) < 65536 else None
        return self.wanted.settings.port or port_in(self.start) or of_plan or DEFAULT_PORT

    @property
    def paths(self) -> list[str]:
        """Folders that the plan puts before the PATH."""
        found = (path for phase in (self.plan.phases or {}).values() for path in phase.paths or ())
        return list(dict.fromkeys(found))

    @property
    def assets(self) -> dict[str, str]:
        """The plan's files for the build context `seaway`."""
        return {f"assets/{name}": text for name, text in (self.plan.static_assets or {}).items()}

    @property
    def argument(self) -> list[str]:
        """The line after which a changed variable of the app has things run again."""
        return [f"ARG {df.ENV_DIGEST}"] if self.wanted.env else []

    def commands(self, phase: str) -> list[str]:
        found = (self.plan.phases or {}).get(phase)
        return [c for c in (found.cmds if found else None) or () if not _FOLDERS_OF_NGINX.match(c)]

    def phases(self, but: Sequence[str] = (), rewrite: Rewrite = str, mounts: Iterable[str] = ()) -> list[str]:
        """All phases but some, as RUN lines; `rewrite` gives a command as it is run here, "" for not at all."""
        lines: list[str] = []
        for name, phase in in_order(self.plan.phases or {}):
            if name not in but:
                commands = [text for command in self.commands(name) if (text := rewrite(command))]
                folders = [df.cache(self.wanted.app, folder) for folder in phase.cache_directories or ()]
                given = list(dict.fromkeys([*mounts, *folders]))
                lines += df.run_all(commands, given, reads_env=bool(self.wanted.env))
        return lines


def first_provider(plan: Plan) -> str:
    """The provider whose plan it is, "" for one that was written by hand."""
    return (plan.variables or {}).get(METADATA, "").partition(",")[0]


@dataclass(frozen=True)
class Image:
    """The image that runs. `copies` are COPY lines, the ones that change least in front.

    `own` are packages of the language itself, which work unpacked. `prepared` are lines that come before any copy.
    """

    work: Work
    packages: Packages
    copies: Sequence[str]
    own: Sequence[str] = ()
    env: Mapping[str, str] | None = None
    paths: Sequence[str] = ()
    prepared: Sequence[str] = ()
    words: Sequence[str] | None = None
    always_installed: bool = False

    def stages(self) -> list[df.Stage]:
        wanted = sorted({*self.own, *self.packages.run})
        lines = [*self.prepared, "WORKDIR /app", *df.env(self._env()), *([df.path(self.paths)] if self.paths else [])]
        ending = [f"USER {self.work.user}", f"EXPOSE {self.work.port}"]
        ending.append(df.exec_form("CMD", self.words or words_of(self.work.start)))
        if not wanted:
            return [df.Stage(runtime_tag(), [*lines, *self.copies, *ending])]
        if self.always_installed or not all(map(is_unpackable, wanted)):
            return [df.Stage(base_tag(), [*installed(wanted), *lines, *self.copies, *ending])]
        system = df.Stage(base_tag(), [SHELL, df.unpacked(wanted, runtime_tag())], "system")
        joined = [df.copy("/system", "/", stage="system"), df.run("ldconfig")]
        return [system, df.Stage(runtime_tag(), [*joined, *lines, *self.copies, *ending])]

    def _env(self) -> dict[str, str]:
        return {**(self.work.variables if self.env is None else self.env), "PORT": str(self.work.port)}


def installed(packages: Sequence[str]) -> list[str]:
    """Lines on the base with apt that give what a finished app needs; that base has no user of the app's yet."""
    user = f"useradd --create-home --uid {APP_UID} {APP_USER} && install -d -o {APP_UID} -g {APP_UID} /app"
    return [df.apt_install(packages), df.run(user)]


def assets_copied(work: Work) -> list[str]:
    return [df.copy("assets", "/assets", stage=df.CONTEXT, owner=APP_UID)] if work.plan.static_assets else []
