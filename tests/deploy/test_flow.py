import asyncio

import pytest
from tests.deploy.conftest import SHOP, House

from seaway.actions.access import OWNER
from seaway.core.app import SettingsChange, UnknownApp
from seaway.core.deployment import Kind, NothingReleased, NothingToRollBackTo, Status
from seaway.core.errors import Failed, Unavailable
from seaway.core.finding import Finding
from seaway.core.image import parse_image
from seaway.core.recipe import Recipe
from seaway.core.secret import Secret
from seaway.core.source import FolderSource, GitSource, ImageSource


def servers(house: House) -> list[str]:
    return [s.name for s in house.proxy.table["shop"].servers]


async def test_a_folder_travels_all_the_way_to_a_route(house):
    done = await house.deploy()
    assert (done.status, done.finding) == (Status.LIVE, None)
    assert [s.name for s in done.steps] == ["fetch", "plan", "prove", "build", "release", "check", "route", "settle"]
    assert all(s.finished_at for s in done.steps)
    assert house.proxy.table["shop"].hosts == ("shop.localhost",)
    assert servers(house) == ["test-shop-1-1"]
    assert house.engine.kept == ["id-test-shop-1-1"]


async def test_the_same_tree_and_plan_are_not_built_again(house):
    first = await house.deploy()
    second = await house.deploy()
    assert second.image == first.image
    assert second.step("build").skipped
    assert len(house.images.jobs) == 1


async def test_other_variables_are_another_build_when_the_build_sees_them(house):
    await house.deploy()
    await house.deploy(env={"A": Secret("1")})
    assert len(house.images.jobs) == 2
    house.pack.recipe_made = Recipe("FROM scratch")
    await house.deploy()
    await house.deploy(env={"A": Secret("2")})
    assert len(house.images.jobs) == 3


async def test_the_old_release_serves_until_the_new_one_is_healthy_and_then_goes(house):
    await house.deploy()
    await house.deploy(await house.tree("2"))
    assert servers(house) == ["test-shop-2-1"]
    assert list(house.engine.running) == ["test-shop-2-1"]


async def test_a_release_that_never_answers_gets_no_traffic_and_leaves_nothing(house):
    await house.deploy()
    house.probe.status = None
    failed = await house.deploy(await house.tree("2"))
    assert failed.status is Status.FAILED
    assert failed.finding.cause == "health.nothing_listens"
    assert servers(house) == ["test-shop-1-1"]
    assert list(house.engine.running) == ["test-shop-1-1"]
    assert [r.deployment for r in await house.ports.releases.of(SHOP)] == [1]


async def test_an_instance_that_ends_fails_at_once_with_its_last_lines(house):
    house.engine.crash.add("sha256:" + "0" * 64)
    failed = await house.deploy(health_timeout_s=60.0)
    assert failed.finding.cause == "health.exited"
    assert "| the last line" in failed.finding.evidence


async def test_a_failed_build_says_why_and_stops_nothing(house):
    await house.deploy()
    house.images.fails = Failed("It broke.", remedy="Mend it.")
    failed = await house.deploy(await house.tree("2"))
    assert (failed.status, failed.finding.title, failed.finding.remedy) == (Status.FAILED, "It broke.", "Mend it.")
    assert servers(house) == ["test-shop-1-1"]


async def test_a_mistake_of_our_own_is_said_to_be_one_and_frees_the_environment(house):
    house.images.fails = ZeroDivisionError("oops")
    failed = await house.deploy()
    assert failed.finding.cause == "internal"
    house.images.fails = None
    assert (await house.deploy()).status is Status.LIVE


async def test_an_image_that_is_refused_ends_it_before_anything_is_built(house):
    refused = Finding("no_credential_sent", "Refused", ("401",), "Add a login")
    house.registry.refused["ghcr.io/acme/base:1"] = refused
    house.pack.recipe_made = Recipe("FROM ghcr.io/acme/base:1", bases=(parse_image("ghcr.io/acme/base:1"),))
    failed = await house.deploy()
    assert failed.finding == refused
    assert house.images.jobs == []


async def test_what_was_proved_is_pulled_by_its_digest_before_the_build(house):
    house.pack.recipe_made = Recipe("FROM ghcr.io/acme/base:1", bases=(parse_image("ghcr.io/acme/base:1"),))
    await house.deploy()
    assert house.images.pulled == [("ghcr.io/acme/base@sha256:" + "d" * 64, None)]


async def test_an_image_is_run_as_it_is_and_its_port_is_used(house):
    done = await house.deploy(ImageSource(parse_image("ghcr.io/acme/shop:1")))
    assert done.status is Status.LIVE
    assert house.proxy.table["shop"].servers[0].port == 8080
    assert house.images.jobs == []


async def test_a_git_url_is_checked_out_and_its_commit_kept(house):
    await house.deploy(GitSource("https://example.org/a.git", "main"))
    assert [r.commit for r in await house.ports.releases.of(SHOP)] == ["c0ffee" * 6 + "c0ff"]


async def test_a_tree_that_is_gone_says_to_send_it_again(house):
    failed = await house.deploy(FolderSource("sha256:" + "a" * 64))
    assert failed.finding.cause == "source.gone"


async def test_a_rollback_needs_no_build_and_brings_its_settings_back(house):
    await house.deploy(env={"A": Secret("1")}, domains=("one.example.org",))
    await house.deploy(await house.tree("2"), env={"A": Secret("2")}, domains=("two.example.org",))
    house.images.fails = house.registry.refused = None
    made = await house.deploying.roll_back(OWNER, "shop", None)
    done = await house.ended(made.id)
    assert (done.status, done.kind, done.steps[0].name) == (Status.LIVE, Kind.ROLLBACK, "release")
    assert house.proxy.table["shop"].hosts == ("shop.localhost", "one.example.org")
    assert (await house.ports.environments.get(SHOP)).settings.env == {"A": Secret("1")}
    with pytest.raises(NothingToRollBackTo):
        await house.deploying.roll_back(OWNER, "shop", None)


async def test_a_restart_replaces_the_instances_by_new_ones_of_the_same_release(house):
    await house.deploy()
    done = await house.ended((await house.deploying.restart(OWNER, "shop")).id)
    assert done.status is Status.LIVE
    assert servers(house) == list(house.engine.running) == ["test-shop-2-1"]
    assert len(await house.ports.releases.of(SHOP)) == 1


async def test_a_stopped_app_has_no_instance_and_starts_again_as_it_was(house):
    await house.deploy()
    stopped = await house.ended((await house.deploying.stop(OWNER, "shop")).id)
    assert stopped.status is Status.STOPPED
    assert house.engine.running == {}
    assert servers(house) == []
    started = await house.ended((await house.deploying.start(OWNER, "shop")).id)
    assert started.status is Status.LIVE
    assert servers(house) == ["test-shop-3-1"]


async def test_what_was_never_released_cannot_be_restarted(house):
    house.images.fails = Failed("It broke.", remedy="Mend it.")
    await house.deploy()
    with pytest.raises(NothingReleased):
        await house.deploying.restart(OWNER, "shop")
    with pytest.raises(UnknownApp):
        await house.deploying.restart(OWNER, "nobody")


async def test_old_releases_and_their_images_go_and_the_newest_stay(house):
    for n in range(5):
        await house.deploy(await house.tree(str(n)))
    assert [r.deployment for r in await house.ports.releases.of(SHOP)] == [5, 4, 3]
    assert len(house.images.built) == 3


async def test_cancelling_stops_the_build_and_frees_the_environment(house):
    house.images.gate = asyncio.Event()
    made = await house.deploying.deploy(OWNER, "shop", await house.tree(), SettingsChange())
    while not house.images.jobs:
        await asyncio.sleep(0.01)
    await house.deploying.cancel(OWNER, made.id)
    done = await house.ended(made.id)
    assert (done.status, done.finding) == (Status.CANCELLED, None)
    assert house.engine.running == {}
    house.images.gate = None
    assert (await house.deploy()).status is Status.LIVE


async def test_a_newer_deploy_supersedes_what_waits_and_says_so(house):
    house.images.gate = asyncio.Event()
    first = await house.deploying.deploy(OWNER, "shop", await house.tree("1"), SettingsChange())
    while not house.images.jobs:
        await asyncio.sleep(0.01)
    second = await house.deploying.deploy(OWNER, "shop", await house.tree("2"), SettingsChange())
    third = await house.deploying.deploy(OWNER, "shop", await house.tree("3"), SettingsChange())
    house.images.gate.set()
    assert (await house.ended(third.id)).status is Status.LIVE
    assert [(await house.ports.journal.get(d.id)).status for d in (first, second)] == [Status.LIVE, Status.SUPERSEDED]


@pytest.mark.parametrize("cut", ["build", "check"])
async def test_after_a_stop_it_goes_on_from_the_last_finished_step(house, cut):
    await house.deploy()
    if cut == "build":
        house.images.gate = asyncio.Event()
    else:
        house.probe.status = None
    made = await house.deploying.deploy(OWNER, "shop", await house.tree("2"), SettingsChange(health_timeout_s=60.0))
    while (found := await house.ports.journal.get(made.id)).step(cut) is None:
        await asyncio.sleep(0.01)
    await house.worker.stop()
    assert (await house.ports.journal.get(made.id)).status is Status.RUNNING
    house.images.gate, house.probe.status = None, 200
    again = house.restarted()
    await again.worker.start()
    try:
        done = await again.ended(made.id)
    finally:
        await again.worker.stop()
    assert (done.status, done.attempt) == (Status.LIVE, 2)
    assert done.step("fetch") == found.step("fetch")
    assert servers(house) == list(house.engine.running) == ["test-shop-2-1"]


async def test_an_app_is_destroyed_with_all_it_has_even_while_it_deploys(house):
    await house.deploy()
    house.images.gate = asyncio.Event()
    await house.deploying.deploy(OWNER, "shop", await house.tree("2"), SettingsChange())
    while len(house.images.jobs) < 2:
        await asyncio.sleep(0.01)
    await house.destroying.destroy(OWNER, "shop")
    assert (house.engine.running, house.proxy.table, house.images.built) == ({}, {}, {})
    with pytest.raises(UnknownApp):
        await house.ports.environments.get(SHOP)
    house.images.gate = None
    assert (await house.deploy()).status is Status.LIVE


async def test_no_value_of_a_variable_is_journaled_or_logged(house, tmp_path):
    done = await house.deploy(env={"TOKEN": Secret("hunter2")})
    assert "hunter2" not in repr(done)
    assert "hunter2" not in "\n".join(house.log_texts(done.id))
    assert b"hunter2" not in b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())


async def test_the_value_of_a_variable_is_in_no_log_and_in_no_finding(house):
    house.images.fails = Failed("It broke with hunter2-hunter2.", remedy="Mend it.", evidence=("hunter2-hunter2",))
    failed = await house.deploy(env={"A": Secret("hunter2-hunter2")})
    assert (failed.finding.title, failed.finding.evidence) == ("It broke with •••.", ("•••",))
    lines, _ = house.ports.log.read(failed.id, 0, 10**6)
    assert any(line.text == "It broke with •••." for line in lines)
    assert not any("hunter2" in line.text for line in lines)


async def test_images_of_failures_go_when_the_next_one_serves(house):
    first = await house.deploy()
    house.probe.status = None
    failed = await house.deploy(await house.tree("2"))
    assert failed.image in house.images.built
    house.probe.status = 200
    third = await house.deploy(await house.tree("3"))
    assert set(house.images.built) == {first.image, third.image}


async def test_how_it_ended_is_recorded_once_the_journal_can_be_written_again(house, monkeypatch):
    real, refusals = house.ports.journal.finish, 1

    async def refuse_once(*arguments):
        nonlocal refusals
        if refusals:
            refusals -= 1
            raise Unavailable("The disk is full.", remedy="Free space.")
        await real(*arguments)

    monkeypatch.setattr(house.ports.journal, "finish", refuse_once)
    monkeypatch.setattr("seaway.deploy.flow._RECORD_AGAIN_S", 0)
    assert (await house.deploy()).status is Status.LIVE
    assert refusals == 0
