"""How the app is started: so that signals reach it, and without a package manager where none is needed.

`npm run start` keeps npm and a shell between the container and the app; a script like `next start` is run itself.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from seaway.builders.debian.command import is_prefix, port_in, split, words_of
from seaway.builders.debian.node.manifest import Manifest

_RUN = re.compile(r"(?:npm|pnpm|bun|yarn) (?:run )?([\w:.-]+)")
_BUILT_IN = {"npm": {"start", "test"}, "bun": set[str](), "pnpm": {"start", "test"}}
_MANAGERS = re.compile(r"(?:^|[\s&|;(])(?:npm|npx|pnpm|pnpx|yarn|bun|bunx|corepack)(?=$|[\s;&|)])")


@dataclass(frozen=True)
class StartCommand:
    """`words` is what the image runs; `script` what was found to be run, for people and for those who look into it."""

    words: tuple[str, ...]
    script: str
    needs_manager: bool = False

    @property
    def program(self) -> str:
        """The first word that is neither an assignment nor a wrapper."""
        return next((word for word in split(self.script) if not is_prefix(word)), "")

    @property
    def port(self) -> int | None:
        """The port that the command itself names."""
        return port_in(self.script)


def start_of(command: str, manifest: Manifest, *, through_manager: bool = False) -> StartCommand:
    """`through_manager`: nothing runs without the package manager here, so the command stays as it is."""
    script = command.strip() if through_manager else _resolved(command.strip(), manifest.scripts)
    return StartCommand(tuple(words_of(script)), script, through_manager or _MANAGERS.search(script) is not None)


def _resolved(command: str, scripts: Mapping[str, str]) -> str:
    """The script that a package manager would run, as long as it is one script and that is all it would do."""
    for _ in range(3):
        match = _RUN.fullmatch(command)
        if not match:
            return command
        name, manager = match[1], command.partition(" ")[0]
        short = " run " not in command
        has_hooks = f"pre{name}" in scripts or f"post{name}" in scripts
        if (
            not scripts.get(name, "").strip()
            or has_hooks
            or (short and manager in _BUILT_IN and name not in _BUILT_IN[manager])
        ):
            return command
        command = scripts[name].strip()
    return command
