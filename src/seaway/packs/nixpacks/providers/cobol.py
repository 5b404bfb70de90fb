"""COBOL: one source file, compiled to one program."""

import posixpath

from seaway.core.plan import Plan, Start
from seaway.packs.nixpacks.context import AFTER_SETUP, CannotPlan, Context, Draft, build, phases, setup


class Cobol:
    name = "cobol"
    order = 230

    def detects(self, ctx: Context) -> bool:
        return bool(ctx.tree.find("*.cbl"))

    def plan(self, ctx: Context) -> Draft:
        source = _source(ctx)
        stem = posixpath.splitext(posixpath.basename(source))[0]
        arguments = ctx.variable("COBOL_COMPILE_ARGS")
        command = f"cobc {'-x -o' if arguments is None else arguments} {stem} {source}"
        plan = Plan(
            phases=phases(setup=setup("gnu-cobol", "gcc"), build=build(command, after=AFTER_SETUP)),
            start=Start(cmd=f"./{stem}"),
        )
        return Draft(plan, notes=(f"The program is {source}; NIXPACKS_COBOL_APP_NAME chooses another.",))


provider = Cobol()


def _source(ctx: Context) -> str:
    name = ctx.variable("COBOL_APP_NAME")
    patterns = (*(() if name is None else (f"*{name}.cbl",)), "*index.cbl", "*.cbl")
    found = (path for pattern in patterns for path in ctx.tree.find(pattern))
    source = next(found, None)
    if source is None:
        raise CannotPlan("There is no COBOL source (*.cbl) in this app.", remedy="Add one, or correct `providers`.")
    return source
