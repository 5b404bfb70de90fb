"""Zig: one program, named as the app's folder."""

from seaway.core.plan import Plan, Start
from seaway.packs.nixpacks.context import Context, Draft, build, install, phases, setup


class Zig:
    name = "zig"
    order = 220

    def detects(self, ctx: Context) -> bool:
        return bool(ctx.tree.find("**/*.zig"))

    def plan(self, ctx: Context) -> Draft:
        submodules = ["git submodule update --init"] if ctx.has(".gitmodules") else []
        return Draft(
            Plan(
                phases=phases(
                    setup=setup("zig"),
                    install=install(*submodules),
                    build=build("zig build -Doptimize=ReleaseSafe"),
                ),
                start=Start(cmd=f"./zig-out/bin/{ctx.tree.name}"),
            )
        )


provider = Zig()
