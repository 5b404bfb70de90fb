import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError
from tests.conftest import NOW

from seaway.core.app import EnvironmentKey, EnvironmentSettings, UnknownApp
from seaway.core.deployment import Deployment, Kind, Release, Status, UnknownDeployment
from seaway.core.finding import Finding
from seaway.core.secret import Secret
from seaway.core.source import FolderSource
from seaway.doors.database import connection, migrate
from seaway.doors.database.apps import Apps
from seaway.doors.database.deployments import Deployments
from seaway.doors.database.releases import Releases
from seaway.doors.database.sessions import Sessions

SHOP = EnvironmentKey("shop")
API = EnvironmentKey("api")
SETTINGS = EnvironmentSettings(env={"TOKEN": Secret("hunter2")}, port=8080, domains=("shop.example.org",))


def asked(key: EnvironmentKey = SHOP, kind: Kind = Kind.DEPLOY) -> Deployment:
    return Deployment(0, key, kind, FolderSource("sha256:" + "a" * 64), Status.QUEUED, NOW, SETTINGS)


@pytest.fixture
def deployments(database, vault):
    return Deployments(database, vault)


@pytest.fixture
def apps(database, vault):
    return Apps(database, vault)


@pytest.fixture
def releases(database, vault):
    return Releases(database, vault)


def test_the_head_that_the_connection_knows_is_the_newest_migration():
    from alembic.script import ScriptDirectory

    assert ScriptDirectory.from_config(migrate.config("sqlite://")).get_current_head() == connection.HEAD


async def test_the_migrations_make_the_tables_that_the_code_describes(database):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext
    from sqlalchemy import create_engine

    from seaway.doors.database.tables import metadata

    with create_engine(database.url.replace("+aiosqlite", "")).connect() as connected:
        assert compare_metadata(MigrationContext.configure(connected), metadata) == []


async def test_migrating_twice_changes_nothing(database):
    await database.migrate()


async def test_a_deployment_comes_back_as_it_was_asked_for(deployments):
    made = await deployments.enqueue(asked())
    assert await deployments.get(made.id) == made


async def test_variables_are_not_readable_in_the_file(deployments, tmp_path):
    await deployments.enqueue(asked())
    stored = b"".join(p.read_bytes() for p in tmp_path.glob("seaway.db*"))
    assert b"shop.example.org" in stored
    assert b"hunter2" not in stored


async def test_an_environment_takes_the_settings_of_what_is_asked(deployments, apps):
    await deployments.enqueue(asked())
    record = await apps.get(SHOP)
    assert record.settings == SETTINGS
    assert record.current_deployment is None


async def test_an_unknown_app_or_deployment_is_said_to_be_unknown(deployments, apps):
    with pytest.raises(UnknownApp):
        await apps.get(SHOP)
    with pytest.raises(UnknownDeployment):
        await deployments.get(7)


async def test_they_are_claimed_oldest_first_and_one_per_environment(deployments):
    one = await deployments.enqueue(asked(kind=Kind.RESTART))
    two = await deployments.enqueue(asked(kind=Kind.RESTART))
    other = await deployments.enqueue(asked(API))
    assert [await deployments.claim(NOW) for _ in range(3)] == [one.id, other.id, None]
    await deployments.finish(one.id, Status.LIVE, NOW, None)
    assert await deployments.claim(NOW) == two.id


async def test_two_of_one_environment_cannot_run_whatever_the_code_does(deployments, database):
    one = await deployments.enqueue(asked(kind=Kind.RESTART))
    two = await deployments.enqueue(asked(kind=Kind.RESTART))
    await deployments.note(one.id, status="running")
    with pytest.raises(IntegrityError):
        await deployments.note(two.id, status="cancelling")


async def test_many_who_claim_at_once_never_get_the_same(deployments):
    made = [await deployments.enqueue(asked(EnvironmentKey(f"app{n}"))) for n in range(20)]
    claimed = await asyncio.gather(*(deployments.claim(NOW) for _ in range(30)))
    assert sorted(c for c in claimed if c is not None) == [m.id for m in made]


async def test_a_newer_deploy_supersedes_those_that_wait(deployments):
    one = await deployments.enqueue(asked())
    two = await deployments.enqueue(asked())
    assert (await deployments.get(one.id)).status is Status.SUPERSEDED
    assert await deployments.claim(NOW) == two.id


async def test_a_queued_one_is_cancelled_at_once_and_a_running_one_is_asked_to_end(deployments):
    one = await deployments.enqueue(asked())
    assert await deployments.request_cancel(one.id, NOW) is Status.CANCELLED
    two = await deployments.enqueue(asked())
    await deployments.claim(NOW)
    assert await deployments.request_cancel(two.id, NOW) is Status.CANCELLING
    await deployments.finish(two.id, Status.CANCELLED, NOW, None)
    assert await deployments.request_cancel(two.id, NOW) is Status.CANCELLED


async def test_after_a_stop_what_ran_waits_again_and_keeps_its_steps(deployments):
    one = await deployments.enqueue(asked())
    await deployments.claim(NOW)
    await deployments.begin_step(one.id, "fetch", NOW)
    await deployments.finish_step(one.id, "fetch", NOW + timedelta(seconds=2), {"tree": "x"}, skipped=False)
    await deployments.begin_step(one.id, "plan", NOW)
    assert await deployments.requeue_running() == []
    found = await deployments.get(one.id)
    assert (found.status, found.attempt) == (Status.QUEUED, 2)
    assert found.step("fetch").seconds == 2
    assert found.step("plan").finished_at is None


async def test_a_step_that_is_begun_again_is_one_step(deployments):
    one = await deployments.enqueue(asked())
    await deployments.begin_step(one.id, "fetch", NOW)
    await deployments.begin_step(one.id, "fetch", NOW + timedelta(seconds=5))
    assert [s.started_at for s in (await deployments.get(one.id)).steps] == [NOW + timedelta(seconds=5)]


async def test_a_finding_comes_back_as_it_was(deployments):
    one = await deployments.enqueue(asked())
    finding = Finding("health.exited", "It ended", ("code 1",), "Read it", ("seaway logs shop",))
    await deployments.warn(one.id, [finding])
    await deployments.finish(one.id, Status.FAILED, NOW, finding)
    found = await deployments.get(one.id)
    assert (found.finding, found.warnings, found.status) == (finding, (finding,), Status.FAILED)


async def test_history_is_read_newest_first_and_further_back(deployments):
    made = [(await deployments.enqueue(asked(kind=Kind.RESTART))).id for _ in range(5)]
    assert [d.id for d in await deployments.of(SHOP, 2)] == made[:2:-1]
    assert [d.id for d in await deployments.of(SHOP, 2, before=made[3])] == [made[2], made[1]]
    assert [d.id for d in (await deployments.latest()).values()] == [made[-1]]


async def test_a_release_is_recorded_once_for_its_deployment(deployments, apps, releases):
    made = await deployments.enqueue(asked())
    environment = await apps.get(SHOP)
    wanted = Release(0, SHOP, made.id, "sha256:1", 3000, ("node", "x"), SETTINGS, NOW, made.source, "c0ffee")
    first = await releases.record(environment.id, wanted)
    second = await releases.record(environment.id, replace(wanted, image="sha256:2"))
    assert first == second == replace(wanted, id=first.id)
    await releases.forget(first.id)
    assert await releases.of(SHOP) == []


async def test_what_serves_and_was_not_settled_is_found_again(deployments, apps):
    one = await deployments.enqueue(asked())
    await deployments.claim(NOW)
    await deployments.finish(one.id, Status.LIVE, NOW, None)
    await apps.set_current(SHOP, one.id, wanted_running=True)
    assert await deployments.unsettled() == [one.id]
    await deployments.begin_step(one.id, "settle", NOW)
    assert await deployments.unsettled() == [one.id]
    await deployments.finish_step(one.id, "settle", NOW, {}, skipped=False)
    assert await deployments.unsettled() == []


async def test_an_app_goes_with_all_that_belongs_to_it(deployments, apps):
    one = await deployments.enqueue(asked())
    await deployments.begin_step(one.id, "fetch", NOW)
    await apps.delete("shop")
    with pytest.raises(UnknownDeployment):
        await deployments.get(one.id)
    assert await apps.list() == []


async def test_a_code_opens_one_session_and_only_in_time(database):
    sessions = Sessions(database)
    code = await sessions.create("code", NOW, timedelta(minutes=10))
    assert not await sessions.redeem(code, NOW + timedelta(minutes=11))
    assert await sessions.redeem(code, NOW)
    assert not await sessions.redeem(code, NOW)
    session = await sessions.create("session", NOW, timedelta(days=1))
    assert await sessions.is_valid(session, NOW)
    assert not await sessions.is_valid(code, NOW)
    await sessions.end(session)
    assert not await sessions.is_valid(session, NOW)
