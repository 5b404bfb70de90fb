"""A git daemon on loopback, and repositories in it."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from e2e import machine

IDENTITY = ("-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false")


@dataclass(frozen=True)
class GitServer:
    url: str
    folder: Path
    """A repository in here is reached at `{url}/NAME`."""


@contextmanager
def git_server(folder: Path) -> Iterator[GitServer]:
    folder.mkdir(parents=True)
    port = machine.free_port()
    # The program itself: `git daemon` would start it as a child, which outlives it.
    program = Path(_git("--exec-path").strip()) / "git-daemon"
    options = ("--export-all", "--reuseaddr", f"--base-path={folder}", "--listen=127.0.0.1", f"--port={port}")
    with machine.running(str(program), *options, str(folder), log=folder / "daemon.log", until_port=port):
        yield GitServer(f"git://127.0.0.1:{port}", folder)


class Repository:
    """A repository with its files at `folder`; the daemon serves such a one, too."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        _git("init", "-q", "-b", "main", str(folder))

    def commit(self, message: str) -> str:
        _git("-C", str(self.folder), "add", "-A")
        _git("-C", str(self.folder), *IDENTITY, "commit", "-q", "--allow-empty", "-m", message)
        return _git("-C", str(self.folder), "rev-parse", "HEAD").strip()

    def branch(self, name: str) -> None:
        _git("-C", str(self.folder), "checkout", "-q", "-B", name)


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], check=True, capture_output=True, text=True).stdout
