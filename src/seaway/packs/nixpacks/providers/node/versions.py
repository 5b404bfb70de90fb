"""Which Node.js and which package manager package an app gets, and why."""

from dataclasses import dataclass

from seaway.packs.nixpacks.context import Context
from seaway.packs.nixpacks.providers.node.package import App
from seaway.packs.nixpacks.semver import major_interval, overlaps, parse_range

DEFAULT_MAJOR = 18
# Newest first; odd releases have no package.
MAJORS = (22, 20, 18, 16, 14)
_CODENAMES = {
    "lts/*": 22,
    "lts/jod": 22,
    "lts/iron": 20,
    "lts/hydrogen": 18,
    "lts/gallium": 16,
    "lts/fermium": 14,
    "lts/erbium": 12,
    "lts/dubnium": 10,
    "lts/carbon": 8,
    "lts/boron": 6,
    "lts/argon": 4,
}
_INTERVALS = tuple((major, major_interval(major)) for major in MAJORS)

OLD_ARCHIVE = "bf744fe90419885eefced41b3e5ae442d732712d"
BUN_ARCHIVE = "5a0711127cd8b916c3d3128f473388c8c79df0da"
NEW_ARCHIVE = "ffeebf0acf3ae8b29f8c7049cd911b9636efd7e7"

_PNPM_PACKAGES = (
    ("lockfileVersion: 5.3", "pnpm-6_x"),
    ("lockfileVersion: 5.4", "pnpm-7_x"),
    ("lockfileVersion: '6.0'", "pnpm-8_x"),
)
_NPM_PACKAGES = (('"lockfileVersion": 1', "npm-6_x"), ('"lockfileVersion": 2', "npm-8_x"))


@dataclass(frozen=True)
class NodeVersion:
    """`package`: the Nix package; `note`: why this one, for people."""

    package: str
    note: str


def node_version(app: App, *, variable: bool = True) -> NodeVersion:
    """What the app asks for, as far as it can be granted; `variable=False` leaves NIXPACKS_NODE_VERSION out."""
    source, asked = _asked(app, variable)
    major = _granted(asked) if asked is not None else None
    chosen = major or DEFAULT_MAJOR
    if asked is None:
        note = f"Node.js {chosen} is the default: nothing in the app asks for a version."
    elif major or asked == "*":
        note = f"Node.js {chosen}: {source} asks for {asked!r}."
    else:
        note = (
            f"Node.js {chosen} is used although {source} asks for {asked!r}: "
            f"there are packages for {', '.join(str(known) for known in reversed(MAJORS))} only."
        )
    return NodeVersion(f"nodejs_{chosen}", note)


def _asked(app: App, variable: bool) -> tuple[str, str | None]:
    """Where a version is asked for and what is asked."""
    ctx = app.ctx
    given = ctx.variable("NODE_VERSION") if variable else None
    if given is not None:
        return "NIXPACKS_NODE_VERSION", given
    if "node" in app.package.engines:
        return "engines.node in package.json", app.package.engines["node"]
    nvmrc = ctx.text(".nvmrc")
    if nvmrc is not None:
        return ".nvmrc", _nvmrc(nvmrc.strip())
    version_file = ctx.text(".node-version")
    return ".node-version", None if version_file is None else version_file.strip().replace("v", "")


def _nvmrc(text: str) -> str:
    return str(_CODENAMES[text]) if text in _CODENAMES else text.removeprefix("v")


def _granted(asked: str) -> int | None:
    """The highest major release within an npm range; None where the default must do."""
    if asked == "*":
        return None
    alternatives = parse_range(asked)
    if alternatives is None:
        return None
    return next((major for major, interval in _INTERVALS if overlaps(alternatives, interval)), None)


def manager_package(app: App) -> str:
    if app.manager == "pnpm":
        lock = app.ctx.text("pnpm-lock.yaml") or ""
        return next((package for start, package in _PNPM_PACKAGES if lock.startswith(start)), "pnpm-9_x")
    if app.manager == "yarn":
        return "yarn-1_x"
    if app.manager == "bun":
        return "bun"
    lock = app.ctx.text("package-lock.json") or ""
    return next((package for text, package in _NPM_PACKAGES if text in lock), "npm-9_x")


def archive(app: App) -> str:
    package = node_version(app, variable=False).package
    if "14" in package or "16" in package:
        return OLD_ARCHIVE
    return BUN_ARCHIVE if app.manager == "bun" else NEW_ARCHIVE


def mentioned_in(ctx: Context, files: tuple[str, ...], word: str) -> bool:
    return any(word in (ctx.text(path) or "") for path in files)
