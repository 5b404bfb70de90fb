"""Release commands and volumes on the real engine."""

import asyncio
import contextlib
from dataclasses import replace

import pytest

from docker_fixtures import ENVIRONMENT, OWNER, docker, engine, tiny_image
from seaway.core.app import Limits, Volume
from seaway.core.ports import InstanceSpec
from seaway.doors.docker import DockerDoor
from seaway.engines.docker import DockerEngine
from seaway.engines.docker_tasks import DockerTasks

__all__ = ["docker", "engine", "tiny_image"]
NAME = f"{OWNER}-shop-1-release"


@pytest.fixture
async def tasks(docker: DockerDoor, engine: DockerEngine):
    made = DockerTasks(docker, owner=OWNER)
    with contextlib.suppress(Exception):
        await engine._ensure_network()
    yield made
    await made.forget(NAME)
    await made.remove_volumes(ENVIRONMENT)


@pytest.fixture
def spec(tiny_image: str) -> InstanceSpec:
    volumes = (Volume("notes", "/notes"),)
    return InstanceSpec(NAME, ENVIRONMENT, 1, 1, tiny_image, 3000, {}, Limits(), volumes=volumes)


async def test_a_command_tells_its_lines_and_its_code(tasks, spec):
    lines = []
    code = await tasks.run(
        replace(spec, volumes=()), "echo one; echo two >&2; exit 3", lambda *line: lines.append(line)
    )
    assert (code, sorted(lines)) == (3, [("err", "two"), ("out", "one")])


async def test_a_call_that_was_cut_off_goes_on_and_the_command_runs_once(tasks, spec, engine):
    command = "date +%s%N >> /notes/runs; sleep 1; cat /notes/runs | wc -l"
    await tasks.ensure_volumes(spec, print)
    first = asyncio.create_task(tasks.run(spec, command, lambda *_: None))
    await asyncio.sleep(0.6)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    lines: list[str] = []
    for _ in range(2):  # while it runs, and when it has ended
        assert await tasks.run(spec, command, lambda _, text: lines.append(text.strip())) == 0
    assert lines == ["1", "1"]
    assert NAME not in [i.name for i in await engine.instances()]


async def test_volumes_go_with_their_app(tasks, spec, docker):
    await tasks.ensure_volumes(spec, print)
    await tasks.remove_volumes(ENVIRONMENT)
    status, _ = await docker.call("GET", f"/volumes/{OWNER}-shop-notes", allow=(404,))
    assert status == 404
