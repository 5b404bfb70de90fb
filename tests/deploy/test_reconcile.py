"""What is put right while nobody deploys."""

import asyncio
from dataclasses import replace

import pytest
from tests.deploy.conftest import SHOP

from seaway.actions.access import OWNER
from seaway.core.ports import Route
from seaway.core.secret import Secret
from seaway.watch.reconcile import Reconciler
from seaway.watch.troubles import Troubles


@pytest.fixture
def troubles() -> Troubles:
    return Troubles()


@pytest.fixture
def keeper(house, troubles) -> Reconciler:
    return Reconciler(house.ports, troubles)


async def looked(keeper: Reconciler) -> None:
    """Twice: what was started in the first round is routed in the second."""
    for _ in range(2):
        await keeper.look()
        await keeper.idle()


async def test_an_instance_that_was_removed_by_hand_is_started_again_with_its_settings(house, keeper):
    await house.deploy(env={"A": Secret("1")})
    house.images.fails = house.registry.refused = None
    house.engine.running.clear()
    await looked(keeper)
    assert [i.name for i in house.engine.running.values() if i.serves] == ["test-shop-1-1"]
    assert [s.name for s in house.proxy.table["shop"].servers] == ["test-shop-1-1"]
    assert "started again: test-shop-1-1" in house.log_texts(1)


async def test_an_instance_that_was_stopped_by_hand_is_started_again(house, keeper):
    await house.deploy()
    house.engine.end("test-shop-1-1")
    await looked(keeper)
    assert house.engine.running["test-shop-1-1"].serves


async def test_a_stopped_app_stays_stopped(house, keeper):
    await house.deploy()
    await house.ended((await house.deploying.stop(OWNER, "shop")).id)
    await looked(keeper)
    assert house.engine.running == {}


async def test_a_proxy_that_lost_its_routes_gets_them_back_and_what_nobody_wants_goes(house, keeper):
    await house.deploy()
    wanted = dict(house.proxy.table)
    house.proxy.table = {"gone": Route("gone", ("gone.localhost",), ())}
    await looked(keeper)
    assert house.proxy.table == wanted


async def test_what_cannot_be_put_right_is_told_and_not_tried_again_at_once(house, keeper, troubles):
    await house.deploy(env={"TOKEN": Secret("the last line")})
    house.engine.running.clear()
    house.engine.crash.add("sha256:" + "0" * 64)
    await looked(keeper)
    started = len(house.engine.started)
    await looked(keeper)
    assert len(house.engine.started) == started
    found = troubles.of(SHOP)
    assert found.cause == "health.exited"
    assert "the last line" not in repr(found)
    house.engine.crash.clear()
    house.engine.running.clear()
    troubles.clear(SHOP)
    await looked(keeper)
    assert troubles.of(SHOP) is None


async def test_a_crash_loop_is_seen_as_one_and_forgotten_when_it_is_over(house, keeper, troubles):
    await house.deploy()
    one = house.engine.running["test-shop-1-1"]
    house.engine.running[one.name] = replace(one, state="restarting", address=None, restarts=7, exit_code=1)
    await looked(keeper)
    assert troubles.of(SHOP).cause == "app.crash_loop"
    house.engine.running[one.name] = one
    await looked(keeper)
    assert troubles.of(SHOP) is None


async def test_left_over_instances_go_and_those_that_serve_stay(house, keeper):
    await house.deploy()
    serving = house.engine.running["test-shop-1-1"]
    house.engine.running["left"] = replace(serving, id="id-left", name="left", deployment=99)
    await looked(keeper)
    assert list(house.engine.running) == ["test-shop-1-1"]


async def test_it_looks_at_once_when_something_ends(house, keeper):
    await house.deploy()
    keeper = Reconciler(house.ports, Troubles(), interval_s=60.0)
    keeper.start()
    try:
        for _ in range(50):
            await house.ports.environments.list()
        house.engine.end("test-shop-1-1")
        for _ in range(300):
            if house.engine.running["test-shop-1-1"].serves:
                break
            await house.ports.environments.list()
            await asyncio.sleep(0.01)
    finally:
        await keeper.stop()
    assert house.engine.running["test-shop-1-1"].serves


async def test_it_stops_although_something_changes_at_that_very_moment(house):
    for _ in range(20):
        keeper = Reconciler(house.ports, Troubles(), interval_s=60.0)
        keeper.start()
        await asyncio.sleep(0.01)
        house.engine.changed.set()
        await asyncio.sleep(0)
        async with asyncio.timeout(5):
            await keeper.stop()
