"""What goes wrong while nobody deploys, or right after: with a real server, real containers and the real proxy."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from e2e import machine
from e2e.apps import node_app
from e2e.server import Server, names_of
from strict_client import Load

WATCH_S = 6
BACK_S = 15.0
_ENDS_SOON = '\nsetTimeout(() => {{ console.error("no database"); process.exit(3); }}, {ms});\n'
_SILENT_SOON = "\nsetTimeout(() => server.closeAllConnections() || server.close(), {ms});setInterval(() => 0, 1000);\n"
_DEAF = '\nprocess.removeAllListeners("SIGTERM"); process.on("SIGTERM", () => console.log("no"));\n'


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("faults")
    made = Server(folder, f"test-faults-{os.getpid()}", SEAWAY_WATCH_S=str(WATCH_S))
    try:
        made.start()
        made.deploy_live(node_app(folder / "steady", "steady"), "steady")
        yield made
    finally:
        made.end()


def app(folder: Path, text: str, more: str = "", **values: int) -> Path:
    made = node_app(folder, text)
    script = made / "server.js"
    script.write_text(script.read_text() + more.format(**values))
    return made


def serves_again(server: Server, host: str, text: str) -> float:
    began = time.monotonic()
    machine.wait_until(lambda: server.ask(host).body == text, f"{host} serves again", BACK_S)
    return time.monotonic() - began


def _is_back(server: Server, host: str, text: str) -> bool:
    try:
        return server.ask(host).body == text
    except OSError:
        return False


@pytest.mark.parametrize(
    ("what", "fault"),
    [
        ("removed by hand", ("rm", "-f")),
        ("stopped by hand", ("stop", "-t", "1")),
        ("killed by hand", ("kill",)),
    ],
)
def test_a_container_that_is_gone_is_started_again(server: Server, what: str, fault: tuple[str, ...]) -> None:
    machine.wait_until(lambda: len(server.containers("steady")) == 1, "one container")
    machine.docker(*fault, *names_of(server.containers("steady")))
    took = serves_again(server, "steady.localhost", "steady")
    print(f"\na container {what} serves again after {took:.2f} s")
    assert server.app("steady")["state"] == "live"


@pytest.mark.parametrize(("what", "fault"), [("removed", ("rm", "-f")), ("killed", ("kill",))])
def test_a_proxy_that_is_gone_is_made_again_with_its_routes(server: Server, what: str, fault: tuple[str, ...]) -> None:
    machine.docker(*fault, f"{server.instance}-proxy")
    began = time.monotonic()
    machine.wait_until(lambda: _is_back(server, "steady.localhost", "steady"), "the proxy serves again", BACK_S)
    print(f"\nthe proxy {what}: serves again after {time.monotonic() - began:.2f} s")


def test_a_proxy_that_lost_its_configuration_gets_it_back(server: Server) -> None:
    for file in (server.home / "proxy" / "etc").iterdir():
        file.unlink()
    machine.docker("restart", "-t", "1", f"{server.instance}-proxy")
    machine.wait_until(lambda: _is_back(server, "steady.localhost", "steady"), "it is back", BACK_S)


def test_a_crash_loop_is_shown_with_its_last_lines(server: Server, tmp_path: Path) -> None:
    server.deploy_live(app(tmp_path / "app", "loops", _ENDS_SOON, ms=700), "loops")
    began = time.monotonic()
    found = machine.wait_until(lambda: server.app("loops")["finding"], "the crash loop is seen", 30)
    print(f"\na crash loop is seen after {time.monotonic() - began:.1f} s: {found['title']}")
    assert found["cause"] == "app.crash_loop"
    assert any("no database" in line for line in found["evidence"])
    assert server.app("loops")["state"] == "broken"
    assert "ends again and again" in server.seaway("show", "loops").out
    assert server.seaway("destroy", "loops", "--yes").code == 0


@pytest.mark.parametrize(
    ("name", "more", "cause"),
    [("ends", _ENDS_SOON, "ended by itself"), ("silent", _SILENT_SOON, "")],
)
def test_a_release_that_fails_right_after_the_switch_makes_way_for_the_one_before(
    server: Server, tmp_path: Path, name: str, more: str, cause: str
) -> None:
    server.deploy_live(node_app(tmp_path / "app", "good"), name)
    server.settled_containers(name)
    bad = server.deploy_live(app(tmp_path / "app", "bad", more, ms=1500), name)
    began = time.monotonic()
    ended = machine.wait_until(lambda: _failed(server, bad["deployment"]), "it went back", WATCH_S + 5)
    took = time.monotonic() - began
    assert server.ask(f"{name}.localhost").body == "good"
    print(f"\n{name}: back after {took:.1f} s: {ended['finding']['title']}")
    assert ended["finding"]["cause"] == "release.went_back"
    assert cause in ended["finding"]["evidence"][0]
    server.settled_containers(name)
    assert "serves again" in server.seaway("deployments", name).out
    assert server.app(name)["state"] == "attention"


def test_an_app_that_ignores_sigterm_is_replaced_without_a_lost_request(server: Server, tmp_path: Path) -> None:
    server.deploy_live(app(tmp_path / "app", "deaf", _DEAF), "deaf")
    with Load(server.proxy, "deaf.localhost", each=3, pause_s=0.02) as load:
        server.deploy_live(app(tmp_path / "app", "deaf", _DEAF + "// two\n"), "deaf")
        server.settled_containers("deaf")
    assert load.tally.failed == 0, load.tally.failures


def _failed(server: Server, deployment: int) -> Any:
    found = server.deployment(deployment)
    return found if found["status"] == "failed" else None


def test_the_proxy_is_back_quickly_however_often_it_is_killed(server: Server) -> None:
    took = []
    for _ in range(5):
        machine.docker("kill", f"{server.instance}-proxy")
        began = time.monotonic()
        machine.wait_until(lambda: _is_back(server, "steady.localhost", "steady"), "the proxy serves again", BACK_S)
        took.append(time.monotonic() - began)
        time.sleep(1.2)
    print(f"\nthe proxy killed 5 times: serves again after {max(took):.2f} s at most")
    assert max(took) < 6
