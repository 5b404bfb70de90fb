"""An app's folder as packs see it: read-only, and never outside of it."""

from collections.abc import Sequence
from typing import Protocol


class Tree(Protocol):
    """Paths are relative, with forward slashes. The door `doors/folder.py` reads a real folder."""

    @property
    def name(self) -> str:
        """The folder's own name."""

    def has(self, path: str) -> bool:
        """An existing regular file; symbolic links inside the tree are followed."""

    def has_folder(self, path: str) -> bool: ...

    def is_executable(self, path: str) -> bool: ...

    def read(self, path: str) -> str:
        """The file as UTF-8 with LF line ends. Raises UnreadableFile."""

    def find(self, pattern: str) -> Sequence[str]:
        """Files matching a glob, in walk order: nixpacks/BEHAVIOUR section 1 says how walking and globs behave."""

    def find_folders(self, pattern: str) -> Sequence[str]:
        """The same for folders."""

    def subtree(self, path: str) -> "Tree":
        """The same view with a folder of the tree as its root."""

    def top_folders(self) -> Sequence[str]:
        """Names of the folders directly in the root, hidden ones too, sorted."""
