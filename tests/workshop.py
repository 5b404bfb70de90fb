"""Plans an app, builds it for real and runs it: what tests of builders share."""

import http.client
import os
import subprocess
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from docker_fixtures import OWNER
from seaway.builders import debian
from seaway.core.app import EnvironmentSettings
from seaway.core.ports import BuildJob, Planned, PlanRequest
from seaway.core.secret import Secret
from seaway.doors.bases import LocalBases
from seaway.doors.buildkit import BuildkitDoor
from seaway.doors.docker import DockerDoor
from seaway.doors.folder import FolderTree
from seaway.packs.nixpacks.pack import NixpacksPack

START_WITHIN_S = 20


@dataclass
class Workshop:
    """A folder with an app, and the doors to build it with. The image is removed in the end."""

    folder: Path
    name: str
    bases: LocalBases
    builder: BuildkitDoor
    env: Mapping[str, str]

    @property
    def tag(self) -> str:
        return f"seaway-test/{self.name}:{OWNER}"

    def planned(self) -> Planned:
        wanted = PlanRequest(f"test-{self.name}", self.env, EnvironmentSettings())
        return NixpacksPack({"debian": debian.recipe}).recipe(FolderTree(self.folder), wanted)

    async def build(self) -> list[str]:
        """Build the folder as it is now; returns what was said."""
        planned = self.planned()
        recipe = replace(planned.recipe, build_args={"SEAWAY_ENV_DIGEST": "1"} if self.env else {})
        await self.bases.ensure(recipe.toolchains, lambda _: None)
        said: list[str] = []
        secrets = {name: Secret(value) for name, value in self.env.items()}
        labels = {"seaway.instance": OWNER}
        job = BuildJob(f"test-{self.name}", 1, self.folder, recipe, self.tag, labels, secrets)
        await self.builder.build(job, lambda _, line: said.append(line), lambda _: None)
        return said

    @contextmanager
    def running(self) -> Iterator["Instance"]:
        """The image as the engine would run it; its log is told when something fails."""
        port = self.planned().recipe.port or 3000
        env = [f"--env={name}={value}" for name, value in {**self.env, "PORT": str(port)}.items()]
        instance = Instance(docker_cli("run", "--detach", "--init", *env, self.tag), port)
        try:
            yield instance
        except BaseException:
            print(docker_cli("logs", instance.id))
            raise
        finally:
            docker_cli("rm", "--force", instance.id)


@dataclass(frozen=True)
class Instance:
    id: str
    port: int

    @property
    def address(self) -> str:
        return docker_cli("inspect", "--format", "{{.NetworkSettings.IPAddress}}", self.id)

    def get(self, path: str = "/") -> tuple[int, str, str]:
        """Status, type and text, as soon as there is an answer."""
        until, address = time.monotonic() + START_WITHIN_S, self.address
        while True:
            connection = http.client.HTTPConnection(address, self.port, timeout=5)
            try:
                connection.request("GET", path)
                answer = connection.getresponse()
                return answer.status, answer.getheader("Content-Type", ""), answer.read().decode(errors="replace")
            except (OSError, http.client.HTTPException):
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)
            finally:
                connection.close()

    def uid(self) -> int:
        """Whose processes they are, seen from outside: a small image has no `id`."""
        rows = docker_cli("top", self.id, "-eo", "uid,pid,comm").splitlines()[1:]
        return int(rows[-1].split()[0])

    def stop_seconds(self) -> float:
        began = time.monotonic()
        docker_cli("stop", self.id)
        return time.monotonic() - began


@asynccontextmanager
async def opened(folder: Path, name: str, home: Path, docker: DockerDoor, **env: str) -> AsyncIterator[Workshop]:
    workshop = Workshop(folder, name, LocalBases(os.environ, home / "cache"), BuildkitDoor(home, os.environ), env)
    try:
        yield workshop
    finally:
        await docker.remove(workshop.tag)


def docker_cli(*words: str) -> str:
    return subprocess.run(["docker", *words], check=True, capture_output=True, text=True).stdout.strip()
