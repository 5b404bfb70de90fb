"""Elixir: a Phoenix release made by mix."""

import re

from seaway.core.plan import Phase, Plan, Start
from seaway.packs.nixpacks.context import Context, Draft, build, install, phases
from seaway.packs.nixpacks.tables import version_parts

_ARCHIVE = "c5702bd28cbde41a191a9c2a00501f18941efbd0"
_MINORS = frozenset(str(minor) for minor in range(9, 18))
_IN_MIX = re.compile(r"(elixir:[\s].*[> ])([0-9|\.]*)")


class Elixir:
    name = "elixir"
    order = 40

    def detects(self, ctx: Context) -> bool:
        return ctx.has("mix.exs")

    def plan(self, ctx: Context) -> Draft:
        mix = ctx.text("mix.exs") or ""
        package, note = _version(ctx, mix)
        cmds = (
            ("mix compile", True),
            ("mix assets.deploy", "assets.deploy" in mix),
            ("mix ecto.setup", "postgrex" in mix and "ecto" in mix),
        )
        plan = Plan(
            phases=phases(
                setup=Phase(
                    nix_pkgs=(package, "gcc"), nix_libs=("stdenv.cc.cc.lib",), nix_overlays=(), nixpkgs_archive=_ARCHIVE
                ),
                install=install("mix local.hex --force", "mix local.rebar --force", "mix deps.get --only prod"),
                build=build(*(cmd for cmd, wanted in cmds if wanted)),
            ),
            variables={"MIX_ENV": "prod", "ELIXIR_ERL_OPTIONS": "+fnu"},
            start=Start(cmd="mix phx.server"),
        )
        return Draft(plan, notes=(note,))


provider = Elixir()


def _version(ctx: Context, mix: str) -> tuple[str, str]:
    """The Nix package, and a sentence on why."""
    source, asked = _asked(ctx, mix)
    parts = version_parts(asked.strip()) if asked is not None else None
    if parts and parts[0] == "1" and parts[1] in _MINORS:
        return f"elixir_1_{parts[1]}", f"Elixir 1.{parts[1]}: {source} asks for {(asked or '').strip()!r}."
    if asked is None:
        return "elixir", "Elixir in its default version: nothing in the app asks for another."
    return "elixir", f"Elixir in its default version: {source} asks for {asked.strip()!r}, not one of 1.9 to 1.17."


def _asked(ctx: Context, mix: str) -> tuple[str, str | None]:
    variable = ctx.variable("ELIXIR_VERSION")
    if variable is not None:
        return "NIXPACKS_ELIXIR_VERSION", variable
    text = ctx.text(".elixir-version")
    if text is not None:
        return ".elixir-version", text
    match = _IN_MIX.search(mix)
    return "mix.exs", match[2] if match else None
