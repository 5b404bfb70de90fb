"""Packs a folder into a gzipped tar, as a stream: the same folder always gives the same bytes.

What .gitignore and .dockerignore leave out stays out, `.git` always. A `!` line of .dockerignore that names a path
brings back what .gitignore leaves out: a folder of built files, say. What planning needs is sent in any case.
"""

import os
import stat
import tarfile
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from seaway.cli.ignore import (
    NOTHING_SAID,
    DockerIgnore,
    GitIgnore,
    Verdict,
    is_git_ignored,
    parse_dockerignore,
    parse_gitignore,
)
from seaway.core.errors import Invalid
from seaway.core.source import MAX_UPLOAD_BYTES, MAX_UPLOAD_FILES

ALWAYS_SENT = frozenset({"Dockerfile", ".dockerignore", "nixpacks.toml", "nixpacks.json", "Procfile"})

# Deeper than any app, and far from where recursion ends.
_MAX_DEPTH = 200
_READ_BYTES = 256 * 1024
_SEND_BYTES = 64 * 1024
_BLOCK = tarfile.BLOCKSIZE


class NoFolder(Invalid):
    code = "source.no_folder"


class TooBig(Invalid):
    code = "source.too_large"


class LeavesFolder(Invalid):
    code = "source.link_leaves_folder"


class Unreadable(Invalid):
    code = "source.unreadable"


class Changed(Invalid):
    code = "source.changed"
    temporary = True


@dataclass(frozen=True, slots=True)
class Entry:
    """A file, folder (`path` ends in a slash) or symbolic link (`target` is set); paths are relative."""

    path: str
    size_bytes: int = 0
    executable: bool = False
    target: str | None = None

    @property
    def is_folder(self) -> bool:
        return self.path.endswith("/")

    @property
    def is_file(self) -> bool:
        return self.target is None and not self.is_folder


@dataclass(frozen=True)
class Packing:
    """What will be sent of a folder, in order."""

    root: Path
    entries: tuple[Entry, ...]
    notes: tuple[str, ...]

    @property
    def files(self) -> int:
        return sum(not entry.is_folder for entry in self.entries)

    @property
    def size_bytes(self) -> int:
        return sum(entry.size_bytes for entry in self.entries)


@dataclass
class _Walk:
    root: str
    docker: DockerIgnore
    git_prefix: str
    notes: list[str] = field(default_factory=list)
    leaving: list[str] = field(default_factory=list)


def look_at(folder: Path, *, max_bytes: int = MAX_UPLOAD_BYTES, max_files: int = MAX_UPLOAD_FILES) -> Packing:
    """What a folder holds that is to be sent. Raises one clear error when it cannot be sent."""
    if not folder.is_dir():
        what = "is not a folder" if folder.exists() else "does not exist"
        raise NoFolder(f"{folder} {what}.", remedy="Name the folder that holds the app, or a git URL.")
    root = os.path.realpath(folder)
    outer, prefix = _outer_gitignores(root)
    walk = _Walk(root, parse_dockerignore(_text(os.path.join(root, ".dockerignore"))), prefix)
    entries = tuple(_walk(walk, "", outer, NOTHING_SAID))
    _refuse_links(walk.leaving)
    packing = Packing(Path(root), entries, tuple(walk.notes))
    _refuse_too_big(packing, max_bytes, max_files)
    if not packing.files:
        raise NoFolder(f"{folder} has nothing to send.", remedy="Check .gitignore and .dockerignore, or the folder.")
    return packing


def _outer_gitignores(root: str) -> tuple[list[GitIgnore], str]:
    """The .gitignore files above `root` in its repository, and the way from the repository's top to `root`."""
    above: list[str] = []
    top = root
    while not os.path.exists(os.path.join(top, ".git")):
        parent = os.path.dirname(top)
        if parent == top:
            return [], ""
        above.append(parent)
        top = parent
    folders = [(folder, _prefix(os.path.relpath(folder, top))) for folder in reversed(above)]
    files = [parse_gitignore(_text(os.path.join(folder, ".gitignore")), base) for folder, base in folders]
    return files, _prefix(os.path.relpath(root, top))


def _prefix(relative: str) -> str:
    return "" if relative == "." else relative + "/"


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read()
    except (FileNotFoundError, IsADirectoryError):
        return ""
    except OSError as error:
        raise _unreadable(path, error) from None


def _unreadable(path: str, error: OSError) -> Unreadable:
    return Unreadable(
        f"{path} cannot be read: {(error.strerror or 'unknown reason').lower()}.",
        remedy="Allow it to be read, or leave it out by a line in .dockerignore.",
    )


def _walk(walk: _Walk, folder: str, outer: Sequence[GitIgnore], of_folder: Verdict) -> Iterator[Entry]:
    """The entries below `folder`; `of_folder` is what .dockerignore says about it."""
    if folder.count("/") > _MAX_DEPTH:
        raise TooBig(f"{folder[:40]}… is nested too deeply.", remedy="Leave it out by a line in .dockerignore.")
    here = os.path.join(walk.root, folder)
    try:
        found = sorted(os.scandir(here), key=lambda item: os.fsencode(item.name))
    except OSError as error:
        raise _unreadable(here, error) from None
    ignores = list(outer)
    if any(item.name == ".gitignore" for item in found):
        ignores.append(parse_gitignore(_text(os.path.join(here, ".gitignore")), walk.git_prefix + folder))
    for item in found:
        if item.name != ".git":
            yield from _entry(walk, item, folder + item.name, ignores, of_folder)


def _entry(
    walk: _Walk, item: os.DirEntry[str], path: str, ignores: Sequence[GitIgnore], of_folder: Verdict
) -> Iterator[Entry]:
    is_folder = item.is_dir(follow_symlinks=False)
    verdict = walk.docker.verdict(path, of_folder)
    forced = path in ALWAYS_SENT and not is_folder
    kept = forced or walk.docker.names_to_keep(path)
    if not kept and is_git_ignored(ignores, walk.git_prefix + path, is_folder):
        return
    left_out = verdict.left_out and not forced
    if is_folder:
        if left_out and not walk.docker.may_keep_something_in(path):
            return
        if not left_out:
            yield Entry(path + "/")
        yield from _walk(walk, path + "/", ignores, verdict)
    elif not left_out:
        yield from _leaf(walk, item, path)


def _leaf(walk: _Walk, item: os.DirEntry[str], path: str) -> Iterator[Entry]:
    if item.is_symlink():
        target = os.readlink(item.path)
        if _leaves(walk.root, path, target):
            walk.leaving.append(f"{path} -> {target}")
        else:
            yield Entry(path, target=target)
    elif item.is_file(follow_symlinks=False):
        info = item.stat(follow_symlinks=False)
        yield Entry(path, info.st_size, bool(info.st_mode & stat.S_IXUSR))
    else:
        walk.notes.append(f"{path} is no file (a socket, a pipe or a device) and is not sent.")


def _leaves(root: str, path: str, target: str) -> bool:
    """True unless the link stays inside both as it is written and as this machine follows it."""
    if os.path.isabs(target):
        return True
    written = os.path.normpath(os.path.join(os.path.dirname(path), target))
    if written == ".." or written.startswith("../"):
        return True
    followed = os.path.realpath(os.path.join(root, path))
    return followed != root and not followed.startswith(root.rstrip("/") + "/")


def _refuse_links(leaving: Sequence[str]) -> None:
    if leaving:
        more = f" and {len(leaving) - 1} more" if len(leaving) > 1 else ""
        raise LeavesFolder(
            f"The symbolic link {leaving[0].partition(' -> ')[0]}{more} leads out of the folder.",
            remedy="Put what it points to into the folder, or leave the link out by a line in .dockerignore.",
            evidence=leaving[:10],
        )


def _refuse_too_big(packing: Packing, max_bytes: int, max_files: int) -> None:
    size, files = packing.size_bytes, len(packing.entries)
    if size <= max_bytes and files <= max_files:
        return
    by_files = size <= max_bytes
    what = f"{files:,} files and folders" if by_files else _mb(size)
    limit = f"{max_files:,}" if by_files else _mb(max_bytes)
    raise TooBig(
        f"The folder holds {what}; at most {limit} are sent.",
        remedy="Leave out what the build does not need by lines in .dockerignore, for example "
        f"`{_biggest(packing, by_files)[0][0]}`.",
        evidence=[f"{name}: {_mb(size)}, {count:,} files" for name, size, count in _biggest(packing, by_files)],
    )


def _biggest(packing: Packing, by_files: bool) -> list[tuple[str, int, int]]:
    """The three heaviest folders, at most two levels deep; each with its bytes and files."""
    sizes: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    for entry in packing.entries:
        if not entry.is_folder:
            parts = entry.path.split("/")
            name = "/".join(parts[: min(2, len(parts) - 1)]) or entry.path
            sizes[name] += entry.size_bytes
            counts[name] += 1
    heaviest = (counts if by_files else sizes).most_common(3)
    return [(name, sizes[name], counts[name]) for name, _ in heaviest]


def _mb(size_bytes: int) -> str:
    return f"{size_bytes / 1024**2:,.0f} MB"


def stream(packing: Packing, *, level: int = 1) -> Iterator[bytes]:
    """The gzipped tar in pieces of about 64 KiB; `level` 0 for a server on this machine, where packing only costs."""
    squeeze = zlib.compressobj(level, zlib.DEFLATED, wbits=31, memLevel=9)
    held, size = [], 0
    for piece in _tar(packing):
        squeezed = squeeze.compress(piece)
        if squeezed:
            held.append(squeezed)
            size += len(squeezed)
        if size >= _SEND_BYTES:
            yield b"".join(held)
            held, size = [], 0
    yield b"".join([*held, squeeze.flush()])


def _tar(packing: Packing) -> Iterator[bytes]:
    for entry in packing.entries:
        yield _header(entry)
        if entry.is_file:
            yield from _content(packing.root, entry)
            yield bytes(-entry.size_bytes % _BLOCK)
    yield bytes(2 * _BLOCK)


def _header(entry: Entry) -> bytes:
    info = tarfile.TarInfo(entry.path.removesuffix("/"))
    info.mode = 0o755 if entry.is_folder or entry.executable else 0o644
    info.size = entry.size_bytes
    if entry.is_folder:
        info.type = tarfile.DIRTYPE
    elif entry.target is not None:
        info.type, info.linkname, info.mode = tarfile.SYMTYPE, entry.target, 0o777
    return info.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")


def _content(root: Path, entry: Entry) -> Iterator[bytes]:
    left = entry.size_bytes
    path = os.path.join(root, entry.path)
    try:
        # Not following links here closes the gap between looking at the folder and reading it.
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb", buffering=0) as file:
            while left:
                piece = file.read(min(left, _READ_BYTES))
                if not piece:
                    raise _changed(entry.path)
                left -= len(piece)
                yield piece
    except PermissionError as error:
        raise _unreadable(entry.path, error) from None
    except OSError:
        raise _changed(entry.path) from None


def _changed(path: str) -> Changed:
    return Changed(f"{path} changed while it was read.", remedy="Wait until nothing writes there and try again.")
