"""Ruby: Debian's Ruby and Bundler; gems are built in the build stage and lie beside the app in the end."""

import re
from dataclasses import replace

from seaway.builders.debian import dockerfile as df
from seaway.builders.debian.node import beside
from seaway.builders.debian.packages import packages_of
from seaway.builders.debian.series import is_of
from seaway.builders.debian.work import IGNORED, SHELL, Image, Work, assets_copied, first_provider
from seaway.core.errors import Invalid
from seaway.core.plan import Plan
from seaway.core.ports import PlanRequest
from seaway.core.recipe import Recipe
from seaway.core.toolchain import APP_UID, base_tag, toolchain_tag
from seaway.core.tree import Tree

SERIES = "3.3"
"""What Debian 13 has."""
GEMS = "/opt/gems"
# Bundler takes `ruby "3.3.1"` to the letter; the distribution has the newest patch of the series.
_ANY_PATCH = (
    "sed -i -E '/^\\s*ruby[ (]/d' Gemfile && if [ -f Gemfile.lock ]; then sed -i '/^RUBY VERSION/,+1d' Gemfile.lock; fi"
)
_RBENV = re.compile(r"rbenv install (\S+)")
_SYSTEM = (
    *("build-essential", "git", "libffi-dev", "libssl-dev", "libyaml-dev", "pkg-config"),
    *("ruby", "ruby-bundler", "ruby-dev", "zlib1g-dev"),
)
_FILES = ("Gemfile", "Gemfile.lock", ".ruby-version")
# What the plan wants apt to give: tools that compile Ruby itself, and headers for gems. Libraries come with `run`.
_LIBRARIES = {
    "default-libmysqlclient-dev": ["libmariadb3"],
    "libicu-dev": ["libicu76"],
    "libmagickwand-dev": ["imagemagick"],
    "libpq-dev": ["libpq5"],
    "libvips-dev": ["libvips42t64"],
}
_HEADERS_OF_RUBY = re.compile(
    r"(?:autoconf|bison|build-essential|curl|git|libdb-dev|libffi-dev|libgdbm6|libgdbm-dev|libncurses5-dev"
    r"|libreadline6-dev|libssl-dev|libyaml-dev|zlib1g-dev)\Z"
)


class RubyVersionUnavailable(Invalid):
    code = "builder.ruby_version_unavailable"

    def __init__(self, asked: str) -> None:
        super().__init__(
            f"The app asks for Ruby {asked}, and the builder `debian` has Ruby {SERIES}.",
            remedy=f"Ask for {SERIES} (.ruby-version, Gemfile and Gemfile.lock) if the app runs on it, or build with "
            "`--builder nix`.",
        )


class Ruby:
    name = "ruby"

    def is_responsible(self, plan: Plan) -> bool:
        return first_provider(plan) == self.name

    def recipe(self, plan: Plan, tree: Tree, wanted: PlanRequest) -> Recipe:
        work = Work(_lean(plan), tree, wanted)
        asked = next((m[1] for c in work.commands("setup") if (m := _RBENV.search(c))), SERIES)
        if not is_of(asked, SERIES):
            raise RubyVersionUnavailable(asked)
        toolchain, of_node = beside(plan, tree, wanted)
        packages = packages_of(work.plan, ["rustc", *of_node], [*_SYSTEM, *_headers(plan)])
        env = {**_variables(work), "GEM_HOME": GEMS, "GEM_PATH": "", "BUNDLE_GEMFILE": "/app/Gemfile"}
        node = [df.copy("/usr/local", "/usr/local", stage=toolchain_tag(toolchain))] if toolchain else []
        head = [SHELL, df.apt_install(packages.build), *node, "WORKDIR /app"]
        head += [*df.env({**df.TRUST, "BUNDLE_WITHOUT": "development:test", **env}), df.path([f"{GEMS}/bin"])]
        lines = [*head, *_installed(work), *work.phases(but=("setup", "install"))]
        app = df.copy("/app", "/app", stage="build", owner=APP_UID)
        image = Image(
            work,
            packages,
            copies=[df.copy(GEMS, GEMS, stage="build"), *assets_copied(work), app],
            own=["ruby", "ruby-bundler"],
            env={**env, "BUNDLE_WITHOUT": "development:test"},
            paths=[f"{GEMS}/bin"],
        )
        return Recipe(
            dockerfile=df.written([df.Stage(base_tag(), lines, "build"), *image.stages()]),
            toolchains=(toolchain,) if toolchain else (),
            context_files=work.assets,
            ignored=(*IGNORED, "vendor/bundle", "tmp", "log"),
            wants_env=bool(wanted.env),
            port=work.port,
            notes=(f"Ruby {SERIES}, the distribution's.",),
        )


def _lean(plan: Plan) -> Plan:
    """Without the packages that only compile Ruby itself."""

    def leaned(names: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if names is None:
            return None
        kept = [name for name in names if not _HEADERS_OF_RUBY.match(name)]
        return tuple(lib for name in kept for lib in _LIBRARIES.get(name, [name]))

    phases = {name: replace(phase, apt_pkgs=leaned(phase.apt_pkgs)) for name, phase in (plan.phases or {}).items()}
    return replace(plan, phases=phases)


def _headers(plan: Plan) -> list[str]:
    names = [name for phase in (plan.phases or {}).values() for name in phase.apt_pkgs or ()]
    return [name for name in names if name in _LIBRARIES]


def _variables(work: Work) -> dict[str, str]:
    return {k: v for k, v in work.variables.items() if k not in ("GEM_HOME", "GEM_PATH", "BUNDLE_GEMFILE")}


def _installed(work: Work) -> list[str]:
    """Gems before the sources, where the Gemfile names no folder of the app and asks Ruby nothing about files."""
    commands = work.commands("install")
    mounts = [df.cache(work.wanted.app, "/root/.bundle/cache")]
    installs = df.run_all(commands, mounts, reads_env=False)
    text = work.tree.read("Gemfile") if work.tree.has("Gemfile") else ""
    if "path:" in text or "gemspec" in text or "eval_gemfile" in text or commands[:1] != ["bundle install"]:
        return [*work.argument, df.copy(".", "."), df.run(_ANY_PATCH), *installs]
    files = [name for name in _FILES if work.tree.has(name)]
    first = [df.copy(*files, "./"), df.run(_ANY_PATCH), *installs]
    return [*first, *work.argument, df.copy(".", "."), df.run(_ANY_PATCH)]


language = Ruby()
