"""Crystal: shards builds the targets of shard.yml."""

from seaway.core.plan import Plan, Reader, Start
from seaway.packs.nixpacks.context import CannotPlan, Context, Draft, build, install, phases, setup
from seaway.packs.nixpacks.files import FileBroken, parse_yaml


class Crystal:
    name = "crystal"
    order = 10

    def detects(self, ctx: Context) -> bool:
        return ctx.has("shard.yml")

    def plan(self, ctx: Context) -> Draft:
        targets = _targets(ctx)
        plan = Plan(
            phases=phases(
                setup=setup("crystal", "shards"), install=install("shards install"), build=build("shards build")
            ),
            start=Start(cmd=f"./bin/{targets[0]}"),
        )
        others = f"Of the targets {', '.join(targets)} the first is started; NIXPACKS_START_CMD chooses another."
        return Draft(plan, notes=(others,) if len(targets) > 1 else ())


provider = Crystal()


def _targets(ctx: Context) -> list[str]:
    """Names of the targets, one at least. Raises FileBroken, CannotPlan."""
    path = "shard.yml"
    text = ctx.tree.read(path)
    read = Reader(path, text, FileBroken)
    data = read.table(parse_yaml(text, path), ())
    if read.text_at(data, "name", ()) is None:
        raise FileBroken(path, "it has no name")
    targets = read.optional_table(data, "targets", ()) or {}
    for name in targets:
        read.text_map(targets, name, ("targets",))
    if not targets:
        raise CannotPlan("shard.yml has no targets, so there is nothing to build.", remedy="Add a target to it.")
    return list(targets)
