"""Deno: a deno.json, or an import from deno.land."""

import re

from seaway.core.plan import ConfigBroken, Phase, Plan, Reader, Start
from seaway.packs.nixpacks.context import AFTER_SETUP, Context, Draft, build, phases, setup
from seaway.packs.nixpacks.files import FileBroken, parse_json

_IMPORT = re.compile(r"""import .+ from (?:"|'|`)https://deno.land/[^"`']+\.(?:ts|js|tsx|jsx)(?:"|'|`);?""")
# Looking for this first keeps the expression off the thousands of files that import nothing from there.
_HINT = "https://deno"
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)


class Deno:
    name = "deno"
    order = 50

    def detects(self, ctx: Context) -> bool:
        if ctx.first_having("deno.json", "deno.jsonc"):
            return True
        return any(_HINT in text and _IMPORT.search(text) for text in ctx.texts("**/*.{ts,tsx,js,jsx}"))

    def plan(self, ctx: Context) -> Draft:
        index = next(iter(ctx.tree.find("**/index.{ts,tsx,js,jsx}")), None)
        start = _task(ctx)
        if start is None and index is not None:
            start = f"deno run --allow-all {index}"
        cache: Phase | None = None if index is None else build(f"deno cache {index}", after=AFTER_SETUP)
        return Draft(
            Plan(
                phases=phases(setup=setup("deno"), build=cache),
                start=None if start is None else Start(cmd=start),
            )
        )


provider = Deno()


def _task(ctx: Context) -> str | None:
    """The task `start`, None if there is none. Raises FileBroken if neither configuration can be read."""
    failure: ConfigBroken | None = None
    for path in ("deno.json", "deno.jsonc"):
        text = ctx.text_or_none(path)
        if text is None:
            continue
        try:
            return _start_of(path, _COMMENT.sub("", text) if path.endswith("c") else text)
        except ConfigBroken as error:
            failure = failure or error
    if failure:
        raise failure
    return None


def _start_of(path: str, text: str) -> str | None:
    read = Reader(path, text, FileBroken)
    tasks = read.optional_table(read.table(parse_json(text, path), ()), "tasks", ()) or {}
    return read.text_at(tasks, "start", ("tasks",))
