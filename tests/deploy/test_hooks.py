"""What surrounds a new release: its release command, its volumes, room for it, and what it is built from."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.deploy.conftest import SHOP

from seaway.actions.access import OWNER
from seaway.core.app import InvalidSetting, Volume, check_volumes, parse_volume
from seaway.core.deployment import Status
from seaway.watch.pruning import Pruner


async def test_a_release_command_runs_once_before_the_traffic_and_not_for_a_rollback(house):
    await house.deploy()
    done = await house.deploy(await house.tree("2"), release_command="migrate")
    assert done.status is Status.LIVE
    assert house.ports.tasks.ran == ["migrate"]
    assert "ran migrate" in house.log_texts(done.id)
    await house.ended((await house.deploying.restart(OWNER, "shop")).id)
    await house.ended((await house.deploying.roll_back(OWNER, "shop", None)).id)
    assert house.ports.tasks.ran == ["migrate"]


async def test_a_release_command_that_fails_leaves_the_old_release(house):
    await house.deploy()
    house.ports.tasks.code = 3
    failed = await house.deploy(await house.tree("2"), release_command="migrate")
    assert (failed.status, failed.finding.cause) == (Status.FAILED, "release_command.failed")
    assert "| ran migrate" in failed.finding.evidence
    assert list(house.engine.running) == ["test-shop-1-1"]
    assert [r.deployment for r in await house.ports.releases.of(SHOP)] == [1]


async def test_an_exclusive_volume_is_never_had_by_two_and_says_so(house):
    volumes = (Volume("data", "/data", exclusive=True),)
    await house.deploy(volumes=volumes)
    at_once: list[int] = []
    start = house.engine.start

    async def counted(spec):
        found = await start(spec)
        at_once.append(len(house.engine.running))
        return found

    house.engine.start = counted
    done = await house.deploy(await house.tree("2"))
    assert (done.status, at_once) == (Status.LIVE, [1])
    assert any("stopping the old release first" in text for text in house.log_texts(done.id))
    assert house.ports.tasks.volumes == {"data"}


async def test_without_room_for_two_releases_it_says_so_and_offers_stop_first(house):
    await house.deploy()
    house.ports.machine.available = 1024**2
    failed = await house.deploy(await house.tree("2"))
    assert (failed.status, failed.finding.cause) == (Status.FAILED, "release.no_memory")
    assert "--stop-first" in failed.finding.commands[0]
    assert list(house.engine.running) == ["test-shop-1-1"]
    assert (await house.deploy(await house.tree("2"), stop_first=True)).status is Status.LIVE


async def test_trees_that_nothing_needs_go_after_a_day(house):
    used, unused = await house.tree("1"), await house.tree("2")
    await house.deploy(used)
    pruner = Pruner(house.ports)
    assert (await pruner.prune()).trees == ()
    later = replace(house.ports, clock=lambda: house.ports.clock() + timedelta(days=2))
    assert (await Pruner(later).prune()).trees == (unused.digest,)
    assert house.ports.trees.path(used.digest)
    assert house.ports.trees.path(unused.digest) is None


async def test_a_disk_that_is_nearly_full_is_told(house):
    house.ports.machine.free = 5 * 1024**3
    assert Pruner(house.ports).finding().cause == "disk.low"
    done = await house.deploy()
    assert [warning.cause for warning in done.warnings] == ["disk.low"]


@pytest.mark.parametrize("text", ["data", "data:relative", "data:/", "Data:/x", "data:/x:shared", "data:/../etc"])
def test_what_is_no_volume_is_refused(text):
    with pytest.raises(InvalidSetting):
        check_volumes([parse_volume(text)])
