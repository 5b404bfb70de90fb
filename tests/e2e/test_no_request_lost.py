"""A second deployment, a restart and a rollback while 51 connections send requests lose none of them."""

from collections.abc import Callable
from pathlib import Path

from e2e.apps import node_app
from e2e.machine import wait_until
from e2e.server import Server
from strict_client import KINDS, Load, Tally

EACH = 17
# Loads two shared cores about half, with what runs beside it.
PAUSE_S = 0.05


def test_a_second_deployment_loses_no_request(server: Server, tmp_path: Path) -> None:
    server.deploy_live(node_app(tmp_path / "app", "one"), "busy")
    second = node_app(tmp_path / "app", "two")

    def deploy() -> None:
        server.deploy_live(second, "busy")

    tally = _under_load(server, "busy", deploy)
    assert set(tally.bodies) == {b"one", b"two"}
    assert server.ask("busy.localhost").body == "two"


def test_a_restart_and_a_rollback_lose_no_request(server: Server, tmp_path: Path) -> None:
    for text in ("before", "after"):
        server.deploy_live(node_app(tmp_path / "app", text), "calm")

    def move() -> None:
        for command in ("restart", "rollback"):
            said = server.seaway(command, "calm", "--json")
            assert said.code == 0, said.err

    tally = _under_load(server, "calm", move)
    assert set(tally.bodies) == {b"before", b"after"}
    assert server.ask("calm.localhost").body == "before"


def _under_load(server: Server, app: str, move: Callable[[], None]) -> Tally:
    with Load(server.proxy, f"{app}.localhost", each=EACH, pause_s=PAUSE_S) as load:
        wait_until(lambda: load.tally.total > 500, "the load runs")
        move()
        server.settled_containers(app)
        settled = load.tally.total
        wait_until(lambda: load.tally.total > settled + 500, "the load goes on afterwards")
    tally = load.tally
    print(f"\n{app}: {tally.total} requests of {EACH * len(KINDS)} connections, {tally.failed} failed; {tally.ok}")
    assert tally.failed == 0, tally.failures
    assert set(tally.ok) == set(KINDS)
    return tally
