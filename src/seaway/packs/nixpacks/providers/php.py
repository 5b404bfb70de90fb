"""PHP: php-fpm behind nginx, configured at start from a template."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from seaway.core.plan import ConfigBroken, Phase, Plan, Reader, Start
from seaway.packs.nixpacks.context import Context, Draft, build, install, phases
from seaway.packs.nixpacks.files import FileBroken, parse_json
from seaway.packs.nixpacks.providers.node import NPM_OVERLAY, install_command, packages_of
from seaway.packs.nixpacks.providers.node.package import App, read_app

_OLD_ARCHIVE = "5148520bfab61f99fd25fb9ff7bfbb50dad3c9db"
_NEW_ARCHIVE = "e24b4c09e963677b1beea49d411cd315a024ad3a"
# In the order in which they are looked for in the requirement's text.
VERSIONS = {
    "8.0": ("php80", _OLD_ARCHIVE),
    "8.1": ("php81", _NEW_ARCHIVE),
    "8.2": ("php", _NEW_ARCHIVE),
    "8.3": ("php83", _NEW_ARCHIVE),
    "8.4": ("php84", _NEW_ARCHIVE),
    "7.4": ("php74", _OLD_ARCHIVE),
}
_DEFAULT = "8.3"
_BUILT_IN = ("json", "zend-opcache")
_ASSETS = (
    "nginx.template.conf",
    "php-fpm.conf",
    "scripts/prestart.mjs",
    "scripts/config/template.mjs",
    "scripts/util/cmd.mjs",
    "scripts/util/laravel.mjs",
    "scripts/util/logger.mjs",
    "scripts/util/nix.mjs",
)


@dataclass(frozen=True)
class _Composer:
    """`asked`: the required PHP as written; `extensions`: sorted names without `ext-`."""

    asked: str | None
    version: str
    extensions: tuple[str, ...]


class Php:
    name = "php"
    order = 150

    def detects(self, ctx: Context) -> bool:
        return ctx.first_having("composer.json", "index.php") is not None

    def plan(self, ctx: Context) -> Draft:
        composer = _composer(ctx)
        app = read_app(ctx) if ctx.has("package.json") else None
        laravel = ctx.has("artisan")
        plan = Plan(
            phases=phases(
                setup=_setup(composer, app),
                install=_install(ctx, app),
                build=_build(app),
            ),
            variables={"PORT": "80"}
            | ({"IS_LARAVEL": "yes", "NIXPACKS_PHP_ROOT_DIR": "/app/public"} if laravel else {}),
            static_assets=_assets(),
            start=Start(cmd=_start(ctx)),
        )
        return Draft(plan, notes=(_note(composer),))


provider = Php()


def _composer(ctx: Context) -> _Composer:
    """What composer.json requires; an unreadable one requires nothing."""
    require = _require(ctx)
    asked = require.get("php")
    version = next((known for known in VERSIONS if known in (asked or "")), _DEFAULT)
    names = sorted(key.removeprefix("ext-") for key in require if key.startswith("ext-"))
    wanted = (name for name in names if version == "7.4" or name not in _BUILT_IN)
    return _Composer(asked, version, tuple(wanted))


def _require(ctx: Context) -> Mapping[str, str]:
    path = "composer.json"
    text = ctx.text_or_none(path)
    if text is None:
        return {}
    read = Reader(path, text, FileBroken)
    try:
        return read.text_map(read.table(parse_json(text, path), ()), "require", ()) or {}
    except ConfigBroken:
        return {}


def _note(composer: _Composer) -> str:
    if composer.asked is None:
        return f"PHP {composer.version} is the default: composer.json does not ask for a version."
    if composer.version in composer.asked:
        return f"PHP {composer.version}: composer.json asks for {composer.asked!r}."
    known = ", ".join(sorted(VERSIONS))
    return (
        f"PHP {composer.version} is used although composer.json asks for {composer.asked!r}: "
        f"there are packages for {known} only."
    )


def _setup(composer: _Composer, app: App | None) -> Phase:
    php, archive = VERSIONS[composer.version]
    enabled = " ".join(f"pe.all.{name}" for name in composer.extensions)
    extensions = tuple(f"{php}Extensions.{name}" for name in composer.extensions)
    return Phase(
        nix_pkgs=(
            f"({php}.withExtensions (pe: pe.enabled ++ [{enabled}]))",
            "nginx",
            "libmysqlclient",
            f"{php}Packages.composer",
            *(packages_of(app) if app else ("nodejs_18", "npm-9_x")),
            *extensions,
        ),
        nix_libs=(*extensions, "libmysqlclient"),
        nix_overlays=(NPM_OVERLAY,),
        nixpkgs_archive=archive,
    )


def _install(ctx: Context, app: App | None) -> Phase:
    return install(
        "mkdir -p /var/log/nginx && mkdir -p /var/cache/nginx",
        *(["composer install --ignore-platform-reqs"] if ctx.has("composer.json") else []),
        *([install_command(app)] if app else []),
    )


def _build(app: App | None) -> Phase | None:
    scripts = app.package.scripts if app else {}
    script = next((name for name in ("prod", "build") if name in scripts), None)
    return build(f"{app.manager} run {script}") if app and script else None


def _start(ctx: Context) -> str:
    if ctx.has("nginx.conf"):
        return "php-fpm -y /assets/php-fpm.conf & nginx -c /app/nginx.conf"
    own = ctx.has("nginx.template.conf")
    template = "/app/nginx.template.conf" if own else "/assets/nginx.template.conf"
    return (
        f"node /assets/scripts/prestart.mjs {template} /nginx.conf && "
        "(php-fpm -y /assets/php-fpm.conf & nginx -c /nginx.conf)"
    )


def _assets() -> dict[str, str]:
    folder = files("seaway.packs.nixpacks") / "assets" / "php"
    return {name: (folder / name).read_text("utf-8") for name in _ASSETS}
