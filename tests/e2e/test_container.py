"""How an app runs: as whom, with which limits, and how it ends."""

import time
from pathlib import Path
from typing import Any

import pytest

from e2e import machine
from e2e.apps import node_app
from e2e.server import Server

APP = "contained"


@pytest.fixture(scope="module")
def container(server: Server, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = node_app(tmp_path_factory.mktemp("contained"), "contained")
    server.deploy_live(folder, APP, "--memory", "128m", "--cpus", "0.5", "--env", "GREETING=hello")
    return server.settled_containers(APP)[0]


def test_it_runs_as_nobody_special(container: dict[str, Any]) -> None:
    assert _inside(container, "id", "-u") != "0"
    assert container["Config"]["User"] not in ("", "0", "root")
    assert container["HostConfig"]["Privileged"] is False
    assert "no-new-privileges:true" in container["HostConfig"]["SecurityOpt"]


def test_init_is_the_first_process_and_the_app_itself_the_second(container: dict[str, Any]) -> None:
    commands = {pid: Path(f"/proc/{pid}/cmdline").read_text().split("\0") for pid in _pids(container)}
    first, second = sorted(commands)
    assert first == container["State"]["Pid"]
    assert "init" in commands[first][0]
    assert commands[second][:2] == ["node", "server.js"]


def test_its_limits_restarts_and_logs_are_set(container: dict[str, Any]) -> None:
    host = container["HostConfig"]
    assert host["Memory"] == host["MemorySwap"] == 128 * 1024**2
    assert host["NanoCpus"] == 500_000_000
    assert host["PidsLimit"] > 0
    assert host["RestartPolicy"]["Name"] == "unless-stopped"
    assert host["LogConfig"]["Type"] == "json-file"
    assert set(host["LogConfig"]["Config"]) == {"max-size", "max-file"}


def test_nothing_of_it_is_published_on_the_machine(server: Server, container: dict[str, Any]) -> None:
    assert not container["HostConfig"]["PortBindings"]
    assert not any(container["NetworkSettings"]["Ports"].values())
    assert list(container["NetworkSettings"]["Networks"]) == [server.instance]


def test_labels_tell_whose_it_is_and_what_it_was_made_from(server: Server, container: dict[str, Any]) -> None:
    labels = container["Config"]["Labels"]
    deployment = server.app(APP)["last_deployment"]
    assert labels["seaway.instance"] == server.instance
    assert labels["seaway.app"] == APP
    assert labels["seaway.deployment"] == str(deployment["id"])
    assert labels["seaway.release"] == str(deployment["release"])
    assert labels["org.opencontainers.image.title"] == APP
    assert labels["org.opencontainers.image.created"].startswith("20")


def test_variables_reach_it_and_its_port_is_told(container: dict[str, Any]) -> None:
    assert {"GREETING=hello", "PORT=3000"} <= set(container["Config"]["Env"])


def test_it_is_asked_to_end_and_ends_at_once(server: Server, container: dict[str, Any]) -> None:
    began = time.monotonic()
    machine.docker("stop", "--time", "20", container["Id"])
    assert time.monotonic() - began < 5
    assert "asked to end" in machine.docker("logs", container["Id"])
    (state,) = server.containers(APP)
    assert state["State"]["ExitCode"] == 0


def _inside(container: dict[str, Any], *command: str) -> str:
    return machine.docker("exec", container["Id"], *command)


def _pids(container: dict[str, Any]) -> list[int]:
    rows = machine.docker("top", container["Id"], "-eo", "pid").splitlines()[1:]
    return [int(row.split()[0]) for row in rows]
