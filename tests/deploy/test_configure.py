"""Scale and other settings: a new release of what runs, and a build only when it takes one."""

import asyncio

import pytest
from tests.deploy.conftest import SHOP, House

from seaway.actions.access import OWNER
from seaway.actions.deploying import AppStopped
from seaway.core import step_limits
from seaway.core.app import SettingsChange
from seaway.core.deployment import Deployment, Kind, Status
from seaway.core.secret import Secret
from seaway.core.source import GitSource


async def configure(house: House, **change) -> Deployment:
    made = await house.deploying.configure(OWNER, "shop", SettingsChange(**change))
    return await house.ended(made.id)


def servers(house: House) -> list[str]:
    return sorted(server.name for server in house.proxy.table["shop"].servers)


async def test_more_instances_serve_and_a_restart_and_a_rollback_keep_their_number(house):
    await house.deploy()
    await house.deploy(await house.tree("2"))
    house.registry.refused = house.images.fails = None
    done = await configure(house, instances=3)
    assert (done.kind, done.status) == (Kind.SCALE, Status.LIVE)
    assert servers(house) == ["test-shop-3-1", "test-shop-3-2", "test-shop-3-3"]
    assert len(await house.ports.releases.of(SHOP)) == 2
    await house.ended((await house.deploying.restart(OWNER, "shop")).id)
    assert len(servers(house)) == 3
    await house.ended((await house.deploying.roll_back(OWNER, "shop", None)).id)
    assert len(servers(house)) == 3
    await configure(house, instances=1)
    assert len(servers(house)) == len(house.engine.running) == 1


async def test_a_variable_for_run_time_makes_a_release_without_a_build_and_can_be_taken_back(house):
    first = await house.deploy(env={"A": Secret("1")})
    done = await configure(house, env={"B": Secret("2")}, runtime_only={"B": True})
    assert (done.kind, done.image, len(house.images.jobs)) == (Kind.CONFIGURE, first.image, 1)
    newest, older = await house.ports.releases.of(SHOP)
    assert (newest.settings.env, newest.image) == ({"A": Secret("1"), "B": Secret("2")}, older.image)
    assert [job.env for job in house.images.jobs] == [{"A": Secret("1")}]
    await house.ended((await house.deploying.roll_back(OWNER, "shop", None)).id)
    assert (await house.ports.environments.get(SHOP)).settings.env == {"A": Secret("1")}


async def test_a_variable_that_the_build_sees_is_built_anew(house):
    await house.deploy(env={"A": Secret("1")})
    done = await configure(house, env={"A": Secret("2")})
    assert (done.kind, len(house.images.jobs)) == (Kind.DEPLOY, 2)


async def test_settings_that_do_not_get_healthy_leave_no_release_behind(house):
    await house.deploy()
    house.probe.status = None
    failed = await configure(house, env={"B": Secret("2")}, runtime_only={"B": True}, health_timeout_s=1.0)
    assert failed.status is Status.FAILED
    assert [r.deployment for r in await house.ports.releases.of(SHOP)] == [1]
    assert servers(house) == ["test-shop-1-1"]


async def test_a_restart_that_waits_for_a_deployment_restarts_what_that_one_made(house):
    await house.deploy()
    house.images.gate = asyncio.Event()
    deploying = await house.deploying.deploy(
        OWNER, "shop", await house.tree("2"), SettingsChange(env={"A": Secret("1")})
    )
    while len(house.images.jobs) < 2:
        await asyncio.sleep(0.01)
    restart = await house.deploying.restart(OWNER, "shop")
    house.images.gate.set()
    done = await house.ended(restart.id)
    made = await house.ports.journal.get(deploying.id)
    assert (done.release, done.image) == (made.release, made.image)
    assert (await house.ports.journal.get(restart.id)).settings.env == {"A": Secret("1")}


async def test_a_stopped_app_says_so(house):
    await house.deploy()
    await house.ended((await house.deploying.stop(OWNER, "shop")).id)
    with pytest.raises(AppStopped):
        await configure(house, instances=2)


async def test_a_step_that_takes_too_long_is_stopped_and_says_so(house, monkeypatch):
    await house.deploy()

    async def forever(*_args, **_more):
        await asyncio.sleep(60)

    house.ports.git.fetch = forever
    monkeypatch.setitem(step_limits._LIMITS_S, "fetch", 0.05)
    failed = await house.deploy(GitSource("https://example.org/a.git", "main"))
    assert (failed.status, failed.finding.cause) == (Status.FAILED, "step.timed_out")
    assert servers(house) == ["test-shop-1-1"]
