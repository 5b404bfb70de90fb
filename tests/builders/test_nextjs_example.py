"""examples/nextjs, planned, built and run for real."""

import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import copytree, ignore_patterns
from uuid import uuid4

import pytest

from docker_fixtures import OWNER
from seaway.builders import debian
from seaway.core.app import EnvironmentSettings
from seaway.core.ports import BuildJob, PlanRequest
from seaway.core.secret import Secret
from seaway.doors.bases import LocalBases
from seaway.doors.buildkit import BuildkitDoor
from seaway.doors.docker import DockerDoor
from seaway.doors.folder import FolderTree
from seaway.packs.nixpacks.pack import NixpacksPack

pytestmark = pytest.mark.docker
EXAMPLE = Path(__file__).parents[2] / "examples/nextjs"
TAG = f"seaway-test/nextjs:{OWNER}"
SECRET = "s3cr3t-that-nobody-sees"


@dataclass
class Workshop:
    """A copy of the example, and the doors to build it with."""

    folder: Path
    bases: LocalBases
    builder: BuildkitDoor

    async def build(self) -> list[str]:
        """Build the folder as it is now; returns what was said."""
        wanted = PlanRequest("example-test", {"API_TOKEN": SECRET}, EnvironmentSettings())
        planned = NixpacksPack({"debian": debian.recipe}).recipe(FolderTree(self.folder), wanted)
        recipe = replace(planned.recipe, build_args={"SEAWAY_ENV_DIGEST": "1"})
        await self.bases.ensure(recipe.toolchains, lambda _: None)
        said: list[str] = []
        job = BuildJob("example-test", 1, self.folder, recipe, TAG, {}, {"API_TOKEN": Secret(SECRET)})
        await self.builder.build(job, lambda _, line: said.append(line), lambda _: None)
        return said


@pytest.fixture(scope="module")
async def workshop(tmp_path_factory: pytest.TempPathFactory, docker: DockerDoor) -> AsyncIterator[Workshop]:
    folder = tmp_path_factory.mktemp("nextjs") / "app"
    copytree(EXAMPLE, folder, ignore=ignore_patterns("node_modules", ".next"))
    home = tmp_path_factory.mktemp("home")
    workshop = Workshop(folder, LocalBases(os.environ, home / "cache"), BuildkitDoor(home, os.environ))
    await workshop.build()
    yield workshop
    await docker.remove(TAG)


def docker_cli(*words: str) -> str:
    return subprocess.run(["docker", *words], check=True, capture_output=True, text=True).stdout.strip()


def answer(url: str) -> str:
    until = time.monotonic() + 10
    while True:
        try:
            with urllib.request.urlopen(url, timeout=2) as response:
                return str(response.read().decode())
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            if time.monotonic() > until:
                raise
            time.sleep(0.02)


async def test_the_example_is_small_ready_soon_not_root_and_ends_when_told(
    workshop: Workshop, docker: DockerDoor
) -> None:
    assert (await docker.facts(TAG)).size_bytes < 250 * 1024**2
    started = time.monotonic()
    container = docker_cli("run", "--detach", "--init", "--publish", "127.0.0.1:0:3000", TAG)
    try:
        address = docker_cli("port", container, "3000")
        page = answer(f"http://{address}/")
        assert time.monotonic() - started < 3
        assert "It sails." in page
        assert "uid <!-- -->1000" in page or "uid 1000" in page
        assert '"next":"16' in answer(f"http://{address}/build.json")
        stopping = time.monotonic()
        docker_cli("stop", container)
        assert time.monotonic() - stopping < 1.5
    finally:
        docker_cli("rm", "--force", container)


async def test_a_changed_line_of_source_installs_nothing_again(workshop: Workshop) -> None:
    page = workshop.folder / "app/page.tsx"
    # Another change in every run: one that was built before would come out of the cache.
    page.write_text(page.read_text().replace("It sails.", f"It sails on, {uuid4()}."))
    said = "\n".join(await workshop.build())
    assert "Compiled successfully" in said
    assert "packages in" not in said


def test_no_value_of_a_variable_is_in_the_image_or_its_history(workshop: Workshop) -> None:
    seen = docker_cli("history", "--no-trunc", TAG) + docker_cli("image", "inspect", TAG)
    assert SECRET not in seen
    found = ["docker", "run", "--rm", TAG, "grep", "-rlsF", SECRET, "/app", "/etc", "/home", "/root", "/run", "/tmp"]
    assert subprocess.run(found, check=False, capture_output=True, text=True).stdout == ""
