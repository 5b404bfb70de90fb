"""A git URL becomes an app; one that cannot be had is explained."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.apps import SERVES, busybox_app
from e2e.git_server import GitServer, Repository, git_server
from e2e.server import Server, is_one_sentence
from simulators.small_server import Asked, Reply, SmallServer


@pytest.fixture(scope="module")
def git(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitServer]:
    with git_server(tmp_path_factory.mktemp("git") / "repositories") as started:
        yield started


def test_a_branch_a_commit_and_the_default_branch_are_deployed(server: Server, git: GitServer, busybox: str) -> None:
    repository = Repository(git.folder / "shop.git")
    commits = {}
    for branch in ("main", "next"):
        repository.branch(branch)
        busybox_app(repository.folder, busybox, SERVES, files={"index.html": branch})
        commits[branch] = repository.commit(branch)
    repository.branch("main")
    url = f"{git.url}/shop.git"

    server.deploy_live(url, "shop", "--ref", "next")
    assert server.ask("shop.localhost").body == "next"
    assert server.app("shop")["releases"][0]["commit"] == commits["next"]
    server.deploy_live(url, "shop", "--ref", commits["main"])
    assert server.ask("shop.localhost").body == "main"
    repository.branch("next")
    server.deploy_live(url, "shop")
    assert server.ask("shop.localhost").body == "next"
    image = server.settled_containers("shop")[0]
    labels = image["Config"]["Labels"]
    assert labels["org.opencontainers.image.revision"] == commits["next"]
    assert labels["org.opencontainers.image.source"] == url


def test_a_missing_repository_and_a_missing_branch_are_told_apart(server: Server, git: GitServer) -> None:
    Repository(git.folder / "empty.git").commit("nothing in it")
    missing = server.deploy(f"{git.url}/nothing.git", "gone")
    branch = server.deploy(f"{git.url}/empty.git", "gone", "--ref", "absent")
    for said, cause, name in ((missing, "git.not_found", "nothing.git"), (branch, "git.ref_not_found", "absent")):
        assert said.code == 1
        finding = said.json["finding"]
        assert (finding["cause"], is_one_sentence(finding["title"])) == (cause, True), finding
        assert name in finding["title"]
        assert finding["remedy"]
    _nothing_stays(server, "gone")


def test_a_private_repository_says_that_it_asks_for_a_login(server: Server) -> None:
    def refuse(_asked: Asked) -> Reply:
        return Reply(401, b"", (("WWW-Authenticate", 'Basic realm="git"'),))

    with SmallServer(refuse) as host:
        said = server.deploy(f"{host.url}/acme/secret.git", "private")
    finding = said.json["finding"]
    assert said.code == 1
    assert finding["cause"] == "git.login_required"
    assert "secret.git" in finding["title"]
    _nothing_stays(server, "private")


def _nothing_stays(server: Server, app: str) -> None:
    assert server.containers(app) == []
    assert server.images(app) == []
    assert list((server.home / "sources" / "tmp").iterdir()) == []
    assert server.ask(f"{app}.localhost").status in (404, 503)


def test_the_address_of_a_repository_never_holds_a_password(server: Server, tmp_path: Path) -> None:
    said = server.deploy("https://me:hunter2@example.org/x.git", "leaky")
    assert said.code == 1
    assert said.json["finding"]["cause"] == "source.invalid"
    assert "hunter2" not in said.out + said.err
