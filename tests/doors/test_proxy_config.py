import subprocess
from pathlib import Path

import pytest

from seaway.core.ports import Route, Server
from seaway.doors.proxy import plan, snapshot
from seaway.doors.proxy.config import ProxySettings, render
from seaway.doors.proxy.errors import BadRoute
from seaway.doors.proxy.host import SPEC_LABEL, container_spec
from seaway.doors.proxy.listening import holder_of
from seaway.doors.proxy.plan import Change
from seaway.doors.proxy.snapshot import ServerState, Snapshot, Worker

SETTINGS = ProxySettings("seaway", Path("/srv/proxy"), http_port=8080, addresses=("127.0.0.1", "::1"), owner_uid=1000)
ONE = Server("shop-1", "172.17.0.2", 3000)
TWO = Server("shop-2", "172.17.0.3", 3000)
SHOP = Route("shop", ("shop.localhost", "shop.example.org"), (TWO, ONE))
BLOG = Route("blog", ("blog.localhost",), ())


def test_each_environment_becomes_one_backend_with_its_servers() -> None:
    config = render(SETTINGS, [SHOP, BLOG]).config
    assert config.endswith(
        "\nbackend blog from apps\n"
        "\nbackend shop from apps\n"
        "    server shop-1 172.17.0.2:3000 pool-purge-delay 1s\n"
        "    server shop-2 172.17.0.3:3000 pool-purge-delay 1s\n"
    )


def test_each_host_leads_to_its_environment() -> None:
    assert render(SETTINGS, [SHOP, BLOG]).hosts == ("blog.localhost blog\nshop.example.org shop\nshop.localhost shop\n")


def test_the_order_of_routes_and_servers_changes_no_byte() -> None:
    turned = Route("shop", SHOP.hosts[::-1], SHOP.servers[::-1])
    assert render(SETTINGS, [SHOP, BLOG]) == render(SETTINGS, [BLOG, turned])


def test_the_proxy_listens_on_the_addresses_and_the_port_of_the_settings() -> None:
    config = render(SETTINGS, []).config
    assert "    bind 127.0.0.1:8080\n    bind [::1]:8080 v6only\n" in config
    assert "uid 1000 gid 0 level admin expose-fd listeners" in config


@pytest.mark.parametrize(
    "bad",
    [
        Route("_unknown", (), ()),
        Route("shop\nbackend evil", (), ()),
        Route("shop", ("a b",), ()),
        Route("shop", ("x.org\ny.org evil",), ()),
        Route("shop", ("*.x.org",), ()),
        Route("shop", (), (Server("a b", "127.0.0.1", 1),)),
        Route("shop", (), (Server("a", "localhost", 1),)),
        Route("shop", (), (Server("a", "127.0.0.1; show info", 1),)),
        Route("shop", (), (Server("a", "127.0.0.1", 0),)),
    ],
)
def test_nothing_doubtful_reaches_a_file(bad: Route) -> None:
    with pytest.raises(BadRoute):
        render(SETTINGS, [bad])


def test_another_port_or_image_is_another_container() -> None:
    other_port = ProxySettings("seaway", Path("/srv/proxy"), http_port=8081, addresses=SETTINGS.addresses)
    specs = [
        container_spec(SETTINGS, "sha256:1"),
        container_spec(SETTINGS, "sha256:2"),
        container_spec(other_port, "sha256:1"),
    ]
    assert len({spec["Labels"][SPEC_LABEL] for spec in specs}) == 3


# Planning -------------------------------------------------------------------------------------------------------------


def seen(*servers: ServerState, hosts: dict[str, str] | None = None) -> Snapshot:
    return Snapshot(frozenset({"shop", "blog"}), hosts or {}, servers)


def test_what_serves_at_the_right_address_is_left_alone() -> None:
    now = seen(ServerState("shop", ONE, True), ServerState("shop", TWO, True))
    assert list(plan.servers_to_start(now, Change("shop", SHOP))) == []
    assert list(plan.servers_to_stop(now, Change("shop", SHOP))) == []


def test_a_half_done_switch_is_taken_up_where_it_stopped() -> None:
    added = ServerState("shop", TWO, serves=False)
    now = seen(ServerState("shop", ONE, True), added)
    change = Change("shop", Route("shop", SHOP.hosts, (TWO,)))
    assert list(plan.servers_to_start(now, change)) == [("shop", TWO, added)]
    assert list(plan.servers_to_stop(now, change)) == [("shop", "shop-1", "drain")]


def test_a_host_leads_to_the_one_that_asked_for_it_last() -> None:
    moved = Route("blog", ("blog.localhost", "shop.example.org"), ())
    routes = plan.after({"shop": SHOP}, [Change("blog", moved)])
    assert plan.hosts_of(routes) == {
        "shop.localhost": "shop",
        "blog.localhost": "blog",
        "shop.example.org": "blog",
    }


def test_only_routes_that_differ_are_changed() -> None:
    turned = Route("shop", SHOP.hosts[::-1], SHOP.servers[::-1])
    assert plan.differences({"shop": SHOP, "old": BLOG}, {"shop": turned, "blog": BLOG}) == [
        Change("blog", BLOG),
        Change("old", None),
    ]


# Reading --------------------------------------------------------------------------------------------------------------


def test_only_servers_that_get_new_traffic_are_routes() -> None:
    now = seen(ServerState("shop", TWO, True), ServerState("shop", ONE, False), hosts={"shop.localhost": "shop"})
    assert now.routes() == {"shop": Route("shop", ("shop.localhost",), (TWO,))}


def test_old_workers_are_told_from_the_current_one() -> None:
    answer = (
        "#<PID>          <type>          <reloads>       <uptime>        <version>\n"
        "1               master          1 [failed: 0]   0d00h10m31s     3.0.11\n"
        "# workers\n11              worker          0               0d00h00m00s     3.0.11\n"
        "# old workers\n7               worker          1               0d00h10m31s     3.0.11\n# programs\n\n"
    )
    assert snapshot.parse_workers(answer) == [Worker(11, True), Worker(7, False)]


def test_a_draining_server_does_not_serve() -> None:
    answer = (
        "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_port\n"
        "4 shop 1 shop-1 172.17.0.2 2 8 3000\n4 shop 2 shop-2 172.17.0.3 2 0 3000\n5 _onward 1 x - 2 0 0\n"
    )
    assert snapshot.parse_servers(answer) == (ServerState("shop", ONE, False), ServerState("shop", TWO, True))


def test_sessions_and_those_that_wait_are_counted_together() -> None:
    assert snapshot.parse_sessions("# pxname,svname,qcur,qmax,scur,\nshop,shop-1,1,0,2,\nshop,shop-2,0,0,0,\n\n") == {
        "shop-1": 3,
        "shop-2": 0,
    }
    assert snapshot.parse_sessions("Can't find the target PID matching the prefix '@!7'\n") == {}


def test_the_holder_of_a_port_is_named() -> None:
    code = "import socket; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True); input()"
    with subprocess.Popen(["python3", "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as program:
        assert program.stdout is not None
        holder = holder_of(int(program.stdout.readline()))
        program.kill()
    assert holder is not None
    assert f"(process {program.pid})" in holder
