"""All that a deployment can leave behind on a machine, looked at from outside."""

import asyncio
import hashlib
import re
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from e2e import machine
from e2e.server import Server, names_of
from seaway.doors.proxy.runtime import RuntimeApi

MEMORY_DISK = Path("/dev/shm")
_TEXT = re.compile(r'const body = "(.*)"')
ENDED = ("live", "failed", "cancelled", "superseded", "stopped")


class Traces:
    """What is there of one app, against what its newest deployment wants."""

    def __init__(self, server: Server, app: str) -> None:
        self._server = server
        self._app = app

    def wrong(self) -> list[str]:
        """One line for each thing that is not as it should be."""
        rows = self._rows("SELECT id, status FROM deployment ORDER BY id DESC")
        open_ones = [number for number, status in rows if status not in ENDED]
        if open_ones:
            return [f"deployments {open_ones} have not ended"]
        return list(self._differences(*rows[0]))

    def text(self) -> str:
        """What the current release answers, read from the tree that it was made of."""
        ((source,),) = self._rows(
            "SELECT json_extract(release.source, '$.digest') FROM environment"
            " JOIN deployment ON deployment.id = current_deployment JOIN release ON release.id = release_id"
        )
        tree = self._server.home / "sources" / "trees" / source.removeprefix("sha256:")
        found = _TEXT.search((tree / "server.js").read_text())
        assert found
        return found[1]

    def _differences(self, newest: int, status: str) -> Iterator[str]:
        ((current,),) = self._rows("SELECT current_deployment FROM environment")
        if (newest, "live") != (current, status):
            yield f"the newest deployment is {newest} ({status}), current is {current}"
        settled = self._rows(
            "SELECT deployment_id FROM step WHERE deployment_id = ? AND name = 'settle' AND finished_at IS NOT NULL",
            newest,
        )
        if not settled:
            yield f"{newest} has not settled"
        yield from self._containers(current)
        yield from self._images()
        yield from self._left_by_builds()

    def _containers(self, current: int) -> Iterator[str]:
        ours = machine.containers(**{"seaway.instance": self._server.instance})
        apps = [each for each in ours if each["Config"]["Labels"].get("seaway.app")]
        serving = [each for each in apps if each["State"]["Status"] == "running"]
        if [each["Config"]["Labels"]["seaway.deployment"] for each in apps] != [str(current)] or serving != apps:
            yield f"containers: {names_of(apps)}, running: {names_of(serving)}, current: {current}"
        others = names_of([each for each in ours if each not in apps])
        if others != [f"{self._server.instance}-proxy"]:
            yield f"other containers: {others}"
        networks = machine.docker(
            "network", "ls", "--format", "{{.Name}}", "--filter", f"label=seaway.instance={self._server.instance}"
        ).split()
        if networks != [self._server.instance]:
            yield f"networks: {networks}"
        yield from self._routes(names_of(apps))

    def _routes(self, containers: list[str]) -> Iterator[str]:
        seen = asyncio.run(RuntimeApi(self._server.home / "proxy" / "run").look())
        hosts = dict(seen.hosts)
        servers = sorted(state.server.name for state in seen.servers)
        if hosts != {f"{self._app}.localhost": self._app} or servers != containers:
            yield f"routes: {hosts}, servers: {servers}, containers: {containers}"

    def _images(self) -> Iterator[str]:
        """Each release has its image, and there is no other."""
        wanted = {image for (image,) in self._rows("SELECT image FROM release")}
        here = set(self._server.images(self._app))
        if here != wanted:
            yield f"images without a release: {sorted(here - wanted)}, missing: {sorted(wanted - here)}"

    def _left_by_builds(self) -> Iterator[str]:
        if folders := build_folders(self._server.home):
            yield f"build folders: {folders}"
        if programs := programs_of(self._server.home):
            yield f"programs of an earlier process: {programs}"
        if half := [path.name for path in (self._server.home / "sources" / "tmp").iterdir()]:
            yield f"half-received trees: {half}"
        locks = [str(path) for path in (self._server.home / "buildx").rglob("*lock*") if is_locked(path)]
        if locks:
            yield f"locks of buildx that are held: {locks}"

    def _rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        connection = sqlite3.connect(f"file:{self._server.home / 'seaway.db'}?mode=ro", uri=True)
        try:
            return connection.execute(query, values).fetchall()
        finally:
            connection.close()


def build_folders(home: Path) -> list[str]:
    mark = hashlib.sha256(str(home).encode()).hexdigest()[:12]
    parents = {MEMORY_DISK, Path(tempfile.gettempdir())}
    return [str(path) for parent in parents for path in parent.glob(f"seaway-build-{mark}-*")]


def programs_of(home: Path) -> list[str]:
    """Those that builds of this Seaway started and that still run."""
    mark, found = f"BUILDX_CONFIG={home / 'buildx'}".encode(), []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (process / "environ").read_bytes():
                found.append(f"{process.name} {(process / 'cmdline').read_bytes()[:80]!r}")
        except OSError:
            continue
    return found


def is_locked(path: Path) -> bool:
    inode = path.stat().st_ino
    return any(f":{inode} " in line for line in Path("/proc/locks").read_text().splitlines())
