"""The Docker engine against the real daemon: what it starts, adopts, tells and removes."""

import asyncio
import time
from pathlib import Path

import pytest

from docker_fixtures import ENVIRONMENT, OWNER, busybox_root, chunks, spec_of
from seaway.core.app import EnvironmentKey, Limits
from seaway.core.health import Listener
from seaway.core.ports import Instance
from seaway.doors.docker import DockerDoor
from seaway.engines.docker import DockerEngine, ImageGone, NameTaken, StartRefused, parse_listeners

pytestmark = pytest.mark.docker
FOREVER = "trap 'exit 0' TERM; while :; do sleep 0.1; done"


async def ended(engine: DockerEngine, instance: str) -> Instance:
    async with asyncio.timeout(20):
        while True:
            found = await engine.inspect(instance)
            assert found is not None
            if found.state == "exited":
                return found
            await asyncio.sleep(0.02)


async def listening(engine: DockerEngine, instance: str, count: int) -> tuple[Listener, ...]:
    async with asyncio.timeout(10):
        while True:
            found = await engine.listeners(instance)
            if len(found) >= count:
                return found
            await asyncio.sleep(0.02)


async def test_an_instance_runs_and_is_told_as_it_is(engine: DockerEngine, tiny_image: str) -> None:
    spec = spec_of(tiny_image, FOREVER, release=7, deployment=9)
    began = time.monotonic()
    started = await engine.start(spec)
    print(f"create and start: {(time.monotonic() - began) * 1000:.0f} ms")
    assert started.alive
    assert (started.name, started.environment, started.release, started.deployment, started.port) == (
        spec.name,
        ENVIRONMENT,
        7,
        9,
        3000,
    )
    assert started.image.startswith("sha256:")
    assert (started.exit_code, started.oom_killed, started.restarts) == (None, False, 0)
    assert started in await engine.instances(ENVIRONMENT)
    assert started in await engine.instances()
    assert await engine.instances(EnvironmentKey("other")) == []
    assert 0 < (await engine.memory_bytes(started.id) or 0) < 64 * 1024**2
    await engine.retire(started.id, 5)
    assert await engine.inspect(started.id) is None


async def test_limits_rotation_and_rights_are_set(engine: DockerEngine, docker: DockerDoor, tiny_image: str) -> None:
    limits = Limits(memory_bytes=32 * 1024**2, cpus=0.5)
    started = await engine.start(spec_of(tiny_image, FOREVER, "limits", limits=limits))
    _, told = await docker.call("GET", f"/containers/{started.id}/json")
    host = told["HostConfig"]
    assert (host["Memory"], host["MemorySwap"], host["NanoCpus"], host["PidsLimit"]) == (
        32 * 1024**2,
        32 * 1024**2,
        500_000_000,
        4096,
    )
    assert host["LogConfig"] == {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "3"}}
    assert host["Init"] is True
    assert host["CapDrop"] == ["AUDIT_WRITE", "MKNOD", "NET_RAW"]
    assert host["SecurityOpt"] == ["no-new-privileges:true"]
    assert host["RestartPolicy"]["Name"] == "no"
    await engine.keep(started.id)
    _, told = await docker.call("GET", f"/containers/{started.id}/json")
    assert told["HostConfig"]["RestartPolicy"]["Name"] == "unless-stopped"
    assert told["HostConfig"]["Memory"] == 32 * 1024**2
    await engine.retire(started.id, 0)


async def test_variables_and_the_port_reach_the_app(engine: DockerEngine, tiny_image: str) -> None:
    script = "echo $GREETING-$PORT"
    env = {"GREETING": 'it\'s "me"\n$HOME', "PORT": "1"}
    started = await engine.start(spec_of(tiny_image, script.replace("$GREETING", '"$GREETING"'), "env", env))
    await ended(engine, started.id)
    assert await engine.tail(started.id, 10) == ['it\'s "me"', "$HOME-3000"]
    await engine.retire(started.id, 0)


async def test_a_second_start_finds_the_first(engine: DockerEngine, tiny_image: str) -> None:
    spec = spec_of(tiny_image, FOREVER, "twice")
    first = await engine.start(spec)
    assert await engine.start(spec) == first
    await engine.retire(first.id, 0)


async def test_two_starts_at_once_make_one_container(engine: DockerEngine, tiny_image: str) -> None:
    spec = spec_of(tiny_image, FOREVER, "race")
    one, other = await asyncio.gather(engine.start(spec), engine.start(spec))
    assert one.id == other.id
    await engine.retire(one.id, 0)


async def test_one_that_was_made_but_not_started_is_started(
    engine: DockerEngine, docker: DockerDoor, tiny_image: str
) -> None:
    spec = spec_of(tiny_image, FOREVER, "made")
    first = await engine.start(spec)
    await docker.call("POST", f"/containers/{first.id}/kill")
    await ended(engine, first.id)
    second = await engine.start(spec)
    assert second.id == first.id
    assert second.alive
    await engine.retire(first.id, 0)


async def test_one_with_another_spec_is_replaced(engine: DockerEngine, tiny_image: str) -> None:
    first = await engine.start(spec_of(tiny_image, FOREVER, "changed", {"A": "1"}))
    second = await engine.start(spec_of(tiny_image, FOREVER, "changed", {"A": "2"}))
    assert second.id != first.id
    assert await engine.inspect(first.id) is None
    await engine.retire(second.id, 0)


async def test_a_container_that_is_not_ours_is_left_alone(
    engine: DockerEngine, docker: DockerDoor, tiny_image: str
) -> None:
    spec = spec_of(tiny_image, FOREVER, "foreign")
    body = {"Image": tiny_image, "Labels": {"seaway.instance": f"{OWNER}-other"}}
    _, made = await docker.call("POST", "/containers/create", params={"name": spec.name}, body=body)
    with pytest.raises(NameTaken, match="docker rename"):
        await engine.start(spec)
    assert await engine.inspect(spec.name) is None
    await docker.call("DELETE", f"/containers/{made['Id']}")


async def test_a_crash_is_told_with_its_code_and_last_lines(engine: DockerEngine, tiny_image: str) -> None:
    started = await engine.start(spec_of(tiny_image, "echo starting; sleep 0.1; echo no database >&2; exit 3", "crash"))
    found = await ended(engine, started.id)
    assert (found.exit_code, found.oom_killed, found.restarts, found.alive) == (3, False, 0, False)
    assert sorted(await engine.tail(started.id, 10)) == ["no database", "starting"]
    assert await engine.tail(started.id, 1) == ["no database"]
    assert await engine.listeners(started.id) == ()
    assert await engine.memory_bytes(started.id) is None
    await engine.retire(started.id, 0)


async def test_too_much_memory_is_told(engine: DockerEngine, tiny_image: str) -> None:
    script = "x=x; while :; do x=$x$x$x$x; done"
    started = await engine.start(spec_of(tiny_image, script, "oom", limits=Limits(memory_bytes=16 * 1024**2)))
    found = await ended(engine, started.id)
    assert (found.exit_code, found.oom_killed) == (137, True)
    await engine.retire(started.id, 0)


async def test_once_kept_it_is_started_again_when_it_ends(engine: DockerEngine, tiny_image: str) -> None:
    started = await engine.start(spec_of(tiny_image, "sleep 0.3; exit 1", "kept"))
    await engine.keep(started.id)
    async with asyncio.timeout(20):
        while (found := await engine.inspect(started.id)) is not None and not found.restarts:
            await asyncio.sleep(0.05)
    await engine.retire(started.id, 0)
    assert await engine.inspect(started.id) is None


async def test_a_command_that_is_not_there_ends_with_its_code(engine: DockerEngine, tiny_image: str) -> None:
    started = await engine.start(spec_of(tiny_image, "", "nothing", command=("no-such-program",)))
    assert (await ended(engine, started.id)).exit_code == 127
    assert "no-such-program" in (await engine.tail(started.id, 5))[-1]
    await engine.retire(started.id, 0)


async def test_what_docker_will_not_start_is_told_and_nothing_stays(
    engine: DockerEngine, docker: DockerDoor, tiny_image: str
) -> None:
    image = f"seaway-test/no-user:{OWNER}"
    await docker.import_tar(chunks(busybox_root()), image, (f"LABEL seaway.instance={OWNER}", "USER nosuchuser"))
    spec = spec_of(image, FOREVER, "refused")
    with pytest.raises(StartRefused) as caught:
        await engine.start(spec)
    assert "unable to find user nosuchuser" in caught.value.evidence[0]
    assert await engine.inspect(spec.name) is None
    await docker.remove(image)


async def test_a_missing_image_is_told(engine: DockerEngine) -> None:
    with pytest.raises(ImageGone, match="not on this machine"):
        await engine.start(spec_of("sha256:" + "0" * 64, "", "no-image"))


async def test_listeners_are_told_with_their_addresses_and_dockers_resolver_is_not(
    engine: DockerEngine, tiny_image: str
) -> None:
    script = "httpd -f -p 127.0.0.1:3000 & httpd -f -p 8080 & wait"
    started = await engine.start(spec_of(tiny_image, script, "listen"))
    assert await listening(engine, started.id, 2) == (Listener("127.0.0.1", 3000), Listener("::", 8080))
    silent = await engine.start(spec_of(tiny_image, FOREVER, "silent"))
    assert await engine.listeners(silent.id) == ()
    for each in (started, silent):
        await engine.retire(each.id, 0)


async def test_listeners_are_read_inside_when_the_host_may_not(
    engine: DockerEngine, docker: DockerDoor, tiny_image: str, tmp_path: Path
) -> None:
    started = await engine.start(spec_of(tiny_image, "httpd -f -p 0.0.0.0:3000", "inside"))
    await listening(engine, started.id, 1)
    elsewhere = DockerEngine(docker, owner=OWNER, proc=tmp_path)
    assert await elsewhere.listeners(started.id) == (Listener("0.0.0.0", 3000),)
    await engine.retire(started.id, 0)


async def test_logs_follow_until_the_container_ends(engine: DockerEngine, tiny_image: str) -> None:
    script = "echo one; sleep 0.3; echo two >&2; sleep 0.3; printf three"
    started = await engine.start(spec_of(tiny_image, script, "follow"))
    async with asyncio.timeout(10):
        seen = [line async for line in engine.logs(started.id, tail=100, follow=True)]
    assert seen == [("out", "one"), ("err", "two"), ("out", "three")]
    await engine.retire(started.id, 0)


async def test_long_lines_come_in_pieces_and_nothing_is_lost(engine: DockerEngine, tiny_image: str) -> None:
    script = "head -c 300000 /dev/zero | tr '\\0' x; echo; seq 1 5000"
    started = await engine.start(spec_of(tiny_image, script, "long"))
    await ended(engine, started.id)
    seen = await engine.tail(started.id, 10_000)
    numbers = [str(n) for n in range(1, 5001)]
    assert seen[-5000:] == numbers
    assert "".join(seen[:-5000]) == "x" * 300_000
    assert max(map(len, seen)) <= 128 * 1024
    await engine.retire(started.id, 0)


async def test_retiring_waits_for_a_clean_end_and_may_be_repeated(engine: DockerEngine, tiny_image: str) -> None:
    started = await engine.start(
        spec_of(tiny_image, "trap 'sleep 0.5; exit 0' TERM; while :; do sleep 0.1; done", "slow")
    )
    await asyncio.sleep(0.2)
    began = time.monotonic()
    await engine.retire(started.id, 10)
    assert 0.4 < time.monotonic() - began < 5
    await engine.retire(started.id, 10)
    assert await engine.tail(started.id, 10) == []
    assert [line async for line in engine.logs(started.id, tail=1, follow=True)] == []
    assert await engine.memory_bytes(started.id) is None
    await engine.keep(started.id)


async def test_two_who_retire_the_same_both_come_back(engine: DockerEngine, tiny_image: str) -> None:
    started = await engine.start(spec_of(tiny_image, FOREVER, "both"))
    await asyncio.gather(engine.retire(started.id, 1), engine.retire(started.id, 1))
    assert await engine.inspect(started.id) is None


def test_the_kernels_tables_are_read_in_both_families() -> None:
    head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    tables = (
        head
        + "   0: 00000000:0BB8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1\n"
        + "   1: 0B00007F:9C41 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 2\n"
        + "   2: 0100007F:1F90 0100007F:0050 01 00000000:00000000 00:00000000 00000000     0        0 3\n"
        + head
        + "   0: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 4\n"
        + "   1: 0000000000000000FFFF00000100007F:1F91 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 5\n"
    )
    assert list(parse_listeners(tables)) == [
        Listener("0.0.0.0", 3000),
        Listener("::1", 8080),
        Listener("127.0.0.1", 8081),
    ]
