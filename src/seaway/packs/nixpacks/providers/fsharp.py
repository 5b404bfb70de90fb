"""F#: as C#, with one SDK."""

from seaway.packs.nixpacks.context import Context, Draft
from seaway.packs.nixpacks.providers.csharp import dotnet_plan


class FSharp:
    name = "f#"
    order = 60

    def detects(self, ctx: Context) -> bool:
        return bool(ctx.tree.find("*.fsproj"))

    def plan(self, ctx: Context) -> Draft:
        return Draft(dotnet_plan(ctx, "dotnet-sdk", "*.fsproj"))


provider = FSharp()
