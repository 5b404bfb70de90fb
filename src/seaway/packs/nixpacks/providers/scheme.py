"""Scheme: a Haunt site served by Guile."""

from seaway.core.plan import Plan, Start
from seaway.packs.nixpacks.context import AFTER_SETUP, Context, Draft, build, phases, setup


class Scheme:
    name = "scheme"
    order = 110

    def detects(self, ctx: Context) -> bool:
        return ctx.has("haunt.scm")

    def plan(self, _ctx: Context) -> Draft:
        return Draft(
            Plan(
                phases=phases(setup=setup("haunt", "guile"), build=build("haunt build", after=AFTER_SETUP)),
                start=Start(cmd="guile init.scm --auto-compile"),
            )
        )


provider = Scheme()
