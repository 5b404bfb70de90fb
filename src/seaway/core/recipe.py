"""A recipe: what a builder hands to BuildKit, complete, without a value that must stay secret."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from seaway.core.image import ImageRef

ENV_SECRET = "seaway-env"  # noqa: S105 - the id of a BuildKit secret, not one
"""BuildKit secret that holds the app's variables as lines `export NAME='value'`, for a shell to read."""


@dataclass(frozen=True)
class Toolchain:
    """A language's own tools at one version, which Seaway makes into a local image: `node` `22.20.0`."""

    language: str
    version: str


@dataclass(frozen=True)
class Recipe:
    """A Dockerfile and all it needs.

    `bases` are images of registries, to be proved and pulled before the build; `toolchains` and the base images are
    made on this machine. `command` overrides nothing when None. `wants_env` says that the Dockerfile mounts
    ENV_SECRET. `context_files` are the files of the named build context `seaway`, by relative path. `ignored` are
    further patterns in the syntax of .dockerignore.
    """

    dockerfile: str
    bases: tuple[ImageRef, ...] = ()
    toolchains: tuple[Toolchain, ...] = ()
    build_args: Mapping[str, str] = field(default_factory=dict)
    context_files: Mapping[str, str] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    dockerfile_path: str | None = None
    """A Dockerfile of the app's own, relative to its root; `dockerfile` is its text."""
    folder: str = ""
    """The folder of the tree that is the build's context; the tree itself when empty."""
    target: str | None = None
    wants_env: bool = False
    port: int | None = None
    """The port that the image says it listens on, if it says so."""
    notes: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """Changes whenever something that could change the image does, the tree and the variables aside."""
        facts = [
            self.dockerfile,
            sorted(self.build_args.items()),
            sorted(self.context_files.items()),
            list(self.ignored),
            self.target,
            self.folder,
            [str(b) for b in self.bases],
            [f"{t.language}-{t.version}" for t in self.toolchains],
        ]
        return "sha256:" + hashlib.sha256(json.dumps(facts).encode()).hexdigest()
