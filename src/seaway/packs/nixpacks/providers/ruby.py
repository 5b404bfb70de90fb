"""Ruby: rbenv makes the interpreter, bundler the gems; Rails, rack or rake start it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from seaway.core.plan import Phase, Plan, Start
from seaway.packs.nixpacks.context import CannotPlan, Context, Draft, build, install, phases
from seaway.packs.nixpacks.providers.node import provider as node

_IN_GEMFILE = re.compile(r"""ruby (?:'|")(.*)(?:'|")[^>]""")
_IN_LOCK = re.compile(r"ruby ((?:0|[1-9][0-9]*)\.(?:0|[1-9][0-9]*)\.(?:0|[1-9][0-9]*))[^>]")
_MAJOR_MINOR = re.compile(r"([0-9]{1,9})\.([0-9]{1,9})")
_TOOLS = (
    "git",
    "curl",
    "autoconf",
    "bison",
    "build-essential",
    "libssl-dev",
    "libyaml-dev",
    "libreadline6-dev",
    "zlib1g-dev",
    "libncurses5-dev",
    "libffi-dev",
    "libgdbm6",
    "libgdbm-dev",
    "libdb-dev",
)
_RBENV = (
    "curl -fsSL https://github.com/rbenv/rbenv-installer/raw/HEAD/bin/rbenv-installer | bash -s stable "
    "&& printf '\\neval \"$(~/.rbenv/bin/rbenv init -)\"' >> /root/.profile && . /root/.profile "
    "&& rbenv install {version} && rbenv global {version} && gem install {bundler}"
)


@dataclass(frozen=True)
class _App:
    """`version`: as asked for, perhaps with `ruby-` in front; `source`: who asks; `gemfile`, `lock`: their texts."""

    ctx: Context
    version: str
    source: str
    gemfile: str
    lock: str

    @property
    def number(self) -> str:
        return re.sub(r"\A(?:ruby-)+", "", self.version)

    @property
    def is_rails(self) -> bool:
        return "Rails::Application" in (self.ctx.text("config/application.rb") or "")

    def has_gem(self, name: str) -> bool:
        return name in self.gemfile or name in self.lock


class Ruby:
    name = "ruby"
    order = 160

    def detects(self, ctx: Context) -> bool:
        return ctx.has("Gemfile")

    def plan(self, ctx: Context) -> Draft:
        app = _read(ctx)
        made = phases(setup=_setup(app), install=_install(app), build=_build(app))
        if ctx.has("package.json") or app.has_gem("execjs"):
            made = _with_node(ctx, made)
        start = _start(app)
        plan = Plan(phases=made, variables=_variables(app), start=None if start is None else Start(cmd=start))
        return Draft(plan, notes=(f"Ruby {app.number}: {app.source} asks for it.",))


provider = Ruby()


def _read(ctx: Context) -> _App:
    gemfile, lock = ctx.text("Gemfile") or "", ctx.text("Gemfile.lock") or ""
    variable = ctx.variable("RUBY_VERSION")
    if variable is not None:
        return _App(ctx, variable, "NIXPACKS_RUBY_VERSION", gemfile, lock)
    text = ctx.text(".ruby-version")
    if text is not None:
        return _App(ctx, text.strip(), ".ruby-version", gemfile, lock)
    for source, match in (("Gemfile", _IN_GEMFILE.search(gemfile)), ("Gemfile.lock", _IN_LOCK.search(lock))):
        if match:
            return _App(ctx, f"ruby-{match[1]}", source, gemfile, lock)
    raise CannotPlan(
        "Nothing in this app says which Ruby it needs.", remedy="Write the version into .ruby-version, such as 3.3.6."
    )


def _setup(app: _App) -> Phase:
    apt = (
        ("procps", True),
        ("libpq-dev", "pg" in app.gemfile),
        ("default-libmysqlclient-dev", "mysql" in app.gemfile),
        ("libmagickwand-dev", app.has_gem("magick")),
        ("libvips-dev", app.has_gem("vips")),
        ("libicu-dev", app.has_gem("charlock_holmes")),
    )
    nix = (("imagemagick", app.has_gem("magick")), ("rustc", _has_yjit(app.number)))
    pkgs = tuple(name for name, wanted in nix if wanted)
    return Phase(
        nix_pkgs=pkgs or None,
        nix_overlays=() if pkgs else None,
        apt_pkgs=(*(name for name, wanted in apt if wanted), *_TOOLS),
        cmds=(_RBENV.format(version=app.number, bundler=_bundler(app.lock)),),
        only_include_files=(),
        paths=("$HOME/.rbenv/bin",),
    )


def _has_yjit(number: str) -> bool:
    """Rubies whose just-in-time compiler is built by Rust; 4.0 counts as older than 3.1 here."""
    match = _MAJOR_MINOR.match(number)
    return match is not None and int(match[1]) >= 3 and int(match[2]) >= 1


def _bundler(lock: str) -> str:
    lines = [line.strip() for line in lock.splitlines()]
    after = lines[lines.index("BUNDLED WITH") + 1 :] if "BUNDLED WITH" in lines else []
    return f"bundler:{after[0]}" if after and after[0] else "bundler"


def _install(app: _App) -> Phase:
    phase = install(
        "bundle install",
        *(["bundle exec bootsnap precompile --gemfile"] if app.has_gem("bootsnap") else []),
        cache=["/root/.bundle/cache"],
        files=() if app.has_gem("local") else ("Gemfile", "Gemfile.lock"),
    )
    rvm, version = "/usr/local/rvm", app.version
    return replace(
        phase,
        paths=(f"{rvm}/rubies/{version}/bin", f"{rvm}/gems/{version}/bin", f"{rvm}/gems/{version}@global/bin"),
    )


def _build(app: _App) -> Phase:
    has_assets = app.has_gem("sprockets") or app.has_gem("propshaft")
    return build(
        *(["bundle exec rake assets:precompile"] if app.is_rails and has_assets else []),
        *(["bundle exec bootsnap precompile app/ lib/"] if app.is_rails and app.has_gem("bootsnap") else []),
    )


def _with_node(ctx: Context, made: Mapping[str, Phase]) -> dict[str, Phase]:
    """Node's setup and install phases join in; they keep their dependencies as they are."""
    node_phases = node.plan(ctx).plan.phases or {}
    build_phase = made["build"]
    return {
        **made,
        "build": replace(build_phase, depends_on=(*(build_phase.depends_on or ()), "node:install")),
        "node:setup": node_phases["setup"],
        "node:install": node_phases["install"],
    }


def _start(app: _App) -> str | None:
    ctx = app.ctx
    if app.is_rails:
        if ctx.has("rails"):
            return "bundle exec rails server -b 0.0.0.0 -p ${PORT:-3000}"
        return "bundle exec bin/rails server -b 0.0.0.0 -p ${PORT:-3000} -e $RAILS_ENV"
    if ctx.has("config/environment.rb") and ctx.tree.has_folder("script"):
        return "bundle exec ruby script/server -p ${PORT:-3000}"
    if ctx.has("config.ru"):
        return "bundle exec rackup config.ru -p ${PORT:-3000}"
    return "bundle exec rake" if ctx.has("Rakefile") else None


def _variables(app: _App) -> dict[str, str]:
    gems = f"/usr/local/rvm/gems/{app.version}"
    rails = {"RAILS_LOG_TO_STDOUT": "enabled", "RAILS_SERVE_STATIC_FILES": "1"}
    return {
        "BUNDLE_GEMFILE": "/app/Gemfile",
        "GEM_PATH": f"{gems}:{gems}@global",
        "GEM_HOME": gems,
        "MALLOC_ARENA_MAX": "2",
        **(rails if app.is_rails else {}),
    }
