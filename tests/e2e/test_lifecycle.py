"""What comes after the first deployment: rollback, restart, stop, start, destroy."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e import machine
from e2e.apps import SERVES, busybox_app
from e2e.conftest import Push
from e2e.git_server import Repository, git_server
from e2e.server import Server, names_of
from registry_fixtures import running_registry

APP = "cycle"
ROLLBACK_S = 3.0


@pytest.fixture(scope="module")
def alone(server: Server, push: Push, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An app with two releases, of a git repository and a registry that are both gone by now."""
    folder = tmp_path_factory.mktemp("alone")
    with running_registry(folder / "registry") as registry, git_server(folder / "git") as git:
        base, repository = push(registry), Repository(git.folder / "cycle.git")
        for text in ("first", "second"):
            busybox_app(repository.folder, base, SERVES, files={"index.html": text})
            repository.commit(text)
            server.deploy_live(f"{git.url}/cycle.git", APP)
    server.settled_containers(APP)
    yield APP
    server.seaway("destroy", APP, "--yes")


def test_a_rollback_needs_neither_registry_nor_git(server: Server, alone: str) -> None:
    assert server.ask("cycle.localhost").body == "second"
    second = str(server.app(alone)["last_deployment"]["id"])
    taken = []
    for to, body in (((), "first"), ((second,), "second")):
        said = server.seaway("rollback", alone, *to, "--json")
        assert said.code == 0, said.err
        assert said.json["status"] == "live"
        assert server.ask("cycle.localhost").body == body
        taken.append(said.seconds)
    print(f"\nrollback, with the command: {', '.join(f'{each:.2f} s' for each in taken)}")
    # The quicker one counts: other work of the machine is none of ours.
    assert min(taken) < ROLLBACK_S


def test_a_restart_brings_a_new_instance_of_the_same_release(server: Server, alone: str) -> None:
    before, release = server.settled_containers(alone), server.app(alone)["release"]
    said = server.seaway("restart", alone, "--json")
    print(f"\nrestart: {said.json['seconds']['total']:.2f} s, with the command {said.seconds:.2f} s")
    assert said.code == 0, said.err
    after = server.settled_containers(alone)
    assert names_of(after) != names_of(before)
    assert [each["Image"] for each in after] == [each["Image"] for each in before]
    assert server.app(alone)["release"] == release
    assert server.ask("cycle.localhost").status == 200


def test_a_stopped_app_says_so_and_starts_again(server: Server, alone: str) -> None:
    said = server.seaway("stop", alone, "--json")
    assert said.code == 0, said.err
    assert server.settled_containers(alone, 0) == []
    answer = server.ask("cycle.localhost")
    assert answer.status == 503
    assert "not running" in answer.body
    assert server.app(alone)["state"] == "stopped"
    said = server.seaway("start", alone, "--json")
    assert said.code == 0, said.err
    assert server.ask("cycle.localhost").status == 200


def test_a_destroyed_app_leaves_nothing(server: Server, busybox: str, tmp_path: Path) -> None:
    for text in ("one", "two"):
        folder = busybox_app(tmp_path / "app", busybox, SERVES, files={"index.html": text})
        server.deploy_live(folder, "doomed", "--domain", "doomed.example.org")
    assert server.images("doomed")
    refused = server.seaway("destroy", "doomed")
    assert refused.code != 0
    assert "--yes" in refused.err
    assert server.ask("doomed.localhost").status == 200

    said = server.seaway("destroy", "doomed", "--yes", "--json")
    assert said.code == 0, said.err
    for host in ("doomed.localhost", "doomed.example.org"):
        answer = server.ask(host)
        assert answer.status == 404
        assert "doomed" in answer.body
    assert server.containers("doomed") == []
    assert server.images("doomed") == []
    attached = machine.docker("network", "inspect", "-f", "{{range .Containers}}{{.Name}} {{end}}", server.instance)
    assert "doomed" not in attached
    assert server.seaway("show", "doomed").code != 0
    assert not [app for app in server.seaway("apps", "--json").json["apps"] if app["name"] == "doomed"]


def test_a_container_that_dies_is_started_again_and_found_again(server: Server, busybox: str, tmp_path: Path) -> None:
    server.deploy_live(busybox_app(tmp_path / "app", busybox, SERVES), "phoenix")
    (container,) = server.settled_containers("phoenix")
    subprocess.run(["docker", "exec", container["Id"], "sh", "-c", "kill -9 $(pidof httpd)"], check=False)
    machine.wait_until(lambda: server.containers("phoenix")[0]["RestartCount"] > 0, "Docker starts it again")
    machine.wait_until(lambda: server.ask("phoenix.localhost").status == 200, "it serves again")
