"""Swift: one static binary of the package's main target."""

from seaway.core.plan import Plan, Start
from seaway.packs.nixpacks.context import CannotPlan, Context, Draft, build, install, phases, setup

_DEFAULT = "5.8"
# Exactly as asked for, to the archive that has it.
ARCHIVES = {
    "3.1": "aeaa79dc82980869a88a5955ea3cd3e1944b7d80",
    "3.1.1": "8414d8386b9a6b855b291fb3f01a4e3b04c08bbb",
    "4.0.3": "2c9d2d65266c2c3aca1e4c80215de8bee5295b04",
    "4.1": "92a047a6c4d46a222e9c323ea85882d0a7a13af8",
    "4.1.3": "a3962299f14944a0e9ccf8fd84bd7be524b74cd6",
    "4.2.1": "7ff8a16f0726342f0a25697867d8c1306d4da7b0",
    "4.2.3": "3fa154fd7fed3d6a94322bf08a6def47d6f8e0f6",
    "5.0.1": "4599f2bb9a5a6b1482e72521ead95cb24e0aa819",
    "5.0.2": "a9eb3eed170fa916e0a8364e5227ee661af76fde",
    "5.1.1": "9986226d5182c368b7be1db1ab2f7488508b5a87",
    "5.4": "c82b46413401efa740a0b994f52e9903a4f6dcd5",
    "5.4.2": "c82b46413401efa740a0b994f52e9903a4f6dcd5",
    "5.5.2": "7592790b9e02f7f99ddcb1bd33fd44ff8df6a9a7",
    "5.5.3": "7cf5ccf1cdb2ba5f08f0ac29fc3d04b0b59a07e4",
    "5.6.2": "3c3b3ab88a34ff8026fc69cb78febb9ec9aedb16",
    "5.7.3": "8cad3dbe48029cb9def5cdb2409a6c80d3acfe2e",
    "5.8": "9957cd48326fe8dbd52fdc50dd2502307f188b0d",
}
_TOOLS = "swift-tools-version:"


class Swift:
    name = "swift"
    order = 200

    def detects(self, ctx: Context) -> bool:
        return ctx.has("Package.swift")

    def plan(self, ctx: Context) -> Draft:
        asked = _asked(ctx)
        archive = ARCHIVES.get(asked, ARCHIVES[_DEFAULT])
        name = _target(ctx)
        plan = Plan(
            phases=phases(
                setup=setup("coreutils", "swift", "clang", "zlib", "zlib.dev", archive=archive),
                install=install(
                    "swift package resolve",
                    files=["Package.swift", *(["Package.resolved"] if ctx.has("Package.resolved") else [])],
                ),
                build=build(
                    "CC=clang++ swift build -c release --static-swift-stdlib",
                    f"cp ./.build/release/{name} ./{name} && rm -rf ./.build",
                ),
            ),
            start=Start(cmd=f"./{name}"),
        )
        used = asked if asked in ARCHIVES else f"{_DEFAULT} (asked for is {asked}, which has no package)"
        return Draft(plan, notes=(f"Swift {used}.",))


provider = Swift()


def _asked(ctx: Context) -> str:
    text = ctx.text(".swift-version")
    if text is not None:
        return text.split("\n", 1)[0].strip()
    lines = (ctx.text("Package.swift") or "").split("\n")
    line = next((line for line in lines if _TOOLS in line), None)
    return _DEFAULT if line is None else line.replace(_TOOLS, "").replace("//", "").strip()


def _target(ctx: Context) -> str:
    path = next((path for path in ctx.tree.find("Sources/**/main.swift") if ".build" not in path), None)
    if path is None:
        raise CannotPlan(
            "This Swift package has no program: there is no main.swift under Sources.",
            remedy="Add Sources/<name>/main.swift.",
        )
    parts = path.split("/")
    return parts[parts.index("Sources") + 1]
