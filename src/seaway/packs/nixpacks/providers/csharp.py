"""C#: dotnet publish, and what F# shares with it."""

import posixpath

from seaway.core.plan import Plan, Reader, Start
from seaway.packs.nixpacks.context import CannotPlan, Context, Draft, build, install, phases, setup
from seaway.packs.nixpacks.files import FileBroken, parse_json
from seaway.packs.nixpacks.tables import whole_number

_DEFAULT_SDK = 6
_VARIABLES = {
    "ASPNETCORE_ENVIRONMENT": "Production",
    "ASPNETCORE_URLS": "http://0.0.0.0:3000",
    "DOTNET_ROOT": "/nix/var/nix/profiles/default/",
}


class CSharp:
    name = "c#"
    order = 20

    def detects(self, ctx: Context) -> bool:
        return bool(ctx.tree.find("*.csproj"))

    def plan(self, ctx: Context) -> Draft:
        version = _sdk_version(ctx)
        package = "dotnet-sdk" if version == _DEFAULT_SDK else f"dotnet-sdk_{version}"
        return Draft(dotnet_plan(ctx, package, "*.csproj"), notes=(f".NET SDK {version}.",))


provider = CSharp()


def dotnet_plan(ctx: Context, package: str, projects: str) -> Plan:
    """`projects`: the glob of project files, the first of which is the app."""
    project = next(iter(ctx.tree.find(projects)), None)
    if project is None:
        raise CannotPlan(f"There is no {projects} in this app.", remedy="Add a project file, or correct `providers`.")
    name = posixpath.splitext(posixpath.basename(project))[0]
    return Plan(
        phases=phases(
            setup=setup(package),
            install=install("dotnet restore"),
            build=build("dotnet publish --no-restore -c Release -o out"),
        ),
        variables=_VARIABLES,
        start=Start(cmd=f"./out/{name}"),
    )


def _sdk_version(ctx: Context) -> int:
    """Raises FileBroken."""
    asked = ctx.variable("CSHARP_SDK_VERSION")
    asked = _in_global_json(ctx) if asked is None else asked
    major = whole_number((asked or "").partition(".")[0])
    return major if major is not None and major < 256 else _DEFAULT_SDK


def _in_global_json(ctx: Context) -> str | None:
    path = "global.json"
    text = ctx.text(path)
    if text is None:
        return None
    read = Reader(path, text, FileBroken)
    sdk = read.optional_table(read.table(parse_json(text, path), ()), "sdk", ()) or {}
    return read.text_at(sdk, "version", ("sdk",))
