"""Lunatic: Rust built for WebAssembly and run by the Lunatic runtime."""

import re
from dataclasses import replace

from seaway.core.plan import Plan, Start
from seaway.packs.nixpacks.context import Context, Draft, phases
from seaway.packs.nixpacks.providers.rust import build_phase, notes, read_crate, setup_phase, start_command

_RUNNER = re.compile(r'runner\s*=\s*"lunatic"')


class Lunatic:
    name = "lunatic"
    order = 130

    def detects(self, ctx: Context) -> bool:
        return ctx.has("Cargo.toml") and ctx.contains(".cargo/config.toml", _RUNNER)

    def plan(self, ctx: Context) -> Draft:
        crate = read_crate(ctx)
        rust = setup_phase(ctx, crate)
        start = start_command(ctx, crate)
        plan = Plan(
            phases=phases(
                setup=replace(rust, nix_pkgs=(*(rust.nix_pkgs or ()), "lunatic")),
                build=build_phase(crate),
            ),
            start=None if start is None else Start(cmd=f"lunatic {start}"),
        )
        return Draft(plan, notes=notes(ctx, crate))


provider = Lunatic()
