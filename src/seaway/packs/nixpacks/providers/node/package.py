"""package.json, and which package manager an app uses."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from seaway.core.plan import Reader
from seaway.packs.nixpacks.context import Context
from seaway.packs.nixpacks.files import FileBroken, parse_json

MANAGERS = ("npm", "pnpm", "yarn", "bun")
_NO_TEXTS: Mapping[str, str] = {}


@dataclass(frozen=True)
class Package:
    """A package.json; `dependencies` is None if the key is absent. `workspaces` is as it was parsed."""

    path: str = "package.json"
    main: str | None = None
    package_manager: str | None = None
    scripts: Mapping[str, str] = field(default_factory=dict)
    engines: Mapping[str, str] = field(default_factory=dict)
    dependencies: Mapping[str, str] | None = None
    dev_dependencies: Mapping[str, str] = field(default_factory=dict)
    workspaces: object = None
    cache_directories: tuple[str, ...] = ()

    def depends_on(self, name: str) -> bool:
        """Development dependencies count only if there is no key `dependencies`."""
        return name in (self.dev_dependencies if self.dependencies is None else self.dependencies)

    def mentions(self, name: str) -> bool:
        return name in (self.dependencies or {}) or name in self.dev_dependencies


@dataclass(frozen=True)
class App:
    """What the parts of the Node provider look at; `manager` is one of MANAGERS."""

    ctx: Context
    package: Package
    manager: str

    @property
    def runner(self) -> str:
        """What runs a package's program without installing it first."""
        return {"pnpm": "pnpx", "yarn": "yarn"}.get(self.manager, "npx")


def read_app(ctx: Context) -> App:
    """Raises FileBroken for a broken package.json; without one the app is an empty package."""
    package = read_package(ctx, "package.json") if ctx.has("package.json") else Package()
    return App(ctx, package, _manager(ctx, package))


def read_package(ctx: Context, path: str) -> Package:
    """Raises FileBroken, UnreadableFile."""
    text = ctx.tree.read(path)
    read = Reader(path, text, FileBroken)
    data = read.table(parse_json(text, path), ())
    read.text_at(data, "name", ())
    read.text_at(data, "type", ())
    return Package(
        path,
        main=read.text_at(data, "main", ()),
        package_manager=read.text_at(data, "packageManager", ()),
        scripts=read.text_map(data, "scripts", ()) or _NO_TEXTS,
        engines=read.text_map(data, "engines", ()) or _NO_TEXTS,
        dependencies=read.text_map(data, "dependencies", ()),
        dev_dependencies=read.text_map(data, "devDependencies", ()) or _NO_TEXTS,
        workspaces=data.get("workspaces"),
        cache_directories=read.texts(data, "cacheDirectories", ()) or (),
    )


def all_packages(ctx: Context) -> Sequence[Package]:
    """Every package.json of the app in walk order, those of installed packages left out. Raises FileBroken."""
    paths = (path for path in ctx.tree.find("**/package.json") if "node_modules" not in path)
    return [read_package(ctx, path) for path in paths]


# Whose lock file wins where there are several; npm is what remains.
LOCK_FILES = (("pnpm-lock.yaml", "pnpm"), ("yarn.lock", "yarn"), ("bun.lockb", "bun"), ("bun.lock", "bun"))


def _manager(ctx: Context, package: Package) -> str:
    named = (package.package_manager or "").partition("@")[0]
    if named in MANAGERS:
        return named
    return next((manager for path, manager in LOCK_FILES if ctx.has(path)), "npm")


def manager_notes(app: App) -> Iterator[str]:
    """Why this package manager, and what was asked for in vain."""
    named = app.package.package_manager
    locks = [path for path, _manager in LOCK_FILES if app.ctx.has(path)]
    if named is not None and named.partition("@")[0] == app.manager:
        yield f"The package manager is {app.manager}: packageManager in package.json asks for it."
        return
    if named is not None:
        yield f"package.json asks for the package manager {named}, which is not known."
    why = f"there is a {locks[0]}" if locks else "no lock file of another one is there"
    yield f"The package manager is {app.manager}: {why}."
    if len(locks) > 1:
        yield f"{', '.join(locks[1:])} has no effect on that."


def has_bun_lock(ctx: Context) -> bool:
    return ctx.first_having("bun.lockb", "bun.lock") is not None
