"""Next.js: whether its build leaves a `standalone` folder, and what the final image takes of it."""

import re
from dataclasses import dataclass

from seaway.core.tree import Tree

CONFIGS = ("next.config.js", "next.config.mjs", "next.config.ts", "next.config.cjs", "next.config.mts")
_STANDALONE = re.compile(r"""^[^/\n]*\boutput["']?\s*:\s*["'`]standalone["'`]""", re.MULTILINE)
_EXPORT = re.compile(r"""^[^/\n]*\boutput["']?\s*:\s*["'`]export["'`]""", re.MULTILINE)
_DIST = re.compile(r"""^[^/\n]*\bdistDir["']?\s*:\s*["'`]([\w./-]+)["'`]""", re.MULTILINE)
_OWN_SERVER = re.compile(r"node (?:\./)?[\w./-]*standalone/server\.js")


@dataclass(frozen=True)
class Standalone:
    """`dist` is Next's output folder."""

    dist: str
    has_public: bool

    def copies(self) -> tuple[tuple[str, str], ...]:
        """From where in the app to where in the image."""
        public = (("public", "public"),) if self.has_public else ()
        return ((f"{self.dist}/standalone", "."), (f"{self.dist}/static", f"{self.dist}/static"), *public)


def standalone_of(tree: Tree, script: str) -> Standalone | None:
    """None unless the configuration says `output: 'standalone'` and the start command is Next's own."""
    text = config_text(tree)
    if not _STANDALONE.search(text) or not (is_next_start(script) or _OWN_SERVER.search(script)):
        return None
    dist = _DIST.search(text)
    return Standalone(dist[1].strip("./") if dist else ".next", tree.has_folder("public"))


def is_next_start(script: str) -> bool:
    return re.search(r"(?:^|[\s/=])next start\b", script) is not None


def is_exported(config: str) -> bool:
    """Whether a build leaves files only, which `next start` does not serve."""
    return _EXPORT.search(config) is not None


def config_text(tree: Tree) -> str:
    return next((tree.read(name) for name in CONFIGS if tree.has(name)), "")


def needs_typescript(tree: Tree) -> bool:
    """`next start` reads a configuration in TypeScript with the TypeScript that is installed."""
    return tree.has("next.config.ts") or tree.has("next.config.mts")
