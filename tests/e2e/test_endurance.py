"""The server is stopped, killed and started again: apps serve on, and what was begun is finished."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from e2e import machine
from e2e.apps import SERVES, busybox_app
from e2e.conftest import Serve
from e2e.server import END_S, Server, steps_of

READY_S = 2.0


@pytest.fixture(scope="module")
def mortal(serve: Serve) -> Server:
    return serve("mortal")


def test_sigterm_ends_it_within_seconds_whoever_still_reads_and_apps_serve_on(
    mortal: Server, busybox: str, tmp_path: Path
) -> None:
    mortal.deploy_live(busybox_app(tmp_path / "app", busybox, f"echo here; {SERVES}"), "steady")
    slow = busybox_app(tmp_path / "slow", busybox, SERVES, run="sleep 4")
    state = _state(mortal)
    with (
        mortal.begun("logs", "steady", "-f") as logs,
        mortal.begun("deploy", slow, "--app", "slow", "--json") as deploying,
    ):
        assert logs.stdout is not None
        assert "here" in logs.stdout.readline()
        machine.wait_until(lambda: _runs(mortal, "slow", "build"), "the build runs")
        took = mortal.terminate()
        print(f"\nSIGTERM until ended: {took:.2f} s")
        assert took < END_S
        assert mortal.ask("steady.localhost").body == "busybox"

        starts = [mortal.start()]
        out, _ = deploying.communicate(timeout=60)
        assert deploying.returncode == 0, "the command goes on across the restart"
        assert json.loads(out.splitlines()[-1])["status"] == "live"
    assert mortal.ask("slow.localhost").body == "busybox"
    assert mortal.seaway("destroy", "slow", "--yes").code == 0
    assert _state(mortal) == state
    mortal.terminate()
    starts.append(mortal.start())
    print(f"start until ready: {', '.join(f'{each:.2f} s' for each in starts)}")
    assert min(starts) < READY_S
    assert _state(mortal) == state


@pytest.mark.parametrize(
    ("step", "run", "command"),
    [("build", "sleep 3", SERVES), ("check", "", f"sleep 3; {SERVES}")],
    ids=["build", "check"],
)
def test_killed_in_the_middle_of_a_step_it_finishes_the_deployment_at_the_next_start(
    mortal: Server, busybox: str, tmp_path: Path, step: str, run: str, command: str
) -> None:
    app = f"killed-{step}"
    folder = busybox_app(tmp_path / "app", busybox, command, run=run)
    with mortal.begun("deploy", folder, "--app", app, "--json"):
        machine.wait_until(lambda: _runs(mortal, app, step), f"step {step} runs")
        mortal.kill()
    assert mortal.ask("steady.localhost").status == 200
    mortal.start()
    machine.wait_until(lambda: mortal.app(app)["last_deployment"]["finished_at"], "it is finished", 60)
    deployment = mortal.app(app)["last_deployment"]
    assert deployment["status"] == "live", deployment["finding"]
    assert "restarted" in mortal.deployment_log(deployment["id"])
    assert len(mortal.settled_containers(app)) == 1
    assert len(mortal.images(app)) == 1
    assert mortal.ask(f"{app}.localhost").body == "busybox"


def test_killed_between_two_deployments_of_one_app_it_keeps_their_order(
    mortal: Server, busybox: str, tmp_path: Path
) -> None:
    first = busybox_app(tmp_path / "first", busybox, SERVES, run="sleep 2", files={"index.html": "first"})
    second = busybox_app(tmp_path / "second", busybox, SERVES, files={"index.html": "second"})
    for folder in (first, second):
        assert mortal.seaway("deploy", folder, "--app", "queue", "--detach").code == 0
    machine.wait_until(lambda: _runs(mortal, "queue", "build"), "the first one is built", 20)
    mortal.kill()
    mortal.start()
    machine.wait_until(lambda: _all_finished(mortal, "queue"), "both are finished", 60)
    assert [each["status"] for each in _deployments(mortal, "queue")] == ["live", "live"]
    assert mortal.ask("queue.localhost").body == "second"
    assert len(mortal.settled_containers("queue")) == 1


def test_a_cancelled_build_stops_at_once_and_frees_its_app(mortal: Server, busybox: str, tmp_path: Path) -> None:
    nap = 3000 + machine.free_port() % 1000
    slow = busybox_app(tmp_path / "slow", busybox, SERVES, run=f"sleep {nap}")
    with mortal.begun("deploy", slow, "--app", "hasty", "--json") as deploying:
        machine.wait_until(lambda: machine.runs(f"sleep {nap}"), "the build sleeps")
        began = time.monotonic()
        number = mortal.app("hasty")["last_deployment"]["id"]
        said = mortal.seaway("cancel", str(number), "--json")
        took = time.monotonic() - began
        print(f"\ncancelled after {took:.2f} s")
        assert said.code == 0, said.err
        assert said.json["status"] == "cancelled"
        assert took < 3
        out, _ = deploying.communicate(timeout=10)
        assert deploying.returncode == 1
        assert json.loads(out.splitlines()[-1])["status"] == "cancelled"
    machine.wait_until(lambda: not machine.runs(f"sleep {nap}"), "nothing of the build goes on")
    assert mortal.containers("hasty") == []
    assert mortal.images("hasty") == []
    mortal.deploy_live(busybox_app(tmp_path / "quick", busybox, SERVES), "hasty")
    assert mortal.ask("hasty.localhost").body == "busybox"


def test_a_second_server_on_the_same_state_is_refused(mortal: Server) -> None:
    said = mortal.seaway("serve", "--port", str(machine.free_port()))
    assert said.code == 1
    assert "already runs" in said.err
    assert "Traceback" not in said.err
    assert mortal.is_ready


def test_the_proxy_that_was_removed_is_made_again(mortal: Server) -> None:
    machine.docker("rm", "-f", f"{mortal.instance}-proxy")
    assert mortal.seaway("restart", "steady", "--json").code == 0
    assert mortal.ask("steady.localhost").status == 200


def _state(server: Server) -> dict[str, object]:
    """What the server tells of its apps once all has settled, without what changes by itself."""
    machine.wait_until(lambda: all(_is_settled(app) for app in server.api("/api/v1/apps")["apps"]), "all has settled")
    apps = server.seaway("apps", "--json").json["apps"]
    return {app["name"]: {k: v for k, v in app.items() if k != "memory_bytes"} for app in apps}


def _is_settled(app: dict[str, Any]) -> bool:
    return steps_of(app["last_deployment"])["settle"] not in ("running", "waiting")


def _deployments(server: Server, app: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = server.api(f"/api/v1/apps/{app}/deployments")["deployments"]
    return found


def _all_finished(server: Server, app: str) -> bool:
    return all(each["finished_at"] for each in _deployments(server, app))


def _runs(server: Server, app: str, step: str) -> bool:
    listed = [each for each in server.api("/api/v1/apps")["apps"] if each["name"] == app]
    return any(steps_of(each["last_deployment"]).get(step) == "running" for each in listed)
