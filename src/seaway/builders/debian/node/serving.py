"""What serves an app whose plan names no start command, or a development server: found out from its framework.

1. A start command that is no development server stays as it is.
2. A framework that leaves files gets the small server; one that leaves a server gets that one started.
3. Nothing is taken for a framework's output unless something builds it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from seaway.builders.debian.node.manifest import Manifest, json_of
from seaway.builders.debian.node.nextjs import config_text, is_exported, is_next_start
from seaway.builders.debian.node.start import start_of
from seaway.builders.debian.node.workspace import SeveralApps, members
from seaway.core.plan import Phase, Plan, Start
from seaway.core.tree import Tree

OUTPUT = "NIXPACKS_SPA_OUTPUT_DIR"
CADDY = "exec caddy run --config /assets/Caddyfile --adapter caddyfile 2>&1"
_ANY = "0.0.0.0"  # noqa: S104 - a container has its own network
_CADDYFILE = """\
{
	admin off
	auto_https off
	log {
		format json
	}
}

:{$PORT:3000} {
	log
	root * /app/{$NIXPACKS_SPA_OUTPUT_DIR}
	encode gzip
	try_files TRIED
	file_server
MISSING}
"""
# A page of its own for what is not there, where the site has one.
_MISSING = """\
	handle_errors {
		root * /app/{$NIXPACKS_SPA_OUTPUT_DIR}
		rewrite * /404.html
		file_server
	}
"""
# What people develop with, as the last command of a script: it watches files, and often listens on loopback only.
_DEVELOPMENT = re.compile(
    r"(?:^|&&|[\s/=])(?:"
    r"(?:react-scripts|react-app-rewired|craco|docusaurus) start|ng (?:s|serve)|astro(?: dev| preview| start)?(?= -|$)"
    r"|gatsby (?:develop|serve|start)|next dev|(?:nuxt|nuxi)(?: dev| preview)?(?= -|$)"
    r"|vite(?: dev| serve| preview)?(?= -|$)|vue-cli-service serve|eleventy\b.* --serve|docusaurus serve"
    r"|vitepress (?:dev|preview|serve)|webpack(?: serve|-dev-server)"
    r"|(?:remix vite:|remix |react-router |vinxi )dev|nest start"
    r")\b[^&|;]*$"
)
_PRODUCTION = ("start:prod", "start:production", "serve:prod", "production")
_ENTRIES = ("server.js", "app.js", "src/index.js", "src/server.js", "src/app.js", "server/index.js", "src/main.js")
_MODULE_ENTRIES = tuple(name.replace(".js", ".mjs") for name in ("index.js", *_ENTRIES))


@dataclass(frozen=True)
class Serving:
    """A command, or a folder of files; `is_page` says that one page answers for all addresses."""

    command: str = ""
    folder: str = ""
    is_page: bool = False


def completed(plan: Plan, tree: Tree, manifest: Manifest) -> tuple[Plan, str]:
    """The plan with what serves the app, and a note; the plan itself and "" where there is nothing to add."""
    given = ((plan.start.cmd if plan.start else None) or "").strip()
    script = start_of(given, manifest).script if given else ""
    is_exported_next = is_next_start(script) and is_exported(config_text(tree))
    if given and not _DEVELOPMENT.search(script) and not is_exported_next:
        return plan, ""
    serving = _production(script, manifest) or _of_framework(plan, tree, manifest)
    if serving is None and not given:
        serving = _member(tree, manifest)
    if serving is None and not given:
        serving = _entry(tree, manifest)
    if serving is None or serving.command in (given or None, script or None):
        return plan, ""
    why = f"`{script}` does not serve what is built" if given else "nothing says how to start it"
    if serving.folder:
        return _with_files(plan, serving), f"{why}: the files that are built into {serving.folder} are served."
    start = replace(plan.start or Start(), cmd=serving.command)
    return replace(plan, start=start), f"{why}: it is started with `{serving.command}`."


def _production(script: str, manifest: Manifest) -> Serving | None:
    """What the app itself calls its start in production."""
    name = next((name for name in _PRODUCTION if manifest.scripts.get(name, "").strip()), None)
    return Serving(f"npm run {name}") if name and script else None


def _member(tree: Tree, manifest: Manifest) -> Serving | None:
    """The only app of a workspace that has a start script. Raises SeveralApps."""
    found = [each for each in members(tree) if each.manifest.scripts.get("start", "").strip()]
    if len(found) > 1:
        raise SeveralApps([each.name for each in found])
    return Serving(found[0].start_command(tree)) if found else None


def _of_framework(plan: Plan, tree: Tree, manifest: Manifest) -> Serving | None:
    if not _builds(plan):
        return None
    has = manifest.all_dependencies
    return next((found for name, make in _FRAMEWORKS.items() if name in has and (found := make(tree, manifest))), None)


def _builds(plan: Plan) -> bool:
    phase = (plan.phases or {}).get("build")
    return bool(phase and phase.cmds)


def _entry(tree: Tree, manifest: Manifest) -> Serving | None:
    """A file by the name that servers usually have, or as a last resort what developers call."""
    file = next((name for name in (*_ENTRIES, *_MODULE_ENTRIES) if tree.has(name)), None)
    if file and not manifest.has_workspaces:
        return Serving(f"node {file}")
    script = manifest.scripts.get("dev", "").strip()
    has_server = script and not manifest.has_workspaces and not _DEVELOPMENT.search(script) and "turbo" not in script
    return Serving("npm run dev") if has_server else None


def _with_files(plan: Plan, serving: Serving) -> Plan:
    tried = "{path} {path}/ {path}.html" + (" /index.html" if serving.is_page else "")
    file = _CADDYFILE.replace("TRIED", tried).replace("MISSING", "" if serving.is_page else _MISSING)
    return replace(
        plan,
        start=replace(plan.start or Start(), cmd=CADDY),
        phases={**(plan.phases or {}), "caddy": Phase(depends_on=("setup",), nix_pkgs=("caddy",))},
        static_assets={**(plan.static_assets or {}), "Caddyfile": file},
        variables={**(plan.variables or {}), OUTPUT: serving.folder},
    )


def _next(tree: Tree, manifest: Manifest) -> Serving:
    return Serving(folder="out") if is_exported(config_text(tree)) else Serving("next start")


def _nuxt(tree: Tree, manifest: Manifest) -> Serving:
    asked = re.search(r"\d+", manifest.all_dependencies["nuxt"])
    is_old = asked is not None and int(asked[0]) < 3
    if re.search(r"\bnux[ti] generate\b", manifest.scripts.get("build", "")):
        return Serving(folder="dist" if is_old else ".output/public")
    return Serving("nuxt start" if is_old else "node .output/server/index.mjs")


def _nitro(tree: Tree, manifest: Manifest) -> Serving:
    return Serving("node .output/server/index.mjs")


def _sveltekit(tree: Tree, manifest: Manifest) -> Serving:
    config = _first_text(tree, "svelte.config.js", "svelte.config.ts", "vite.config.js", "vite.config.ts")
    if "adapter-node" in config:
        return Serving("node build")
    if "adapter-static" in config:
        return Serving(folder="build", is_page="fallback" in config)
    return Serving(f"vite preview --host {_ANY} --port $PORT")


def _react_router(tree: Tree, manifest: Manifest) -> Serving | None:
    has = manifest.dependencies
    config = _first_text(tree, "react-router.config.ts", "react-router.config.js", "vite.config.ts", "vite.config.js")
    if re.search(r"\bssr:\s*false\b", config):
        return Serving(folder="build/client", is_page=True)
    if "@react-router/serve" in has:
        return Serving("react-router-serve ./build/server/index.js")
    return Serving("remix-serve ./build/server/index.js") if "@remix-run/serve" in has else None


def _astro(tree: Tree, manifest: Manifest) -> Serving:
    config = _first_text(tree, "astro.config.mjs", "astro.config.ts", "astro.config.js", "astro.config.mts")
    out = _quoted(r"\boutDir:\s*", config) or "dist"
    if "@astrojs/node" in config:
        return Serving(f"node ./{out}/server/entry.mjs")
    return Serving(folder=out)


def _gatsby(tree: Tree, manifest: Manifest) -> Serving:
    return Serving(folder="public")


def _create_react_app(tree: Tree, manifest: Manifest) -> Serving:
    return Serving(folder="build", is_page=True)


def _docusaurus(tree: Tree, manifest: Manifest) -> Serving:
    return Serving(folder="build")


def _vue_cli(tree: Tree, manifest: Manifest) -> Serving:
    config = _first_text(tree, "vue.config.js", "vue.config.ts", "vue.config.cjs")
    return Serving(folder=_quoted(r"\boutputDir:\s*", config) or "dist", is_page=True)


def _eleventy(tree: Tree, manifest: Manifest) -> Serving:
    config = _first_text(tree, "eleventy.config.js", ".eleventy.js", "eleventy.config.mjs", "eleventy.config.cjs")
    given = re.search(r"--output[= ]([\w./-]+)", manifest.scripts.get("build", ""))
    return Serving(folder=(given[1] if given else None) or _quoted(r"\boutput:\s*", config) or "_site")


def _vitepress(tree: Tree, manifest: Manifest) -> Serving:
    given = re.search(r"\bvitepress build\s+([\w./-]+)", manifest.scripts.get("build", ""))
    scripts = " ".join(manifest.scripts.values())
    given = given or re.search(r"\bvitepress build\s+(\w[\w./-]*)", scripts)
    return Serving(folder=f"{given[1].rstrip('/')}/.vitepress/dist" if given else ".vitepress/dist")


def _angular(tree: Tree, manifest: Manifest) -> Serving | None:
    """The only application of the workspace, or the one that is the default."""
    workspace = json_of(tree, "angular.json")
    projects = _table(workspace, "projects")
    applications = [name for name in projects if _table(projects, name).get("projectType") == "application"]
    name = workspace.get("defaultProject") if workspace.get("defaultProject") in applications else None
    name = name or next(iter(applications), None)
    if not isinstance(name, str):
        return None
    target = _table(projects, name)
    build = _table(_table(target, "architect") or _table(target, "targets"), "build")
    path = _table(build, "options").get("outputPath")
    base = path.get("base") if isinstance(path, dict) else path
    out = base.strip("/") if isinstance(base, str) else f"dist/{name}"
    if str(build.get("builder", "")).endswith(":browser"):
        return Serving(folder=out, is_page=True)
    if isinstance(path, dict) and path.get("browser") == "":
        return Serving(folder=out, is_page=True)
    if _table(build, "options").get("outputMode") == "server" or _table(build, "options").get("ssr"):
        return Serving(f"node {out}/server/server.mjs")
    return Serving(folder=f"{out}/browser", is_page=True)


def _nest(tree: Tree, manifest: Manifest) -> Serving | None:
    is_plain = tree.has("src/main.ts") and not json_of(tree, "nest-cli.json").get("monorepo")
    return Serving("node dist/main") if is_plain else None


def _bundled(tree: Tree, manifest: Manifest) -> Serving | None:
    """Vite, Parcel and webpack: a page, where there is one to be built."""
    script = manifest.scripts.get("build", "")
    config = _first_text(tree, "vite.config.js", "vite.config.ts", "vite.config.mjs", "vite.config.mts")
    if "--ssr" in script or "ssrLoadModule" in config:
        return None
    given = re.search(r"--(?:outDir|dist-dir|out-dir|output-path)[= ]([\w./-]+)", script)
    return Serving(folder=(given[1] if given else None) or _quoted(r"\boutDir:\s*", config) or "dist", is_page=True)


def _first_text(tree: Tree, *names: str) -> str:
    return next((tree.read(name) for name in names if tree.has(name)), "")


def _quoted(before: str, text: str) -> str | None:
    """The word in quotation marks behind something, as a folder of the app."""
    match = re.search(before + r"""["'`]([\w./-]+)["'`]""", text)
    folder = re.sub(r"^(?:\./)+", "", match[1]).strip("/") if match else ""
    return folder if folder and ".." not in folder else None


def _table(data: Mapping[str, object], key: str) -> dict[str, object]:
    value = data.get(key)
    return value if isinstance(value, dict) else {}


_Make = Callable[[Tree, Manifest], Serving | None]
# What builds upon another one stands before it.
_FRAMEWORKS: dict[str, _Make] = {
    "next": _next,
    "nuxt": _nuxt,
    "nuxt3": _nitro,
    "nitropack": _nitro,
    "@sveltejs/kit": _sveltekit,
    "@react-router/dev": _react_router,
    "@remix-run/dev": _react_router,
    "vinxi": _nitro,
    "@tanstack/react-start": _nitro,
    "astro": _astro,
    "gatsby": _gatsby,
    "react-scripts": _create_react_app,
    "@docusaurus/core": _docusaurus,
    "@vue/cli-service": _vue_cli,
    "vitepress": _vitepress,
    "@angular/core": _angular,
    "@nestjs/core": _nest,
    "@11ty/eleventy": _eleventy,
    "vite": _bundled,
    "parcel": _bundled,
    "webpack-dev-server": _bundled,
}
