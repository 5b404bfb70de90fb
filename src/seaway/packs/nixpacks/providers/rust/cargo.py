"""Cargo.toml: what a package is called, what it builds, which members a workspace has."""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from seaway.core.plan import Reader
from seaway.core.tree import Tree
from seaway.packs.nixpacks.files import FileBroken, parse_toml

# Below src/bin: a file, or a folder with a main.rs.
_BIN_SOURCE = re.compile(r"[^/]+\.rs|[^/]+/main\.rs")
_DEPENDENCIES = ("dependencies", "dev-dependencies", "build-dependencies")


@dataclass(frozen=True)
class Manifest:
    """`package`: the package's name, None without [package]; `members`: as written, default members first.

    `has_bins` and `has_library` are what the file itself says; cargo also looks for sources.
    """

    package: str | None
    rust_version: str | None
    inherits_rust_version: bool
    default_run: str | None
    dependencies: frozenset[str]
    members: tuple[str, ...]
    exclude: frozenset[str]
    has_bins: bool
    has_library: bool
    finds_bins: bool


def read_manifest(tree: Tree, path: str) -> Manifest:
    """Raises FileBroken, UnreadableFile."""
    text = tree.read(path)
    read = Reader(path, text, FileBroken)
    data = parse_toml(text, path)
    package = read.optional_table(data, "package", ())
    workspace = read.optional_table(data, "workspace", ()) or {}
    inherits = isinstance((package or {}).get("rust-version"), dict)
    at, within = ("package",), ("workspace",)
    members = (read.texts(workspace, key, within) or () for key in ("default-members", "members"))
    return Manifest(
        package=None if package is None else _name(read, package, path),
        rust_version=None if inherits else read.text_at(package or {}, "rust-version", at),
        inherits_rust_version=inherits,
        default_run=read.text_at(package or {}, "default-run", at),
        dependencies=frozenset(name for key in _DEPENDENCIES for name in read.optional_table(data, key, ()) or {}),
        members=tuple(member for listed in members for member in listed),
        exclude=frozenset(read.texts(workspace, "exclude", within) or ()),
        has_bins=bool(data.get("bin")),
        has_library="lib" in data,
        finds_bins=(package or {}).get("autobins") is not False,
    )


def _name(read: Reader, package: dict[str, Any], path: str) -> str:
    name = read.text_at(package, "name", ("package",))
    if name is None:
        raise FileBroken(path, "[package] has no name", remedy="Give the package a name.")
    return name


def workspace_member(tree: Tree, root: Manifest) -> str | None:
    """The package of a workspace that is taken for the app; None if no member has a program.

    A member's pattern also finds nested folders; each must have a Cargo.toml. Raises UnreadableFile, FileBroken.
    """
    for folder in _member_folders(tree, root):
        manifest = read_manifest(tree, posixpath.join(folder, "Cargo.toml"))
        if manifest.package is not None and _is_program(tree, posixpath.normpath(folder), manifest):
            return manifest.package
    return None


def _member_folders(tree: Tree, root: Manifest) -> Iterator[str]:
    for member in root.members:
        if member in root.exclude:
            continue
        if "*" in member or "?" in member:
            yield from tree.find_folders(member)
        else:
            yield member


def _is_program(tree: Tree, folder: str, manifest: Manifest) -> bool:
    prefix = "" if folder == "." else f"{folder}/"
    if manifest.has_bins or not (manifest.has_library or tree.has(f"{prefix}src/lib.rs")):
        return True
    if not manifest.finds_bins:
        return False
    bins = (path.removeprefix(f"{prefix}src/bin/") for path in tree.find(f"{prefix}src/bin/*"))
    return tree.has(f"{prefix}src/main.rs") or any(_BIN_SOURCE.fullmatch(name) for name in bins)
