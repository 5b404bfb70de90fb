"""Dart: the program bin/<name>.dart of the package."""

from seaway.core.plan import Plan, Reader, Start
from seaway.packs.nixpacks.context import Context, Draft, build, install, phases, setup
from seaway.packs.nixpacks.files import FileBroken, parse_yaml


class Dart:
    name = "dart"
    order = 30

    def detects(self, ctx: Context) -> bool:
        return ctx.has("pubspec.yaml")

    def plan(self, ctx: Context) -> Draft:
        name = _name(ctx)
        return Draft(
            Plan(
                phases=phases(
                    setup=setup("dart"),
                    install=install("dart pub get", files=["pubspec.yaml"]),
                    build=build(f"dart compile exe bin/{name}.dart"),
                ),
                start=Start(cmd=f"./bin/{name}.exe"),
            )
        )


provider = Dart()


def _name(ctx: Context) -> str:
    """Raises FileBroken."""
    path = "pubspec.yaml"
    text = ctx.tree.read(path)
    read = Reader(path, text, FileBroken)
    data = read.table(parse_yaml(text, path), ())
    name, version = (read.text_at(data, key, ()) for key in ("name", "version"))
    if name is None or version is None:
        raise FileBroken(path, "name and version are needed", remedy="Add both to pubspec.yaml.")
    return name
