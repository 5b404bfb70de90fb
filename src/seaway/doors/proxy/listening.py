"""Where this machine can listen, and who listens on a port of it, from /proc."""

import os
from collections.abc import Iterator
from pathlib import Path

_LISTEN = "0A"
_TABLES = ("net/tcp", "net/tcp6")


def holder_of(port: int, proc: Path = Path("/proc")) -> str | None:
    """Names the process that listens on `port`, on any address; None when nobody does."""
    sockets = {inode for table in _TABLES for inode in _listening(proc / table, port)}
    if not sockets:
        return None
    return next(_owners(sockets, proc), "a process that Seaway may not see")


def all_addresses(proc: Path = Path("/proc")) -> tuple[str, ...]:
    """Every address of this machine, for ProxySettings: IPv6 too, where the kernel has it."""
    return ("*", "::") if (proc / "net/if_inet6").exists() else ("*",)


def _listening(table: Path, port: int) -> Iterator[str]:
    lines = table.read_text().splitlines()[1:] if table.exists() else []
    for words in map(str.split, lines):
        if words[3] == _LISTEN and int(words[1].rpartition(":")[2], 16) == port:
            yield words[9]


def _owners(inodes: set[str], proc: Path) -> Iterator[str]:
    wanted = {f"socket:[{inode}]" for inode in inodes}
    for process in (path for path in proc.iterdir() if path.name.isdigit()):
        try:
            if any(os.readlink(fd) in wanted for fd in (process / "fd").iterdir()):
                yield f"{(process / 'comm').read_text().strip()} (process {process.name})"
        except OSError:
            # It has ended meanwhile, or belongs to somebody else.
            continue
