"""What happens after the switch: a release that fails while it is watched makes way for the one before."""

import asyncio
from dataclasses import replace

import pytest
from tests.deploy.conftest import SHOP, House

from seaway.actions.access import OWNER
from seaway.core import trial
from seaway.core.app import SettingsChange
from seaway.core.deployment import Deployment, Status
from seaway.core.health import ProbeAnswer
from seaway.core.secret import Secret


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr("seaway.deploy.trial.LOOK_EVERY_S", 0.01)


async def watched(house: House) -> House:
    """With a watch that goes on until something happens."""
    await house.worker.stop()
    ports = replace(house.ports, watch_s=30.0)
    house = replace(house, ports=ports).restarted()
    await house.worker.start()
    return house


async def switched(house: House, text: str, **change) -> Deployment:
    made = await house.deploying.deploy(
        OWNER, "shop", await house.tree(text), SettingsChange(health_timeout_s=1.0, **change)
    )
    while (found := await house.ports.journal.get(made.id)).status is not Status.LIVE:
        assert not found.status.is_final, found.finding
        await asyncio.sleep(0.01)
    return found


def servers(house: House) -> list[str]:
    return [server.name for server in house.proxy.table["shop"].servers]


async def test_a_release_that_ends_after_the_switch_is_replaced_by_the_one_before(house):
    await house.deploy(env={"TOKEN": Secret("hunter2-hunter2")}, domains=("one.example.org",))
    house = await watched(house)
    try:
        second = await switched(house, "2", domains=("two.example.org",))
        assert (servers(house), len(house.engine.running)) == (["test-shop-2-1"], 2)
        house.engine.end("test-shop-2-1")
        done = await house.ended(second.id)
    finally:
        await house.worker.stop()
    assert (done.status, done.finding.cause) == (Status.FAILED, "release.went_back")
    assert "| the last line" in done.finding.evidence
    assert "deployment 1 serves again" in done.finding.title
    assert (servers(house), list(house.engine.running)) == (["test-shop-1-1"], ["test-shop-1-1"])
    assert house.proxy.table["shop"].hosts == ("shop.localhost", "one.example.org")
    record = await house.ports.environments.get(SHOP)
    assert (record.current_deployment, record.wanted_running) == (1, True)
    assert [r.deployment for r in await house.ports.releases.of(SHOP)] == [1]


async def test_a_release_that_falls_silent_is_replaced_and_one_that_was_only_busy_is_not(house):
    await house.deploy()
    house = await watched(house)
    try:
        second = await switched(house, "2")
        address = house.engine.running["test-shop-2-1"].address
        house.probe.answers[address] = ProbeAnswer(error="refused")
        await asyncio.sleep(0.012 * (trial.PATIENCE - 2))
        house.probe.answers[address] = ProbeAnswer(status=200)
        await asyncio.sleep(0.1)
        assert servers(house) == ["test-shop-2-1"]
        house.probe.answers[address] = ProbeAnswer(error="refused")
        done = await house.ended(second.id)
    finally:
        await house.worker.stop()
    assert done.status is Status.FAILED
    assert servers(house) == ["test-shop-1-1"]


async def test_a_first_release_has_nothing_to_go_back_to_and_stays(house):
    house = await watched(house)
    try:
        first = await switched(house, "1")
        house.engine.end("test-shop-1-1")
        await asyncio.sleep(0.1)
        assert (await house.ports.journal.get(first.id)).status is Status.LIVE
    finally:
        await house.worker.stop()


async def test_the_next_deployment_ends_the_watch_and_takes_over(house):
    await house.deploy()
    house = await watched(house)
    try:
        await switched(house, "2")
        third = await switched(house, "3")
        assert sorted(house.engine.running) != ["test-shop-3-1"]
        house.engine.end("test-shop-3-1")
        done = await house.ended(third.id)
    finally:
        await house.worker.stop()
    assert done.status is Status.FAILED
    assert servers(house) == list(house.engine.running) == ["test-shop-2-1"]


async def test_cancelled_after_the_traffic_has_moved_it_is_finished(house):
    await house.deploy()
    switch = house.proxy.switch
    moved, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(route):
        found = await switch(route)
        moved.set()
        await go_on.wait()
        return found

    house.proxy.switch = slowly
    made = await house.deploying.deploy(OWNER, "shop", await house.tree("2"), SettingsChange(health_timeout_s=1.0))
    await moved.wait()
    house.proxy.switch = switch
    await house.deploying.cancel(OWNER, made.id)
    done = await house.ended(made.id)
    assert done.status is Status.CANCELLED, "the record of it was not made yet: the old route is put back"
    assert servers(house) == list(house.engine.running) == ["test-shop-1-1"]


async def test_what_ended_between_check_and_switch_is_started_again(house):
    await house.deploy()
    ensure = house.proxy.ensure

    async def after_docker_restarted(routes, say):
        for name in [n for n, i in house.engine.running.items() if i.deployment == 2]:
            house.engine.end(name)
        house.proxy.ensure = ensure
        await ensure(routes, say)

    house.proxy.ensure = after_docker_restarted
    done = await house.deploy(await house.tree("2"))
    assert done.status is Status.LIVE
    assert servers(house) == ["test-shop-2-1"]
    assert house.engine.running["test-shop-2-1"].alive
