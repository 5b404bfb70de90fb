"""Docker is stopped and started again, while nothing happens and in the middle of each step of a deployment."""

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from chaos.docker_daemon import Daemon, own_daemon
from e2e import machine
from e2e.apps import node_app
from e2e.server import Server, steps_of

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("ip") is None, reason="a daemon of one's own takes root and iproute2"
)
RECOVERED_S = 60.0
APP, HOST = "lasting", "lasting.localhost"


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    with own_daemon() as made:
        made.load()
        yield made


@pytest.fixture(scope="module")
def server(daemon: Daemon, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("docker")
    environment = pytest.MonkeyPatch()
    environment.setenv("DOCKER_HOST", f"unix://{daemon.socket}")
    made = Server(folder, f"test-daemon-{os.getpid()}", SEAWAY_DOCKER_SOCKET=str(daemon.socket), SEAWAY_WATCH_S="2")
    try:
        made.start()
        made.deploy_live(node_app(folder / "app", "first"), APP)
        made.settled_containers(APP)
        yield made
    finally:
        made.end()
        environment.undo()


def test_after_a_restart_of_docker_everything_serves_again(server: Server, daemon: Daemon) -> None:
    daemon.stop()
    assert server.app(APP)["state"] == "unknown"
    daemon.start()
    began = time.monotonic()
    machine.wait_until(lambda: _answers(server, "first"), "it serves again", RECOVERED_S)
    print(f"\nserves again {time.monotonic() - began:.1f} s after Docker answers")
    machine.wait_until(lambda: server.app(APP)["state"] == "live", "it is seen to be live")


@pytest.mark.parametrize("step", ["build", "release", "check", "route", "settle"])
def test_docker_restarts_in_the_middle_of_a_step(server: Server, daemon: Daemon, tmp_path: Path, step: str) -> None:
    machine.wait_until(lambda: len(server.containers(APP)) == 1, "one container", RECOVERED_S)
    before = server.ask(HOST).body
    app = node_app(tmp_path / "app", f"at {step}", build="sleep 2")
    if step == "check":
        script = app / "server.js"
        script.write_text(
            script.read_text()
            .replace("server.listen(", "setTimeout(() => server.listen(")
            .replace(f'console.log("listening: at {step}"));', f'console.log("listening: at {step}")), 2000);')
        )
    last = server.app(APP)["last_deployment"]["id"]
    with server.begun("deploy", app, "--app", APP, "--json"):
        machine.wait_until(lambda: _has_begun(server, step, last), f"{step} runs", 30)
        daemon.stop()
        time.sleep(1)
        daemon.start()
        machine.wait_until(lambda: _ended(server, last), "it has ended", RECOVERED_S)
    ended = server.app(APP)["last_deployment"]
    wanted = f"at {step}" if ended["status"] == "live" else before
    print(f"\n{step}: {ended['status']}; {(ended['finding'] or {}).get('title')}")
    machine.wait_until(lambda: _answers(server, wanted), f"{wanted} serves", RECOVERED_S)
    machine.wait_until(lambda: len(server.containers(APP)) == 1, "nothing is left", RECOVERED_S)
    assert ended["status"] == "live" or ended["finding"]["cause"] != "internal"
    assert server.deploy_live(node_app(tmp_path / "app", f"after {step}"), APP)["status"] == "live"
    assert server.ask(HOST).body == f"after {step}"


def _has_begun(server: Server, step: str, last: int) -> bool:
    found = server.app(APP)["last_deployment"]
    return bool(found["id"] > last and steps_of(found)[step] in ("running", "done"))


def _answers(server: Server, text: str) -> bool:
    try:
        return server.ask(HOST).body == text
    except OSError:
        return False


def _ended(server: Server, last: int) -> bool:
    found = server.app(APP)["last_deployment"]
    return bool(found["id"] > last and found["finished_at"])
