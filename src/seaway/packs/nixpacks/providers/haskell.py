"""Haskell: stack installs the executables of package.yaml."""

from dataclasses import replace

from seaway.core.plan import Plan, Reader, Start
from seaway.packs.nixpacks.context import CannotPlan, Context, Draft, build, install, phases, setup
from seaway.packs.nixpacks.files import FileBroken, parse_yaml

_APT = ("libgmp-dev", "gcc", "binutils", "make", "zlib1g-dev")


class Haskell:
    name = "haskell"
    order = 100

    def detects(self, ctx: Context) -> bool:
        return ctx.has("package.yaml") and bool(ctx.tree.find("**/*.hs"))

    def plan(self, ctx: Context) -> Draft:
        return Draft(
            Plan(
                phases=phases(
                    setup=replace(setup("stack"), apt_pkgs=_APT),
                    install=install("stack setup", cache=["/root/.stack"]),
                    build=build("stack install", cache=["/root/.stack", ".stack-work"]),
                ),
                start=Start(cmd=f"/root/.local/bin/{_executable(ctx)}"),
            )
        )


provider = Haskell()


def _executable(ctx: Context) -> str:
    """The first executable by name. Raises FileBroken, CannotPlan."""
    path = "package.yaml"
    text = ctx.tree.read(path)
    read = Reader(path, text, FileBroken)
    names = read.optional_table(read.table(parse_yaml(text, path), ()), "executables", ()) or {}
    if not names:
        raise CannotPlan("package.yaml has no executables, so nothing can be started.", remedy="Add one to it.")
    return min(names)
