"""How a start command becomes the words that an image runs, so that signals reach the app itself."""

import re
import shlex

NEEDS_SHELL = re.compile(r"[$`&|;<>(){}*?\[\]~#\n]")
_ONE_PROGRAM = re.compile(r"[^`&|;<>(){}\n]*\Z")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=\S*\Z")
_PORT = re.compile(r"(?:^|\s)(?:-p|--port)[= ](\d{2,5})(?=\s|$)")
_BIND = re.compile(r"(?:^|\s)(?:-b|--bind)[= ]\S*:(\d{2,5})(?=\s|$)")
_WRAPPERS = frozenset({"cross-env", "env", "exec"})


def words_of(script: str) -> list[str]:
    """The script as it is where it names one program, else a shell that makes way for the last one."""
    if not NEEDS_SHELL.search(script):
        words = split(script)
        while words and words[0] in _WRAPPERS:
            words = words[1:]
        if words:
            return ["env", *words] if _ASSIGNMENT.match(words[0]) else words
    return ["/bin/bash", "-c", _last_replaces_shell(script)]


def port_in(script: str) -> int | None:
    """The port that a command names itself."""
    match = _PORT.search(script) or _BIND.search(script)
    return int(match[1]) if match else None


def split(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return []


def is_prefix(word: str) -> bool:
    """Whether a word stands in front of the program: an assignment, or a wrapper."""
    return word in _WRAPPERS or _ASSIGNMENT.match(word) is not None


def _last_replaces_shell(script: str) -> str:
    """With `exec` before its last command the shell makes way for it, and signals reach it."""
    head, joint, last = script.rpartition("&&")
    words = split(last) if _ONE_PROGRAM.match(last) else []
    while words and words[0] in {"cross-env"}:
        last, words = last.strip().removeprefix(words[0]), words[1:]
    if not words or words[0] in {"exec", "cd", "export", "source", "."}:
        return script
    wrapper = "env " if _ASSIGNMENT.match(words[0]) else ""
    return f"{head}{joint}{' ' if joint else ''}exec {wrapper}{last.strip()}"
