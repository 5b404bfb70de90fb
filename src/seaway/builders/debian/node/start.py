"""How the app is started: so that signals reach it, and without a package manager where none is needed.

`npm run start` keeps npm and a shell between the container and the app; a script like `next start` is run itself.
"""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from seaway.builders.debian.node.manifest import Manifest

_RUN = re.compile(r"(?:npm|pnpm|bun|yarn) (?:run )?([\w:.-]+)")
_BUILT_IN = {"npm": {"start", "test"}, "bun": set[str](), "pnpm": {"start", "test"}}
_MANAGERS = re.compile(r"(?:^|[\s&|;(])(?:npm|npx|pnpm|pnpx|yarn|bun|bunx|corepack)(?=$|[\s;&|)])")
_NEEDS_SHELL = re.compile(r"[$`&|;<>(){}*?\[\]~#\n]")
_ONE_PROGRAM = re.compile(r"[^`&|;<>(){}\n]*\Z")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=\S*\Z")
_PORT = re.compile(r"(?:^|\s)(?:-p|--port)[= ](\d{2,5})(?=\s|$)")
_WRAPPERS = frozenset({"cross-env", "env", "exec"})


@dataclass(frozen=True)
class StartCommand:
    """`words` is what the image runs; `script` what was found to be run, for people and for those who look into it."""

    words: tuple[str, ...]
    script: str
    needs_manager: bool = False

    @property
    def program(self) -> str:
        """The first word that is neither an assignment nor a wrapper."""
        return next((word for word in _split(self.script) if not _is_prefix(word)), "")

    @property
    def port(self) -> int | None:
        """The port that the command itself names."""
        match = _PORT.search(self.script)
        return int(match[1]) if match else None


def start_of(command: str, manifest: Manifest, *, through_manager: bool = False) -> StartCommand:
    """`through_manager`: nothing runs without the package manager here, so the command stays as it is."""
    script = command.strip() if through_manager else _resolved(command.strip(), manifest.scripts)
    return StartCommand(tuple(_words(script)), script, through_manager or _MANAGERS.search(script) is not None)


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


def _words(script: str) -> list[str]:
    if not _NEEDS_SHELL.search(script):
        words = _split(script)
        while words and words[0] in _WRAPPERS:
            words = words[1:]
        if words:
            return ["env", *words] if _ASSIGNMENT.match(words[0]) else words
    return ["/bin/bash", "-c", _last_replaces_shell(script)]


def _last_replaces_shell(script: str) -> str:
    """With `exec` before its last command the shell makes way for it, and signals reach it."""
    head, joint, last = script.rpartition("&&")
    words = _split(last) if _ONE_PROGRAM.match(last) else []
    while words and words[0] in {"cross-env"}:
        last, words = last.strip().removeprefix(words[0]), words[1:]
    if not words or words[0] in {"exec", "cd", "export", "source", "."}:
        return script
    wrapper = "env " if _ASSIGNMENT.match(words[0]) else ""
    return f"{head}{joint}{' ' if joint else ''}exec {wrapper}{last.strip()}"


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return []


def _is_prefix(word: str) -> bool:
    return word in _WRAPPERS or _ASSIGNMENT.match(word) is not None
