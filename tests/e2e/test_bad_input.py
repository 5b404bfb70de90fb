"""What cannot work is told in one clear sentence with what to do; nothing half-made stays behind."""

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from e2e.apps import SERVES, busybox_app, node_app
from e2e.conftest import Serve
from e2e.server import Said, Server, is_one_sentence

GIGABYTE = 1024**3


def _readme_only(folder: Path) -> Path:
    folder.mkdir()
    (folder / "README.md").write_text("# nothing to run here\n")
    return folder


def _broken_configuration(folder: Path) -> Path:
    node_app(folder)
    (folder / "nixpacks.toml").write_text('[phases.build]\ncmds = ["npm run build"]\n\n[start\ncmd = "node x"\n')
    return folder


def _too_large(folder: Path) -> Path:
    node_app(folder)
    with (folder / "video.mp4").open("wb") as file:
        os.truncate(file.fileno(), GIGABYTE)
    return folder


def _broken_dockerfile(folder: Path) -> Path:
    node_app(folder)
    (folder / "Dockerfile").write_text("# hello\nRUN echo too early\n")
    return folder


@dataclass(frozen=True)
class Case:
    """`title` and `remedy` are words that the sentence and the advice must have."""

    name: str
    folder: Callable[[Path], Path]
    cause: str
    title: tuple[str, ...]
    remedy: str
    options: tuple[str, ...] = ()


FOLDERS = (
    Case("no-package-json", _readme_only, "plan.nothing_to_plan", ("no-package-json", "Dockerfile"), "folder"),
    Case("node-99", lambda f: node_app(f, node="99"), "builder.node_version_unavailable", ("99", "package.json"), "22"),
    Case("broken-toml", _broken_configuration, "plan.config_broken", ("nixpacks.toml", "line 4"), ""),
    Case("broken-dockerfile", _broken_dockerfile, "dockerfile.broken", ("Dockerfile", "line 2"), "FROM"),
    Case("too-large", _too_large, "source.too_large", ("512 MB",), ".dockerignore"),
    Case("no-folder", lambda f: f / "absent", "source.no_folder", ("absent",), "folder"),
    Case("bad-port", node_app, "app.invalid_setting", ("99999",), "65535", ("--port", "99999")),
    Case("bad-domain", node_app, "app.invalid_setting", ("http://x",), "shop.example.org", ("--domain", "http://x/")),
)


@pytest.mark.parametrize("case", FOLDERS, ids=[case.name for case in FOLDERS])
def test_a_folder_that_cannot_be_deployed_is_explained(server: Server, tmp_path: Path, case: Case) -> None:
    said = server.deploy(case.folder(tmp_path / "app"), case.name, *case.options)
    _assert_explained(said, case.cause, case.title, case.remedy)
    _assert_nothing_stays(server, case.name)


def test_a_name_that_is_no_dns_label_is_refused_with_one_that_is(server: Server, tmp_path: Path) -> None:
    said = server.deploy(node_app(tmp_path / "app"), "My_Shop")
    _assert_explained(said, "app.invalid_name", ("My_Shop",), "my-shop")


@pytest.mark.parametrize("command", ["show", "logs", "deployments", "rollback", "restart", "stop", "start", "destroy"])
def test_an_unknown_app_is_named(server: Server, command: str) -> None:
    said = server.seaway(command, "nobody", "--json", *(["--yes"] if command == "destroy" else []))
    assert said.code == 1
    error = said.json["error"]
    assert error["cause"] == "app.unknown"
    assert "nobody" in error["title"]
    assert "seaway apps" in error["remedy"]
    assert "Traceback" not in said.err


def test_a_git_host_that_does_not_exist_is_named(server: Server) -> None:
    said = server.deploy("https://nowhere.invalid/acme/shop.git", "nowhere")
    _assert_explained(said, "git.unreachable", ("nowhere.invalid",), "host name")
    _assert_nothing_stays(server, "nowhere")


def test_a_taken_port_is_named_with_who_holds_it(serve: Serve, busybox: str, tmp_path: Path) -> None:
    server = serve("port", started=False)
    folder = busybox_app(tmp_path / "app", busybox, SERVES)
    with socket.socket() as other:
        other.bind(("0.0.0.0", server.proxy[1]))
        other.listen()
        server.start()
        said = server.deploy(folder, "shut-out")
        _assert_explained(said, "proxy.port_taken", (str(server.proxy[1]), str(os.getpid())), "SEAWAY_HTTP_PORT")
        _assert_nothing_stays(server, "shut-out")
    server.deploy_live(folder, "shut-out")
    assert server.ask("shut-out.localhost").status == 200


def test_a_docker_that_does_not_run_is_said_to(serve: Serve, busybox: str, tmp_path: Path) -> None:
    server = serve("docker", SEAWAY_DOCKER_SOCKET=str(tmp_path / "absent.sock"))
    said = server.deploy(busybox_app(tmp_path / "app", busybox, SERVES), "adrift")
    _assert_explained(said, "docker.not_running", (str(tmp_path / "absent.sock"),), "Start it")
    for command in ("apps", "show"):
        said = server.seaway(command, *(["adrift"] if command == "show" else []), "--json")
        assert "Traceback" not in said.err
    server.end()
    assert "Traceback" not in server.log.read_text()


def test_a_docker_that_may_not_be_used_is_said_to(serve: Serve, busybox: str, tmp_path: Path) -> None:
    path = tmp_path / "docker.sock"
    with socket.socket(socket.AF_UNIX) as foreign:
        foreign.bind(str(path))
        foreign.listen()
        os.chmod(path, 0o600)
        os.chown(path, 65534, 65534)
        server = serve("permission", started=False, SEAWAY_DOCKER_SOCKET=str(path))
        # Root that may not pass over permissions: as any other user is.
        server.command_prefix = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
        server.start()
        said = server.deploy(busybox_app(tmp_path / "app", busybox, SERVES), "barred")
        _assert_explained(said, "docker.no_permission", (str(path),), "group docker")
        server.end()


def test_a_server_that_is_not_there_is_said_to_be_absent(serve: Serve) -> None:
    server = serve("absent", started=False)
    said = server.seaway("apps")
    assert said.code == 1
    assert "seaway serve" in said.err
    assert "Traceback" not in said.err


def _assert_explained(said: Said, cause: str, title: tuple[str, ...], remedy: str) -> None:
    assert said.code == 1, said.out
    assert "Traceback" not in said.err
    told = said.json
    assert told["status"] == "failed"
    finding = told["finding"]
    print(f"\n{finding['cause']}: {finding['title']} {finding['remedy']}")
    assert finding["cause"] == cause, finding
    assert is_one_sentence(finding["title"])
    for words in title:
        assert words in finding["title"], finding
    assert remedy in finding["remedy"]
    assert finding["remedy"].strip()


def _assert_nothing_stays(server: Server, app: str) -> None:
    assert server.containers(app) == []
    tmp = server.home / "sources" / "tmp"
    assert not tmp.exists() or list(tmp.iterdir()) == []
