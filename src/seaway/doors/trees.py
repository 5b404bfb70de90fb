"""Source trees: unpacked safely from what a client sends, kept by the digest of what they hold."""

import asyncio
import hashlib
import os
import re
import shutil
import tarfile
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from seaway.core.errors import Invalid, Unavailable
from seaway.core.source import MAX_UPLOAD_BYTES, MAX_UPLOAD_FILES

_COPY_BYTES = 256 * 1024
_MAX_DEPTH = 200
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}\Z")


class BadArchive(Invalid):
    code = "source.bad_archive"


class TooLarge(Invalid):
    code = "source.too_large"


class NoSpace(Unavailable):
    code = "disk.full"


class FolderTrees:
    """Implements core.ports.Trees under one folder: `trees/DIGEST/` whole trees, `tmp/` what is being made."""

    def __init__(self, folder: Path, max_bytes: int = MAX_UPLOAD_BYTES, max_files: int = MAX_UPLOAD_FILES) -> None:
        self._trees = folder / "trees"
        self._tmp = folder / "tmp"
        self._max_bytes = max_bytes
        self._max_files = max_files
        shutil.rmtree(self._tmp, ignore_errors=True)
        for made in (self._trees, self._tmp):
            made.mkdir(parents=True, exist_ok=True, mode=0o700)

    async def receive(self, chunks: AsyncIterator[bytes]) -> str:
        read_end, write_end = os.pipe()
        target = self.workspace()
        unpacking = asyncio.create_task(asyncio.to_thread(self._unpack, read_end, target))
        try:
            await _feed(write_end, chunks, unpacking)
            return await self._keep(target, await unpacking)
        except BaseException:
            await asyncio.gather(unpacking, return_exceptions=True)
            await asyncio.to_thread(shutil.rmtree, target, True)
            raise

    async def adopt(self, folder: Path) -> str:
        return await self._keep(folder, await asyncio.to_thread(tree_digest, folder))

    def path(self, digest: str) -> Path | None:
        if not _DIGEST.match(digest):
            return None
        found = self._trees / digest.removeprefix("sha256:")
        return found if found.is_dir() else None

    def workspace(self) -> Path:
        return Path(tempfile.mkdtemp(dir=self._tmp))

    async def discard(self, folder: Path) -> None:
        await asyncio.to_thread(shutil.rmtree, folder, True)

    def remove(self, digest: str) -> None:
        if found := self.path(digest):
            shutil.rmtree(found, ignore_errors=True)

    def digests(self) -> list[tuple[str, float]]:
        """Those kept and when each was last received, as Unix time."""
        return [(f"sha256:{p.name}", p.stat().st_mtime) for p in self._trees.iterdir()]

    async def _keep(self, folder: Path, digest: str) -> str:
        return await asyncio.to_thread(self._move, folder, digest)

    def _move(self, folder: Path, digest: str) -> str:
        target = self._trees / digest.removeprefix("sha256:")
        if target.is_dir():
            shutil.rmtree(folder, ignore_errors=True)
            os.utime(target)
        else:
            folder.rename(target)
        return digest

    def _unpack(self, read_end: int, target: Path) -> str:
        with os.fdopen(read_end, "rb") as stream:
            try:
                _extract(stream, target, self._max_bytes, self._max_files)
            except (tarfile.TarError, EOFError, OSError) as error:
                raise _translated(error) from error
        return tree_digest(target)


async def _feed(write_end: int, chunks: AsyncIterator[bytes], unpacking: asyncio.Task[str]) -> None:
    try:
        async for chunk in chunks:
            if unpacking.done():
                return
            await asyncio.to_thread(_write_all, write_end, chunk)
    except BrokenPipeError:
        return  # the unpacker ended early; it says why
    finally:
        os.close(write_end)


def _write_all(target: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(target, view) :]


def _extract(stream: IO[bytes], target: Path, max_bytes: int, max_files: int) -> None:
    """Folders and files first, links last: no file is ever written through a link."""
    size = files = 0
    links: list[tuple[PurePosixPath, str]] = []
    with tarfile.open(fileobj=stream, mode="r|gz") as archive:
        for member in archive:
            files, size = files + 1, size + member.size
            if files > max_files or size > max_bytes:
                raise TooLarge(
                    f"The folder is too large: over {max_bytes // 1024**2} MB or {max_files} files unpacked.",
                    remedy="Leave out what a build does not need in .dockerignore, such as data and build results.",
                )
            name = _checked_name(member.name)
            if member.issym():
                links.append((name, member.linkname))
            else:
                _extract_member(archive, member, target / name)
    for name, leads_to in links:
        _make_link(target, name, leads_to)
    for name, _ in links:
        _check_link(target, name)


def _checked_name(text: str) -> PurePosixPath:
    name = PurePosixPath(text)
    if name.is_absolute() or ".." in name.parts:
        raise _escapes(text)
    if len(name.parts) > _MAX_DEPTH:
        raise BadArchive(f"{text[:80]!r}... is over {_MAX_DEPTH} folders deep.", remedy="Leave it out.")
    return name


def _extract_member(archive: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> None:
    if member.isdir():
        path.mkdir(parents=True, exist_ok=True)
    elif member.isreg():
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_file(archive.extractfile(member), path, 0o755 if member.mode & 0o100 else 0o644)
    else:
        raise BadArchive(f"{member.name!r} is neither a file, a folder nor a link.", remedy="Send files only.")


def _make_link(target: Path, name: PurePosixPath, leads_to: str) -> None:
    parent = target / name.parent
    if os.path.realpath(parent) != os.path.join(os.path.realpath(target), *name.parent.parts):
        raise _escapes(str(name))  # it would be made through another link
    parent.mkdir(parents=True, exist_ok=True)
    (target / name).symlink_to(leads_to)


def _check_link(target: Path, name: PurePosixPath) -> None:
    """Judged by where it really ends, whatever other links are on the way."""
    root, end = os.path.realpath(target), os.path.realpath(target / name)
    if os.path.isabs(os.readlink(target / name)) or os.path.commonpath([root, end]) != root:
        raise _escapes(str(name))


def _write_file(source: IO[bytes] | None, path: Path, mode: int) -> None:
    # O_NOFOLLOW and O_EXCL: a link that came earlier in the archive is never written through.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    with os.fdopen(os.open(path, flags, mode), "wb") as file:
        if source is not None:
            shutil.copyfileobj(source, file, _COPY_BYTES)
    path.chmod(mode)


def _escapes(name: str) -> BadArchive:
    return BadArchive(f"{name!r} leads out of the folder.", remedy="Remove the link or path that points outside.")


def _translated(error: Exception) -> Exception:
    if isinstance(error, OSError) and error.errno == 28:
        return NoSpace("The disk is full: the folder could not be unpacked.", remedy="Free space, then deploy again.")
    if isinstance(error, FileExistsError):
        return BadArchive("The archive holds a path twice.", remedy="Send each file once.")
    return BadArchive(f"The folder did not arrive whole: {error}.", remedy="Send it again.")


def tree_digest(root: Path) -> str:
    """Of paths, kinds, modes and contents, in order; not of times and owners, which builds do not see either."""
    digest = hashlib.sha256()
    for relative, entry in _walk(root, ""):
        if entry.is_symlink():
            fact = f"l {relative}\0{os.readlink(entry.path)}\0"
            digest.update(fact.encode("utf-8", "surrogateescape"))
        elif entry.is_dir():
            digest.update(f"d {relative}\0".encode("utf-8", "surrogateescape"))
        else:
            executable = entry.stat().st_mode & 0o100
            digest.update(f"f {relative}\0{'x' if executable else '-'}".encode("utf-8", "surrogateescape"))
            with open(entry.path, "rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    return f"sha256:{digest.hexdigest()}"


def _walk(folder: Path, prefix: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    with os.scandir(folder) as entries:
        listed = sorted(entries, key=lambda e: e.name)
    for entry in listed:
        relative = f"{prefix}{entry.name}"
        yield relative, entry
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(Path(entry.path), f"{relative}/")
