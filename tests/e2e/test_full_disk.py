"""The disk of the server's state is full: that is said, nothing half-made stays, and all goes on with space again."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e import machine
from e2e.apps import SERVES, busybox_app
from e2e.conftest import Serve
from e2e.server import Server


@pytest.fixture(scope="module")
def cramped(serve: Serve, busybox: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose state has a disk of 64 MB, and an app that serves."""
    folder = tmp_path_factory.mktemp("cramped")
    with machine.small_disk(folder / "disk") as disk:
        server = serve("disk", SEAWAY_HOME=str(disk / "state"))
        server.deploy_live(busybox_app(folder / "app", busybox, SERVES), "early")
        yield server
        server.end()


def test_a_folder_that_does_not_fit_is_refused_and_nothing_of_it_stays(
    cramped: Server, busybox: str, tmp_path: Path
) -> None:
    folder = busybox_app(tmp_path / "app", busybox, SERVES)
    (folder / "www" / "large.bin").write_bytes(os.urandom(4 * 1024**2))
    filler = machine.fill(cramped.home.parent, leaving_bytes=1024**2)
    said = cramped.deploy(folder, "large")
    filler.unlink()
    assert said.code == 1
    assert "Traceback" not in said.err
    finding = said.json["finding"]
    assert finding["cause"] == "disk.full"
    assert finding["title"].startswith("The disk is full")
    assert "Free space" in finding["remedy"]
    assert list((cramped.home / "sources" / "tmp").iterdir()) == []
    cramped.deploy_live(folder, "large")


def test_nothing_can_be_asked_for_and_apps_serve_on(cramped: Server) -> None:
    filler = machine.fill(cramped.home.parent)
    said = cramped.seaway("restart", "early", "--json")
    assert said.code == 1
    assert said.json["error"]["cause"] == "disk.full"
    assert cramped.ask("early.localhost").status == 200
    assert cramped.seaway("apps", "--json").code == 0
    filler.unlink()
    assert cramped.seaway("restart", "early", "--json").code == 0


def test_a_deployment_that_is_under_way_as_the_disk_fills_up_ends_once_it_can_be_recorded(
    cramped: Server, busybox: str, tmp_path: Path
) -> None:
    nap = f"3.{machine.free_port()}"
    slow = busybox_app(tmp_path / "slow", busybox, SERVES, run=f"sleep {nap}")
    number = cramped.deploy(slow, "early", "--detach").json["deployment"]
    machine.wait_until(lambda: machine.runs(f"sleep {nap}"), "the build sleeps")
    filler = machine.fill(cramped.home.parent)
    machine.wait_until(lambda: "cannot be recorded" in cramped.log.read_text(), "it ends, and that cannot be recorded")
    assert cramped.ask("early.localhost").status == 200
    filler.unlink()
    machine.wait_until(lambda: cramped.deployment(number)["finished_at"], "it is recorded how it ended")
    ended = cramped.deployment(number)
    assert ended["status"] == "failed"
    assert ended["finding"]["cause"] == "disk.full"
    assert cramped.ask("early.localhost").status == 200
    assert len(cramped.settled_containers("early")) == 1
    assert cramped.deploy(slow, "early").code == 0
    assert "Traceback" not in cramped.log.read_text()
