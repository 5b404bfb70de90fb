"""The proxy door on a real HAProxy in a real container."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from doors.proxy_fixtures import HOST, Bench, bench, fetch, free_port, route
from seaway.core.ports import Route, Server
from seaway.doors.proxy import HaproxyDoor
from seaway.doors.proxy.config import CONFIG_FILE, Rendered, render
from seaway.doors.proxy.errors import ConfigurationRefused, PortTaken
from seaway.doors.proxy.installed import Installed
from strict_client import KINDS, Connection, Load

pytestmark = pytest.mark.docker


@pytest.fixture(scope="module")
async def proxy(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bench]:
    async with bench(tmp_path_factory.mktemp("proxy")) as made:
        yield made


@pytest.fixture(autouse=True)
async def cleared(proxy: Bench) -> AsyncIterator[None]:
    yield
    await proxy.clear()


# Answers of its own ---------------------------------------------------------------------------------------------------


async def test_an_unknown_host_gets_a_page_that_names_it_and_nothing_else_of_it(proxy: Bench) -> None:
    status, answer = await fetch(proxy.address, "<script>nobody.example.org")
    assert status == 404
    assert "No such app: scriptnobody.example.org" in answer


async def test_an_app_without_instances_is_said_to_be_not_running(proxy: Bench) -> None:
    await proxy.door.switch(route())
    status, answer = await fetch(proxy.address, HOST)
    assert status == 503
    assert "shop is not running" in answer
    assert "retry-after: 5" in answer


async def test_an_instance_that_accepts_no_connection_is_said_not_to_answer(proxy: Bench) -> None:
    await proxy.door.switch(route(Server("gone", "127.0.0.1", free_port())))
    status, answer = await fetch(proxy.address, HOST)
    assert status == 503
    assert "shop does not answer" in answer


async def test_an_app_sees_who_asks_and_a_client_cannot_pretend(proxy: Bench) -> None:
    await proxy.door.switch(route(proxy.apps.start("v1")))
    _, answer = await fetch(proxy.address, f"{HOST.upper()}:8080", "X-Echo: 1", "X-Forwarded-For: 6.6.6.6")
    seen = dict(line.lower().split(": ", 1) for line in answer.split("\r\n\r\n", 1)[1].splitlines() if ": " in line)
    assert "6.6.6.6" not in answer
    assert (seen["x-forwarded-for"], seen["x-forwarded-proto"]) == ("127.0.0.1", "http")
    assert seen["host"] == seen["x-forwarded-host"] == f"{HOST}:8080"
    assert len(seen["x-request-id"]) == 36


# Switching ------------------------------------------------------------------------------------------------------------


async def test_routes_are_what_the_running_proxy_confirms(proxy: Bench) -> None:
    one, two = proxy.apps.start("v1"), proxy.apps.start("v2")
    await proxy.door.switch(route(one, two, hosts=("shop.example.org", HOST)))
    assert await proxy.door.routes() == {"shop": route(one, two, hosts=("shop.example.org", HOST))}
    await proxy.runtime.set_state("shop", "v1", "drain")
    assert await proxy.door.routes() == {"shop": route(two, hosts=("shop.example.org", HOST))}
    await proxy.door.remove("shop")
    assert await proxy.door.routes() == {}
    assert (await fetch(proxy.address, HOST))[0] == 404


async def test_a_switch_sends_new_requests_to_the_new_server_alone_and_names_the_old(proxy: Bench) -> None:
    one, two = proxy.apps.start("v1"), proxy.apps.start("v2")
    assert await proxy.door.switch(route(one)) == ()
    assert await proxy.door.switch(route(two)) == ("v1",)
    assert [(await fetch(proxy.address, HOST))[1][-2:] for _ in range(5)] == ["v2"] * 5
    await proxy.door.drained("shop", ("v1",), drain_s=5)
    assert list((await proxy.runtime.look()).servers_of("shop")) == ["v2"]
    assert await proxy.door.switch(route(two)) == ()


async def test_a_restarted_instance_is_followed_to_its_new_address(proxy: Bench) -> None:
    await proxy.door.switch(route(Server("v1", "127.0.0.1", free_port())))
    again = proxy.apps.start("v1")
    assert await proxy.door.switch(route(again)) == ()
    assert (await fetch(proxy.address, HOST))[1].endswith("v1")


async def test_a_connection_in_use_keeps_its_server_until_the_time_is_up(proxy: Bench) -> None:
    one, two = proxy.apps.start("v1"), proxy.apps.start("v2")
    await proxy.door.switch(route(one))
    socket = await asyncio.to_thread(Connection, proxy.address, HOST)
    await asyncio.to_thread(socket.upgrade)
    old = await proxy.door.switch(route(two))
    waiting = asyncio.create_task(proxy.door.drained("shop", old, drain_s=30))
    await asyncio.sleep(0.5)
    assert not waiting.done()
    assert await asyncio.to_thread(socket.echo, b"still there") == b"still there"
    socket.close()
    await asyncio.wait_for(waiting, 5)
    assert list((await proxy.runtime.look()).servers_of("shop")) == ["v2"]


async def test_nothing_is_waited_for_where_nothing_is(proxy: Bench) -> None:
    await asyncio.wait_for(proxy.door.drained("never-was", ("v1",), drain_s=30), 2)
    await asyncio.wait_for(proxy.door.remove("never-was"), 2)


async def test_a_switch_that_was_cut_off_is_finished_by_the_next_control_plane(proxy: Bench) -> None:
    one, two = proxy.apps.start("v1"), proxy.apps.start("v2")
    await proxy.door.switch(route(one))
    await proxy.runtime.add_server("shop", two)
    next_door = proxy.again()
    assert await next_door.routes() == {"shop": route(one)}
    assert await next_door.switch(route(two)) == ("v1",)
    assert await proxy.again().switch(route(two)) == ("v1",)
    assert await next_door.routes() == {"shop": route(two)}


async def test_changes_that_come_together_are_all_made(proxy: Bench) -> None:
    app = proxy.apps.start("v1")
    wanted = {f"app-{n}": Route(f"app-{n}", (f"app-{n}.localhost",), (app,)) for n in range(12)}
    await asyncio.gather(*map(proxy.door.switch, wanted.values()))
    assert await proxy.door.routes() == wanted


async def test_a_change_whose_caller_gives_up_holds_up_nobody(proxy: Bench) -> None:
    app = proxy.apps.start("v1")
    given_up = asyncio.create_task(proxy.door.switch(Route("left", ("left.localhost",), (app,))))
    await asyncio.sleep(0.01)
    given_up.cancel()
    await asyncio.wait_for(proxy.door.switch(route(app)), 5)
    assert (await proxy.door.routes())["shop"] == route(app)


# Nothing is lost ------------------------------------------------------------------------------------------------------


async def test_switching_under_load_loses_no_request(proxy: Bench) -> None:
    await proxy.door.switch(route(proxy.apps.start("v0")))
    with Load(proxy.address, HOST) as load:
        for n in range(1, 7):
            old = await proxy.door.switch(route(proxy.apps.start(f"v{n}")))
            await proxy.door.drained("shop", old, drain_s=5)
            proxy.apps.stop(old[0])
            await asyncio.sleep(0.3)
    assert_nothing_lost(load)


async def test_reloading_under_load_loses_no_request(proxy: Bench) -> None:
    app = proxy.apps.start("v0")
    await proxy.door.switch(route(app))
    with Load(proxy.address, HOST) as load:
        for n in range(6):
            await proxy.door.switch(Route(f"other-{n}-{os.urandom(2).hex()}", (f"other-{n}.localhost",), (app,)))
            await asyncio.sleep(0.3)
    assert_nothing_lost(load)


async def test_a_kept_connection_of_an_old_worker_reaches_the_server_that_came_after_it(proxy: Bench) -> None:
    """The next request on it comes after a reload, a swap, and the old server's end."""
    one = proxy.apps.start("v1")
    await proxy.door.switch(route(one))
    kept = await asyncio.to_thread(Connection, proxy.address, HOST)
    assert (await asyncio.to_thread(kept.ask))[0] == b"v1"
    await proxy.door.switch(Route(f"other-{os.urandom(2).hex()}", ("other.localhost",), ()))
    old = await proxy.door.switch(route(proxy.apps.start("v2")))
    await proxy.door.drained("shop", old, drain_s=5)
    proxy.apps.stop("v1")
    assert (await asyncio.to_thread(kept.ask))[0] == b"v2"
    kept.close()


async def test_reloads_and_switches_of_a_quiet_app_lose_no_request(proxy: Bench) -> None:
    """Slow clients keep their connections idle in old workers most of the time."""
    await proxy.door.switch(route(proxy.apps.start("v0")))
    with Load(proxy.address, HOST, pause_s=0.2) as load:
        for n in range(1, 6):
            await proxy.door.switch(Route(f"other-{n}-{os.urandom(2).hex()}", (f"other-{n}.localhost",), ()))
            old = await proxy.door.switch(route(proxy.apps.start(f"v{n}")))
            await proxy.door.drained("shop", old, drain_s=5)
            proxy.apps.stop(old[0])
    assert_nothing_lost(load)


def assert_nothing_lost(load: Load) -> None:
    tally = load.tally
    assert (tally.failed, tally.failures) == (0, ())
    assert set(tally.ok) == set(KINDS)
    print(f"{tally.ok} {tally.bodies}")


async def test_a_websocket_survives_a_reload_and_is_waited_for_when_its_server_goes(proxy: Bench) -> None:
    await proxy.door.switch(route(proxy.apps.start("v1")))
    socket = await asyncio.to_thread(Connection, proxy.address, HOST)
    await asyncio.to_thread(socket.upgrade)
    await proxy.door.switch(Route(f"other-{os.urandom(2).hex()}", ("other.localhost",), ()))
    assert await asyncio.to_thread(socket.echo, b"after a reload") == b"after a reload"
    old = await proxy.door.switch(route(proxy.apps.start("v2")))
    assert old == ("v1",)
    waiting = asyncio.create_task(proxy.door.drained("shop", old, drain_s=30))
    await asyncio.sleep(0.5)
    assert not waiting.done()
    assert await asyncio.to_thread(socket.echo, b"after a swap") == b"after a swap"
    socket.close()
    await asyncio.wait_for(waiting, 5)


# The container --------------------------------------------------------------------------------------------------------


async def test_a_restarted_container_comes_back_with_the_same_routes(proxy: Bench) -> None:
    one, two = proxy.apps.start("v1"), proxy.apps.start("v2")
    await proxy.door.switch(route(one))
    await proxy.door.switch(Route("empty", ("empty.localhost",), ()))
    await proxy.door.switch(route(two))
    before = await proxy.door.routes()
    await asyncio.to_thread(proxy.docker, "restart", "-t", "1", proxy.settings.container)
    assert (
        await proxy.door.routes() == before == {"shop": route(two), "empty": Route("empty", ("empty.localhost",), ())}
    )
    assert (await fetch(proxy.address, HOST))[1].endswith("v2")


async def test_a_killed_proxy_comes_back_by_itself_with_the_same_routes(proxy: Bench) -> None:
    one = proxy.apps.start("v1")
    await proxy.door.switch(route(one))
    pid = await asyncio.to_thread(proxy.docker, "inspect", "--format", "{{.State.Pid}}", proxy.settings.container)
    os.kill(int(pid), signal.SIGKILL)
    await asyncio.sleep(0.05)
    assert await proxy.door.routes() == {"shop": route(one)}
    assert (await fetch(proxy.address, HOST))[1].endswith("v1")


async def test_a_running_proxy_is_adopted_and_only_corrected(proxy: Bench) -> None:
    one, two = proxy.apps.start("v1"), proxy.apps.start("v2")
    await proxy.door.ensure([route(one)], proxy.said.append)
    before, workers = await proxy.host.find(proxy.settings.container), await proxy.runtime.workers()
    said: list[str] = []
    await proxy.again().ensure([route(one)], said.append)
    assert said == []
    await proxy.again().ensure([route(two)], said.append)
    assert await proxy.door.routes() == {"shop": route(two)}
    assert (await proxy.host.find(proxy.settings.container), await proxy.runtime.workers()) == (before, workers)


async def test_other_settings_reach_a_running_proxy_by_a_reload(proxy: Bench) -> None:
    one = proxy.apps.start("v1")
    await proxy.door.ensure([route(one)], proxy.said.append)
    other = HaproxyDoor(replace(proxy.settings, server_timeout_s=77), proxy.host)
    said: list[str] = []
    await other.ensure([route(one)], said.append)
    assert said == ["The proxy reloads: its configuration has changed."]
    assert "timeout server 77s" in (proxy.settings.etc / CONFIG_FILE).read_text()
    assert (await fetch(proxy.address, HOST))[1].endswith("v1")
    await proxy.door.ensure([route(one)], said.append)


async def test_a_bad_configuration_is_refused_and_the_old_one_stays(proxy: Bench) -> None:
    one = proxy.apps.start("v1")
    await proxy.door.switch(route(one))
    before = (proxy.settings.etc / CONFIG_FILE).read_text()
    good = render(proxy.settings, [route(one)])
    bad = Rendered({**good.files, CONFIG_FILE: good.config + "    sever v2 127.0.0.1:1\n"})
    with pytest.raises(ConfigurationRefused) as refused:
        await Installed(proxy.settings, proxy.host, proxy.runtime).reload(bad)
    assert any("sever" in line for line in refused.value.evidence)
    assert (proxy.settings.etc / CONFIG_FILE).read_text() == before
    assert (await fetch(proxy.address, HOST))[1].endswith("v1")


async def test_a_reload_that_fails_after_its_check_leaves_the_old_one_at_work(proxy: Bench) -> None:
    one = proxy.apps.start("v1")
    await proxy.door.switch(route(one))
    good = render(proxy.settings, [route(one)])
    # A port that somebody else holds: the check cannot know.
    port = one.port
    bad = Rendered({**good.files, CONFIG_FILE: good.config + f"\nfrontend _x from common\n    bind 127.0.0.1:{port}\n"})
    with pytest.raises(ConfigurationRefused):
        await Installed(proxy.settings, proxy.host, proxy.runtime).reload(bad)
    assert (proxy.settings.etc / CONFIG_FILE).read_text() == good.config
    assert (await fetch(proxy.address, HOST))[1].endswith("v1")
    assert await proxy.door.switch(route(proxy.apps.start("v2"))) == ("v1",)


async def test_a_port_in_use_is_named_with_its_process(proxy: Bench, tmp_path: Path) -> None:
    held = proxy.apps.start("holder").port
    settings = replace(proxy.settings, instance=f"{proxy.settings.instance}-2", home=tmp_path, http_port=held)
    with pytest.raises(PortTaken) as taken:
        await HaproxyDoor(settings, proxy.host).ensure([], proxy.said.append)
    assert f"(process {proxy.apps.programs['holder'].pid})" in str(taken.value)
    assert f"Port {held}" in str(taken.value)
    assert "SEAWAY_HTTP_PORT" in str(taken.value)
    assert await proxy.host.find(settings.container) is None
