"""moon, Nx and Turborepo: which task builds and which starts an app of a monorepo."""

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from seaway.core.plan import ConfigBroken, Reader, UnreadableFile
from seaway.packs.nixpacks.context import Context
from seaway.packs.nixpacks.files import FileBroken, parse_json, parse_yaml
from seaway.packs.nixpacks.providers.node.package import App

_NX_NEXT = ("@nx/next:build", "@nrwl/next:build")


@dataclass(frozen=True)
class NxApp:
    """One `apps/<name>/project.json`; `start` is its start target, None if there is none."""

    name: str
    executor: str
    options: Mapping[str, Any]
    start: Mapping[str, Any] | None


@dataclass(frozen=True)
class Turbo:
    """`tasks`: names in `pipeline` and `tasks` of turbo.json; `app`: NIXPACKS_TURBO_APP_NAME."""

    tasks: frozenset[str]
    app: str | None


def moon_app(app: App) -> str | None:
    name = app.ctx.variable("MOON_APP_NAME")
    return name if name is not None and app.ctx.has(".moon/workspace.yml") else None


def moon_command(app: App, name: str, step: str) -> str:
    """`step`: build or start."""
    task = app.ctx.variable(f"MOON_{step.upper()}_TASK")
    return f"{app.runner} @moonrepo/cli run {name}:{step if task is None else task}"


def nx_app(ctx: Context) -> NxApp | None:
    """None if this is no Nx monorepo, or its project cannot be understood."""
    if not ctx.has("nx.json"):
        return None
    name = ctx.variable("NX_APP_NAME") or _nx_default(_parsed_json(ctx, "nx.json"))
    project = _parsed_json(ctx, f"apps/{name}/project.json") if name else None
    targets = _table(project, "targets") or {}
    build, start = _table(targets, "build"), _table(targets, "start")
    executor = _text(build, "executor")
    start_is_sound = targets.get("start") is None or _text(start, "executor") is not None
    if not name or executor is None or not start_is_sound:
        return None
    return NxApp(name, executor, _table(build, "options") or {}, start)


def _nx_default(config: object) -> str | None:
    named = (_text(config, key) for key in ("default_project", "defaultProject"))
    return next((name for name in named if name), None)


def nx_build(app: App, nx: NxApp) -> str:
    return f"{app.runner} nx run {nx.name}:build:production"


def nx_start(app: App, nx: NxApp) -> str:
    if nx.start is not None:
        production = (_table(nx.start, "configurations") or {}).get("production")
        return f"{app.runner} nx run {nx.name}:start" + (":production" if production is not None else "")
    out = _text(nx.options, "outputPath") or f"dist/apps/{nx.name}"
    if nx.executor in _NX_NEXT:
        return f"cd {out} && npm run start"
    main = _text(nx.options, "main")
    stem = posixpath.splitext(posixpath.basename(main))[0] if main else "index"
    return f"node {out}/{stem}.js"


def turbo_repo(ctx: Context) -> Turbo | None:
    """None if there is no turbo.json, or it cannot be understood."""
    data = _parsed_json(ctx, "turbo.json")
    if not isinstance(data, dict):
        return None
    maps = [data[key] for key in ("pipeline", "tasks") if data.get(key) is not None]
    if not all(isinstance(tasks, dict) for tasks in maps):
        return None
    return Turbo(frozenset(name for tasks in maps for name in tasks), ctx.variable("TURBO_APP_NAME"))


def turbo_build(app: App, turbo: Turbo) -> str | None:
    if "build" in turbo.tasks:
        return "npx turbo run build"
    return None if turbo.app is None else f"{app.runner} turbo run {turbo.app}:build"


def turbo_start(app: App, turbo: Turbo) -> str | None:
    if turbo.app is not None:
        patterns = _workspace_patterns(app)
        if patterns is None:
            return None
        if _has_workspace(app.ctx, patterns, turbo.app):
            return _workspace_start(app.manager, turbo.app)
    return "npx turbo run start" if "start" in turbo.tasks else None


def _workspace_start(manager: str, name: str) -> str:
    if manager == "pnpm":
        return f"pnpm --filter {name} run start"
    if manager == "yarn":
        return f"yarn workspace {name} run start"
    return f"{manager} --workspace {name} run start"


def _has_workspace(ctx: Context, patterns: tuple[str, ...], name: str) -> bool:
    folders = (folder for pattern in patterns for folder in ctx.tree.find_folders(pattern))
    return any(posixpath.basename(folder) == name for folder in folders)


def _workspace_patterns(app: App) -> tuple[str, ...] | None:
    """Globs of the workspaces' folders; None if pnpm's file cannot be read."""
    if app.manager != "pnpm":
        listed = app.package.workspaces
        is_plain = isinstance(listed, list) and all(isinstance(item, str) for item in listed)
        return tuple(listed) if isinstance(listed, list) and is_plain else ()
    path = "pnpm-workspace.yaml"
    try:
        text = app.ctx.tree.read(path)
        read = Reader(path, text, FileBroken)
        return read.texts(read.table(parse_yaml(text, path), ()), "packages", ()) or ()
    except (ConfigBroken, UnreadableFile):
        return None


def _parsed_json(ctx: Context, path: str) -> object:
    """None if the file is absent or broken."""
    text = ctx.text_or_none(path)
    try:
        return None if text is None else parse_json(text, path)
    except FileBroken:
        return None


def _table(value: object, key: str) -> dict[str, Any] | None:
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else None


def _text(value: object, key: str) -> str | None:
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, str) else None
