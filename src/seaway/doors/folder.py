"""An app's folder on disk, as packs see it: walked once, each file read once, and never left.

Walking: depth first, the entries of a folder by the bytes of their names, hidden ones too; symbolic links are
not descended. `.ignore` files hide what they name, `.gitignore` and `.git/info/exclude` do so inside a git work
tree, also those of the folders above. The inside of `.git` is never part of an app. A person's global git
excludes are not read: the same commit must give the same plan on every machine.
"""

import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import cache
from pathlib import Path

from pathspec import GitIgnoreSpec

from seaway.core.plan import UnreadableFile

__all__ = ["FolderTree", "UnreadableFile", "glob_matcher"]

# Texts beyond this many bytes in all are read again instead of kept.
_KEPT_BYTES = 64 * 1024 * 1024
# One file larger than this is refused: nothing that a planner reads is.
_LARGEST_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True)
class _Walked:
    """Relative paths in walk order."""

    files: tuple[str, ...]
    folders: tuple[str, ...]
    plain: frozenset[str]  # files reached without any symbolic link


@dataclass
class _Cache:
    walked: _Walked | None = None
    texts: dict[str, str] = field(default_factory=dict)
    kept_bytes: int = 0
    found: dict[tuple[str, bool], tuple[str, ...]] = field(default_factory=dict)


class FolderTree:
    """The Tree of a real folder. What it has seen once it does not look at again.

    Raises UnreadableFile if there is no such folder.
    """

    def __init__(self, root: Path | str, name: str = "") -> None:
        """`name` is what the app's folder is called where it comes from; here it may be called otherwise."""
        self._root = os.path.realpath(root)
        self._name = name or os.path.basename(self._root)
        if not os.path.isdir(self._root):
            raise UnreadableFile(str(root), "there is no such folder", remedy="Name the folder that holds the app.")
        self._cache = _Cache()

    @property
    def name(self) -> str:
        return self._name

    def has(self, path: str) -> bool:
        full = self._inside(path)
        return full is not None and os.path.isfile(full)

    def has_folder(self, path: str) -> bool:
        full = self._inside(path)
        return full is not None and os.path.isdir(full)

    def is_executable(self, path: str) -> bool:
        full = self._inside(path)
        return full is not None and os.path.isfile(full) and bool(os.stat(full).st_mode & 0o111)

    def read(self, path: str) -> str:
        if path not in self._cache.texts:
            text = self._read(path)
            if self._cache.kept_bytes + len(text) > _KEPT_BYTES:
                return text
            self._cache.texts[path] = text
            self._cache.kept_bytes += len(text)
        return self._cache.texts[path]

    def find(self, pattern: str) -> Sequence[str]:
        return self._find(pattern, folders=False)

    def find_folders(self, pattern: str) -> Sequence[str]:
        return self._find(pattern, folders=True)

    def subtree(self, path: str) -> "FolderTree":
        full = self._inside(path)
        if full is None or not os.path.isdir(full):
            raise UnreadableFile(path, "it is not a folder of the app", remedy="Name a folder inside of the app.")
        return FolderTree(full)

    def top_folders(self) -> Sequence[str]:
        # Not links: one that leads back would be descended for ever.
        with os.scandir(self._root) as entries:
            return sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))

    def _find(self, pattern: str, *, folders: bool) -> Sequence[str]:
        key = (pattern, folders)
        if key not in self._cache.found:
            walked = self._walked()
            matches = glob_matcher(pattern)
            paths = walked.folders if folders else walked.files
            self._cache.found[key] = tuple(path for path in paths if matches(path))
        return self._cache.found[key]

    def _walked(self) -> _Walked:
        if self._cache.walked is None:
            self._cache.walked = _walk(self._root)
        return self._cache.walked

    def _inside(self, path: str) -> str | None:
        """The real path; None if nothing is there or if it lies outside of the root."""
        if "\0" in path:
            return None
        full = os.path.join(self._root, path)
        if not os.path.exists(full):
            return None
        real = os.path.realpath(full)
        return real if _is_within(real, self._root) else None

    def _read(self, path: str) -> str:
        walked = self._cache.walked
        plain = walked is not None and path in walked.plain
        full = f"{self._root}/{path}" if plain else self._inside(path)
        if full is None:
            raise UnreadableFile(path, "there is no such file in the app", remedy="Add it, or correct its name.")
        try:
            return _content(full).decode("utf-8").replace("\r\n", "\n")
        except UnicodeDecodeError as error:
            raise UnreadableFile(path, f"it is not UTF-8 (byte {error.start})") from None
        except OSError as error:
            raise UnreadableFile(path, (error.strerror or "it cannot be opened").lower()) from None


def _content(full: str) -> bytes:
    # Not blocking, so that a pipe in the app's folder cannot stop the planner.
    opened = os.open(full, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        info = os.fstat(opened)
        if not stat.S_ISREG(info.st_mode):
            raise OSError(0, "it is not a regular file")
        if info.st_size > _LARGEST_BYTES:
            raise OSError(0, "it is too large")
        first = os.read(opened, info.st_size + 1)
        if len(first) >= info.st_size:
            return first
        parts = [first]
        while part := os.read(opened, 1 << 20):
            parts.append(part)
        return b"".join(parts)
    finally:
        os.close(opened)


# Walking


class _Kind(Enum):
    FILE = auto()
    FILE_LINK = auto()
    FOLDER = auto()
    FOLDER_LINK = auto()

    @property
    def folder(self) -> bool:
        return self in (_Kind.FOLDER, _Kind.FOLDER_LINK)


@dataclass(frozen=True)
class _Level:
    """The ignore rules of one folder; `base` is its path with a slash at the end."""

    base: str
    ignore: GitIgnoreSpec | None
    gitignore: GitIgnoreSpec | None
    exclude: GitIgnoreSpec | None


def _walk(root: str) -> _Walked:
    files: list[str] = []
    folders: list[str] = []
    plain: list[str] = []
    for path, kind in _entries(root):
        (folders if kind.folder else files).append(path)
        if kind is _Kind.FILE:
            plain.append(path)
    return _Walked(tuple(files), tuple(folders), frozenset(plain))


def _levels_above(root: str) -> tuple[tuple[_Level, ...], bool]:
    """Rules of the folders above the root, outermost first, and whether the root is in a git work tree."""
    above = [str(folder) for folder in Path(root).parents]
    git_root = next((folder for folder in (root, *above) if os.path.exists(f"{folder}/.git")), None)
    levels = []
    for folder in reversed(above):
        level = _level(folder, git_root is not None and _is_within(folder, git_root))
        if level:
            levels.append(level)
    return tuple(levels), git_root is not None


def _level(folder: str, in_git: bool) -> _Level | None:
    ignore = _spec(f"{folder}/.ignore")
    gitignore = _spec(f"{folder}/.gitignore") if in_git else None
    exclude = _spec(f"{folder}/.git/info/exclude") if in_git else None
    if ignore is gitignore is exclude is None:
        return None
    return _Level(folder.rstrip("/") + "/", ignore, gitignore, exclude)


def _spec(path: str) -> GitIgnoreSpec | None:
    try:
        lines = _content(path).decode("utf-8", "replace").splitlines()
    except OSError:
        return None
    return GitIgnoreSpec.from_lines(lines) if any(line.strip() for line in lines) else None


def _entries(root: str) -> Iterator[tuple[str, _Kind]]:
    """Path and kind of everything below the root that is not ignored, in walk order."""
    levels, in_git = _levels_above(root)
    open_folders = [_listing(root, "", levels, in_git)]
    while open_folders:
        for path, kind, levels in open_folders[-1]:
            yield path, kind
            if kind is _Kind.FOLDER and path.rpartition("/")[2] != ".git":
                open_folders.append(_listing(root, f"{path}/", levels, in_git))
                break
        else:
            open_folders.pop()


def _listing(
    root: str, prefix: str, above: tuple[_Level, ...], in_git: bool
) -> Iterator[tuple[str, _Kind, tuple[_Level, ...]]]:
    """One folder's entries that are not ignored, by name, with the rules that hold inside of it."""
    full = f"{root.rstrip('/')}/{prefix}"
    try:
        with os.scandir(full) as scan:
            entries = sorted(scan, key=lambda entry: os.fsencode(entry.name))
    except OSError:
        return
    own = _level(full, in_git)
    levels = (*above, own) if own else above
    for entry in entries:
        kind = _kind(entry, root)
        if kind and not (levels and _ignored(full + entry.name, kind is _Kind.FOLDER, levels)):
            yield prefix + entry.name, kind, levels


def _kind(entry: "os.DirEntry[str]", root: str) -> _Kind | None:
    """None for what a planner cannot use: pipes, links that lead nowhere or out, names that are not UTF-8."""
    try:
        entry.name.encode("utf-8")
        if not entry.is_symlink():
            return _Kind.FOLDER if entry.is_dir() else _Kind.FILE if entry.is_file() else None
        if not _is_within(os.path.realpath(entry.path), root):
            return None
        return _Kind.FOLDER_LINK if entry.is_dir() else _Kind.FILE_LINK if entry.is_file() else None
    except (OSError, UnicodeEncodeError):
        return None


def _is_within(real: str, root: str) -> bool:
    return real == root or real.startswith(root.rstrip("/") + "/")


def _ignored(full: str, is_folder: bool, levels: tuple[_Level, ...]) -> bool:
    """`.ignore` beats `.gitignore` beats `info/exclude`; within one kind the innermost folder that says anything."""
    for pick in _SPECS:
        for level in reversed(levels):
            spec = pick(level)
            if spec is None:
                continue
            said = spec.check_file(full[len(level.base) :] + ("/" if is_folder else "")).include
            if said is not None:
                return said
    return False


_SPECS: tuple[Callable[[_Level], GitIgnoreSpec | None], ...] = (
    lambda level: level.ignore,
    lambda level: level.gitignore,
    lambda level: level.exclude,
)


# Globs


@cache
def glob_matcher(pattern: str) -> Callable[[str], bool]:
    """Whether a whole relative path matches: `*` and `?` match `/` too, `**/` is any number of folders.

    A pattern that cannot be understood matches nothing.
    """
    suffix = _suffix_matcher(pattern)
    if suffix:
        return suffix
    try:
        matches = re.compile(_translate(pattern), re.DOTALL).match
    except re.error:
        return lambda _path: False
    return lambda path: matches(path) is not None


_SIMPLE = re.compile(r"(?P<folders>\*\*/)?(?P<star>\*)?(?P<rest>[^*?\[\]\\{}]*)(?:\{(?P<ends>[^*?\[\]\\{}]*)\})?\Z")


def _suffix_matcher(pattern: str) -> Callable[[str], bool] | None:
    """Most patterns are `*.py`, `**/*.{js,ts}` or `**/package.json`: comparing the end is much faster."""
    simple = _SIMPLE.match(pattern)
    if not simple or not (simple["folders"] or simple["star"]):
        return None
    ends = tuple(simple["rest"] + end for end in (simple["ends"] or "").split(","))
    if simple["star"]:
        return lambda path: path.endswith(ends)
    below = tuple(f"/{end}" for end in ends)
    return lambda path: path in ends or path.endswith(below)


def _translate(pattern: str) -> str:
    """The pattern as a regular expression. Raises re.error where braces or brackets are not closed."""
    out: list[str] = []
    depth, i = 0, 0
    while i < len(pattern):
        char = pattern[i]
        stars = _FOLDERS.match(pattern, i) if i == 0 or pattern[i - 1] in "/{," else None
        if stars:
            out.append("(?:.*/)?" if stars[0].endswith("/") else ".*")
            i = stars.end()
            continue
        if char == "[":
            text, i = _bracket(pattern, i)
            out.append(text)
            continue
        if char == "\\" and i + 1 < len(pattern):
            i += 1
            out.append(re.escape(pattern[i]))
        elif char == "{":
            depth += 1
            out.append("(?:")
        elif char == "}" and depth:
            depth -= 1
            out.append(")")
        elif char == "," and depth:
            out.append("|")
        else:
            out.append({"*": ".*", "?": "."}.get(char, re.escape(char)))
        i += 1
    return "".join(out) + r"\Z"


_FOLDERS = re.compile(r"\*\*(?:/|\Z)")


def _bracket(pattern: str, start: int) -> tuple[str, int]:
    """The class that opens at `start` as a regular expression, and the position after it."""
    negated = pattern[start + 1 : start + 2] in ("!", "^")
    first = start + 1 + negated
    end = pattern.find("]", first + 1)
    if end < 0:
        raise re.error("a bracket is not closed", pattern, start)
    body = pattern[first:end]
    ranges = re.sub(r"([\\\[\]^&~|])", r"\\\1", body)
    return f"[{'^' if negated else ''}{ranges}]", end + 1
