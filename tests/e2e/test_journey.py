"""A folder becomes a URL: what the command line says, what the proxy answers, what a second time costs."""

import re
from pathlib import Path

from e2e.apps import SERVES, busybox_app, node_app
from e2e.server import Server, steps_of

STEPS = ("fetch", "plan", "prove", "build", "release", "check", "route")


def test_a_folder_becomes_a_url(server: Server, tmp_path: Path) -> None:
    said = server.deploy(node_app(tmp_path / "app", "hello world"), "hello", "--domain", "hello.example.org")
    assert said.code == 0, said.err
    told = said.json
    assert set(told) == {"deployment", "app", "status", "url", "image", "seconds", "finding"}
    assert told["app"] == "hello"
    assert told["status"] == "live"
    assert told["finding"] is None
    assert told["image"].startswith("sha256:")
    assert told["url"] == f"http://hello.localhost:{server.proxy[1]}"
    assert set(told["seconds"]) >= {*STEPS, "total"}
    assert len(said.out.splitlines()) == 1, "stdout belongs to the object"
    for host in ("hello.localhost", "hello.example.org"):
        answer = server.ask(host)
        assert (answer.status, answer.body) == (200, "hello world"), host


def test_an_unchanged_folder_is_not_built_again(server: Server, tmp_path: Path) -> None:
    folder = node_app(tmp_path / "app", "same")
    first = server.deploy_live(folder, "same")
    again = server.deploy_live(folder, "same")
    assert again["image"] == first["image"]
    assert steps_of(server.deployment(again["deployment"]))["build"] == "skipped"
    assert again["seconds"]["build"] < 0.5
    assert server.ask("same.localhost").body == "same"


def test_a_changed_line_is_built_without_installing_again(server: Server, tmp_path: Path) -> None:
    first = server.deploy_live(node_app(tmp_path / "app", "one"), "line")
    second = server.deploy_live(node_app(tmp_path / "app", "two"), "line")
    assert second["image"] != first["image"]
    assert server.ask("line.localhost").body == "two"
    log = server.deployment_log(second["deployment"])
    assert re.search(r"#(\d+) \[dependencies \d/\d\] RUN npm ci\n.*#\1 CACHED", log), log


def test_an_app_may_bring_a_dockerfile(server: Server, busybox: str, tmp_path: Path) -> None:
    server.deploy_live(busybox_app(tmp_path / "app", busybox, SERVES), "docked")
    assert server.ask("docked.localhost").body == "busybox"
