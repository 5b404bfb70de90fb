"""Node.js, and Bun: everything with a package.json."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from seaway.core.plan import Phase, Plan, Start
from seaway.packs.nixpacks.context import Context, Draft, build, install, phases, sorted_unique
from seaway.packs.nixpacks.providers.node import spa
from seaway.packs.nixpacks.providers.node.monorepo import (
    moon_app,
    moon_command,
    nx_app,
    nx_build,
    nx_start,
    turbo_build,
    turbo_repo,
    turbo_start,
)
from seaway.packs.nixpacks.providers.node.package import (
    App,
    Package,
    all_packages,
    has_bun_lock,
    manager_notes,
    read_app,
)
from seaway.packs.nixpacks.providers.node.typescript import build_info_file
from seaway.packs.nixpacks.providers.node.versions import archive, manager_package, mentioned_in, node_version

NPM_OVERLAY = "https://github.com/railwayapp/nix-npm-overlay/archive/main.tar.gz"
_SEARCHED = ("package.json", "package-lock.json", "yarn.lock", "pnpm-lock.yaml")
_CHROMIUM = (
    "libnss3",
    "libatk1.0-0",
    "libatk-bridge2.0-0",
    "libcups2",
    "libgbm1",
    "libasound2t64",
    "libpangocairo-1.0-0",
    "libxss1",
    "libgtk-3-0",
    "libxshmfence1",
    "libglu1",
    "chromium",
)
_COREPACK = "npm install -g corepack@0.24.1 && corepack enable"
_CACHES = {
    "yarn": "/usr/local/share/.cache/yarn/v6",
    "pnpm": "/root/.local/share/pnpm/store/v3",
    "bun": "/root/.bun",
    "npm": "/root/.npm",
}
_VARIABLES = {"CI": "true", "NODE_ENV": "production", "NPM_CONFIG_PRODUCTION": "false"}


class Node:
    name = "node"
    order = 170

    def detects(self, ctx: Context) -> bool:
        return ctx.has("package.json")

    def plan(self, ctx: Context) -> Draft:
        app = read_app(ctx)
        packages = all_packages(ctx)
        caddy = spa.is_served_by_caddy(app)
        start = start_command(app, caddy=caddy)
        variables = dict(_VARIABLES)
        if spa.is_vite(app):
            variables["NIXPACKS_SPA_OUTPUT_DIR"] = spa.output_folder(app)
        plan = Plan(
            phases=phases(
                setup=setup_phase(app),
                install=install_phase(app, packages),
                build=_build_phase(app, packages),
                caddy=spa.PHASE if caddy else None,
            ),
            variables=variables,
            static_assets={"Caddyfile": spa.CADDYFILE} if caddy else None,
            start=None if start is None else Start(cmd=start),
        )
        return Draft(plan, notes=tuple(_notes(app, caddy=caddy)))


provider = Node()


def packages_of(app: App) -> tuple[str, str]:
    """The Nix packages of Node.js and of the package manager; the second needs NPM_OVERLAY."""
    return node_version(app).package, manager_package(app)


def setup_phase(app: App) -> Phase:
    def searched(word: str) -> bool:
        return mentioned_in(app.ctx, _SEARCHED, word)

    libs = (
        *(("gcc-unwrapped",) if searched("sharp") else ()),
        *(("libuuid", "libGL") if searched("canvas") else ()),
    )
    return Phase(
        nix_pkgs=(*packages_of(app), *(("openssl",) if searched("prisma") else ())),
        nix_libs=libs or None,
        nix_overlays=(NPM_OVERLAY,),
        nixpkgs_archive=archive(app),
        apt_pkgs=_CHROMIUM if searched("puppeteer") else None,
    )


def install_phase(app: App, packages: Sequence[Package]) -> Phase:
    cmds = (*((_COREPACK,) if _uses_corepack(app) else ()), install_command(app))
    cypress = ["/root/.cache/Cypress"] if any(package.mentions("cypress") for package in packages) else []
    phase = install(*cmds, cache=[_CACHES[app.manager], *cypress])
    return replace(phase, paths=("/app/node_modules/.bin",))


def _uses_corepack(app: App) -> bool:
    manager = app.package.package_manager
    return manager is not None and not manager.startswith("npm") and "14" not in node_version(app).package


def install_command(app: App) -> str:
    if app.manager == "pnpm":
        return "pnpm i --frozen-lockfile"
    if app.manager == "yarn":
        return "yarn install " + ("--check-cache" if app.ctx.has(".yarnrc.yml") else "--frozen-lockfile")
    if app.ctx.has("package-lock.json"):
        return "npm ci"
    return "bun i --no-save" if has_bun_lock(app.ctx) else "npm i"


def _build_phase(app: App, packages: Sequence[Package]) -> Phase:
    command = build_command(app)
    next_apps = [_next_cache(package.path) for package in packages if package.mentions("next")]
    info = build_info_file(app.ctx)
    cache = sorted_unique(
        [
            *next_apps,
            "node_modules/.cache",
            *app.package.cache_directories,
            *([info] if info else []),
            *([".moon/cache/outputs"] if moon_app(app) is not None else []),
        ]
    )
    return build(*(() if command is None else (command,)), cache=cache)


def _next_cache(package_path: str) -> str:
    folder = package_path.rpartition("/")[0]
    return f"{folder}/.next/cache" if folder else ".next/cache"


def build_command(app: App) -> str | None:
    moon = moon_app(app)
    if moon is not None:
        return moon_command(app, moon, "build")
    nx = nx_app(app.ctx)
    if nx:
        return nx_build(app, nx)
    turbo = turbo_repo(app.ctx)
    command = turbo_build(app, turbo) if turbo else None
    if command is None and "build" in app.package.scripts:
        return f"{app.manager} run build"
    return command


def start_command(app: App, *, caddy: bool) -> str | None:
    moon = moon_app(app)
    if moon is not None:
        return moon_command(app, moon, "start")
    nx = nx_app(app.ctx)
    if nx:
        return nx_start(app, nx)
    turbo = turbo_repo(app.ctx)
    command = turbo_start(app, turbo) if turbo else None
    if command is not None:
        return command
    return spa.START if caddy else _script_start(app)


def _script_start(app: App) -> str | None:
    if "start" in app.package.scripts:
        return f"{app.manager} run start"
    program = "bun" if app.manager == "bun" else "node"
    main = app.package.main
    if main is not None and app.ctx.has(main):
        return f"{program} {main}"
    if app.ctx.has("index.js"):
        return f"{program} index.js"
    return "bun index.ts" if app.manager == "bun" and app.ctx.has("index.ts") else None


def _notes(app: App, *, caddy: bool) -> Iterator[str]:
    yield node_version(app).note
    yield from manager_notes(app)
    if caddy:
        yield f"Caddy serves the built files in {spa.output_folder(app)}; NIXPACKS_SPA_CADDY=false stops it."
