"""Go: one static binary, run on a plain image unless cgo is wanted."""

import posixpath

from seaway.core.plan import Phase, Plan, Start
from seaway.packs.nixpacks.context import AFTER_SETUP, CannotPlan, Context, Draft, build, install, phases, setup

_DEFAULT = ("go", "e89cf1c932006531f454de7d652163a9a5c86668")
# Exactly as written after `go` in go.mod, to Nix package and archive.
VERSIONS = {
    "1.18": ("go_1_18", "5148520bfab61f99fd25fb9ff7bfbb50dad3c9db"),
    "1.19": ("go_1_19", "5148520bfab61f99fd25fb9ff7bfbb50dad3c9db"),
    "1.20": ("go_1_20", "1f13eabcd6f5b00fe9de9575ac52c66a0e887ce6"),
    "1.21": ("go_1_21", "1f13eabcd6f5b00fe9de9575ac52c66a0e887ce6"),
    "1.22": ("go", "e89cf1c932006531f454de7d652163a9a5c86668"),
    "1.23": ("go_1_23", "05bbf675397d5366259409139039af8077d695ce"),
}
_CACHE = ("/root/.cache/go-build",)


class Go:
    name = "go"
    order = 90

    def detects(self, ctx: Context) -> bool:
        return ctx.first_having("main.go", "go.mod") is not None

    def plan(self, ctx: Context) -> Draft:
        asked = _asked(ctx)
        package, archive = VERSIONS.get(asked or "", _DEFAULT)
        command = _build_command(ctx)
        plan = Plan(
            phases=phases(
                setup=setup(package, archive=archive),
                install=_install(ctx),
                build=build(*([command] if command else []), after=AFTER_SETUP, cache=_CACHE),
            ),
            variables={"CGO_ENABLED": "0"},
            start=_start(ctx),
        )
        return Draft(plan, notes=(_note(asked),))


provider = Go()


def _asked(ctx: Context) -> str | None:
    """The second word of the first line of go.mod that starts with `go`."""
    lines = (line.strip() for line in (ctx.text("go.mod") or "").splitlines())
    line = next((line for line in lines if line.startswith("go")), None)
    if line is None:
        return None
    words = line.split()
    if len(words) < 2:
        raise CannotPlan(f"go.mod has the line {line!r} without a version.", remedy="Write it as: go 1.23")
    return words[1]


def _note(asked: str | None) -> str:
    if asked is None:
        return "Go 1.22 is the default: no go.mod asks for a version."
    if asked in VERSIONS:
        return f"Go {asked}: go.mod asks for it."
    return f"Go 1.22 is used although go.mod asks for {asked}: there are packages for {', '.join(VERSIONS)} only."


def _install(ctx: Context) -> Phase | None:
    return install("go mod download", cache=_CACHE) if ctx.has("go.mod") else None


def _build_command(ctx: Context) -> str | None:
    named = ctx.variable("GO_BIN")
    if named is not None:
        return f"go build -o out ./cmd/{named}"
    is_module = ctx.has("go.mod")
    if is_module and any("/" not in path for path in ctx.tree.find("*.go")):
        return "go build -o out"
    if ctx.tree.has_folder("cmd"):
        folder = next(iter(ctx.tree.find_folders("cmd/*")), None)
        return None if folder is None else f"go build -o out ./cmd/{posixpath.basename(folder)}"
    if is_module:
        return "go build -o out"
    return "go build -o out main.go" if ctx.has("main.go") else None


def _start(ctx: Context) -> Start | None:
    if not ctx.tree.find("**/*.go"):
        return None
    return Start(cmd="./out", run_image=None if ctx.env.get("CGO_ENABLED") == "1" else "ubuntu:noble")
