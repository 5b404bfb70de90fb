"""Gleam: an Erlang shipment, made by a downloaded compiler."""

from importlib.resources import files

from seaway.core.plan import Plan, Reader, Start
from seaway.packs.nixpacks.context import Context, Draft, build, install, phases, setup
from seaway.packs.nixpacks.files import FileBroken, parse_toml

_SCRIPT = "get-gleam.sh"
_NIGHTLY = "main"


class Gleam:
    name = "gleam"
    order = 80

    def detects(self, ctx: Context) -> bool:
        return ctx.has("gleam.toml") and ctx.has("manifest.toml")

    def plan(self, ctx: Context) -> Draft:
        version = _version(ctx)
        script = (files("seaway.packs.nixpacks") / "assets" / _SCRIPT).read_text("utf-8")
        plan = Plan(
            phases=phases(
                setup=setup("wget", "erlang", "elixir", "rebar3"),
                install=install(
                    f"sh /assets/{_SCRIPT} {version}", "gleam deps download", files=["gleam.toml", "manifest.toml"]
                ),
                build=build("gleam export erlang-shipment"),
            ),
            static_assets={_SCRIPT: script},
            start=Start(cmd="./build/erlang-shipment/entrypoint.sh run", only_include_files=("build/erlang-shipment",)),
        )
        return Draft(plan, notes=(f"Gleam {version}, as gleam_stdlib in manifest.toml.",))


provider = Gleam()


def _version(ctx: Context) -> str:
    """The version of gleam_stdlib, or _NIGHTLY. Raises FileBroken."""
    path = "manifest.toml"
    text = ctx.tree.read(path)
    read = Reader(path, text, FileBroken)
    for package in read.list_at(parse_toml(text, path), "packages", ()) or ():
        table = read.table(package, ("packages",))
        name, version = (read.text_at(table, key, ("packages",)) for key in ("name", "version"))
        if name is None or version is None:
            raise FileBroken(path, "a package has no name or no version")
        if name == "gleam_stdlib":
            return version
    return _NIGHTLY
