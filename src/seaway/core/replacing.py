"""How a new release takes the old one's place: beside it, or after it; and what has to be done once before that."""

from collections.abc import Mapping, Sequence
from typing import Any

from seaway.core.app import EnvironmentSettings
from seaway.core.deployment import Kind
from seaway.core.finding import Finding
from seaway.core.health import explain_lines

_LINES = 12
_MARKER = "..."


def release_command(kind: Kind, settings: EnvironmentSettings, planned: Mapping[str, Any]) -> str | None:
    """What runs once before the traffic moves: what the owner says, else the plan's phase `release`.

    A rollback or a restart runs none: what it would do has been done.
    """
    if not kind.makes_release:
        return None
    if settings.release_command is not None:
        return settings.release_command
    phase = ((planned.get("plan") or {}).get("phases") or {}).get("release") or {}
    commands = [each for each in phase.get("cmds") or () if each != _MARKER]
    return " && ".join(commands) or None


def explain_failed_command(app: str, command: str, code: int, lines: Sequence[str]) -> Finding:
    return Finding(
        "release_command.failed",
        f"The release command of {app} ended with code {code}; the old release stays",
        (f"$ {command}", *explain_lines(lines[-_LINES:])),
        "Its last lines say why. What it did until then is done: make it one that may be run again.",
        (f"seaway deploy --again --app {app}",),
    )


def fits(available_bytes: int | None, used_bytes: Sequence[int | None]) -> bool:
    """Whether the machine can hold a second release beside the first, which uses this much; unknown counts as yes."""
    known = [used for used in used_bytes if used is not None]
    return available_bytes is None or sum(known) <= available_bytes


def explain_no_room(app: str, available_bytes: int, used_bytes: Sequence[int | None]) -> Finding:
    needed = sum(used for used in used_bytes if used is not None)
    return Finding(
        "release.no_memory",
        f"The machine cannot hold two releases of {app} at once",
        (f"{_mb(available_bytes)} of memory are available", f"the running release uses {_mb(needed)}"),
        "Free memory, or let the old release end before the new one starts: that is a gap of some seconds.",
        (f"seaway deploy --again --app {app} --stop-first",),
    )


def _mb(size_bytes: int) -> str:
    return f"{size_bytes / 1024**2:.0f} MB"
