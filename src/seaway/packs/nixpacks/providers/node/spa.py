"""Vite apps that are only files in the end: where they are built to, and Caddy to serve them."""

import re

from seaway.core.plan import Phase
from seaway.packs.nixpacks.providers.node.package import App

START = "exec caddy run --config /assets/Caddyfile --adapter caddyfile 2>&1"
PHASE = Phase(
    depends_on=("setup",),
    nix_pkgs=("caddy",),
    nix_overlays=(),
    nixpkgs_archive="ba913eda2df8eb72147259189d55932012df6301",
    cmds=("caddy fmt --overwrite /assets/Caddyfile",),
)
CADDYFILE = """\
# Serves a single page app: files as they are, every other address gets index.html.
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
	file_server
	try_files {path} /index.html
}
"""

_CONFIGS = ("vite.config.js", "vite.config.ts")
_CONFIG_OUT = re.compile(r"""outDir:\s*['"`]([^'"`]+)['"`]""")
_SCRIPT_OUT = re.compile(r"vite\s+build(?:\s+-[^\s]*)*\s+(?:--outDir)\s+([^-\s;]+)")
# A framework that renders on a server as well is not served by Caddy.
_FRAMEWORKS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("react", ("@remix-run/react", "@react-router/node")),
    ("vue", ()),
    ("svelte", ("@sveltejs/kit",)),
    ("preact", ()),
    ("lit", ()),
    ("solid-js", ()),
    ("@builder.io/qwik", ()),
)


def is_vite(app: App) -> bool:
    return (
        app.package.depends_on("vite")
        or app.ctx.first_having(*_CONFIGS) is not None
        or "vite build" in app.package.scripts.get("build", "").lower()
    )


def output_folder(app: App) -> str:
    """Where a Vite app is built to, relative to the app."""
    given = app.ctx.variable("SPA_OUT_DIR")
    if given is not None:
        return given
    config = app.ctx.first_having(*_CONFIGS)
    match = _CONFIG_OUT.search(app.ctx.text(config) or "") if config else None
    match = match or _SCRIPT_OUT.search(app.package.scripts.get("build", ""))
    return match[1] if match else "dist"


def is_served_by_caddy(app: App) -> bool:
    wish = app.ctx.variable("SPA_CADDY")
    if wish is not None and wish.lower() in ("false", "0"):
        return False
    return is_vite(app) and (app.ctx.variable("SPA_OUT_DIR") is not None or _is_browser_only(app))


def _is_browser_only(app: App) -> bool:
    has = app.package.depends_on
    return any(has(name) and not any(has(other) for other in servers) for name, servers in _FRAMEWORKS)
