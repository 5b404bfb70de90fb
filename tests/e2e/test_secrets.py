"""Values of variables: nobody finds them where they are not needed."""

import json
import subprocess
import threading
from pathlib import Path
from secrets import token_hex

import pytest

from e2e import machine
from e2e.apps import node_app
from e2e.server import Server

APP = "discreet"


class Watcher(threading.Thread):
    """Reads the arguments of every process of the machine, over and over, until it is told to stop."""

    def __init__(self, secret: str) -> None:
        super().__init__(daemon=True)
        self._secret = secret.encode()
        self._over = threading.Event()
        self.seen: set[str] = set()
        self.looks = 0

    def run(self) -> None:
        while not self._over.wait(0.01):
            self.looks += 1
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    line = path.read_bytes()
                except OSError:
                    continue
                # Our own command line has it, as the person who typed it wanted.
                if self._secret in line and b"deploy\0" not in line:
                    self.seen.add(line.replace(b"\0", b" ").decode(errors="replace"))

    def stop(self) -> None:
        self._over.set()
        self.join()


@pytest.fixture(scope="module")
def secret() -> str:
    return f"hush{token_hex(12)}"


@pytest.fixture(scope="module")
def discreet(server: Server, secret: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """A deployment whose build uses the secret, while the processes of the machine are watched."""
    check = "process.env.API_TOKEN.length > 20 || process.exit(9)"
    folder = node_app(tmp_path_factory.mktemp("discreet"), APP, build=f"node -e '{check}' && sleep 1")
    watcher = Watcher(secret)
    watcher.start()
    told = server.deploy_live(folder, APP, "--env", f"API_TOKEN={secret}")
    watcher.stop()
    assert watcher.looks > 20
    assert watcher.seen == set()
    server.settled_containers(APP)
    return told


def test_the_app_itself_has_its_variable(server: Server, discreet: dict[str, object], secret: str) -> None:
    (container,) = server.containers(APP)
    assert f"API_TOKEN={secret}" in container["Config"]["Env"]


def test_no_image_tells_it(discreet: dict[str, object], secret: str) -> None:
    image = str(discreet["image"])
    assert secret not in machine.docker("history", "--no-trunc", image)
    assert secret not in machine.docker("image", "inspect", image)
    saved = subprocess.run(["docker", "save", image], capture_output=True, check=True).stdout
    assert len(saved) > 1024**2
    assert secret.encode() not in saved


def test_no_log_tells_it(server: Server, discreet: dict[str, object], secret: str) -> None:
    assert secret not in server.deployment_log(int(str(discreet["deployment"])))
    assert secret not in server.log.read_text()


def test_no_file_of_the_server_tells_it(server: Server, discreet: dict[str, object], secret: str) -> None:
    files = [path for path in server.home.rglob("*") if path.is_file()]
    assert any(path.name == "seaway.db" for path in files)
    assert [path for path in files if secret.encode() in path.read_bytes()] == []


def test_no_answer_and_no_page_tells_it(server: Server, discreet: dict[str, object], secret: str) -> None:
    number = discreet["deployment"]
    for path in (f"/api/v1/apps/{APP}", f"/api/v1/deployments/{number}", f"/api/v1/apps/{APP}/deployments"):
        assert secret not in json.dumps(server.api(path))
    for path in ("/", f"/apps/{APP}", f"/deployments/{number}"):
        page = server.page(path)
        assert APP in page
        assert secret not in page
    for command in (("show", APP), ("deployments", APP), ("apps",)):
        said = server.seaway(*command, "--json")
        assert secret not in said.out + said.err


def test_a_build_that_prints_it_does_not_put_it_into_the_log(server: Server, secret: str, tmp_path: Path) -> None:
    script = "console.log('token ' + process.env.API_TOKEN + '!')"
    folder = node_app(tmp_path / "app", "chatty", build=f'node -e "{script}"')
    told = server.deploy_live(folder, "chatty", "--env", f"API_TOKEN={secret}")
    log = server.deployment_log(told["deployment"])
    assert secret not in log
    assert "token •••!" in log


def test_an_app_that_prints_it_as_it_dies_does_not_put_it_into_the_finding(
    server: Server, secret: str, tmp_path: Path
) -> None:
    folder = node_app(tmp_path / "app", "dying")
    (folder / "server.js").write_text("throw new Error(`cannot log in with ${process.env.API_TOKEN}`);\n")
    said = server.deploy(folder, "dying", "--env", f"API_TOKEN={secret}")
    assert said.json["finding"]["cause"] == "health.exited"
    assert secret not in said.out + said.err
    assert any("cannot log in with •••" in line for line in said.json["finding"]["evidence"])


def test_the_token_of_the_server_is_for_its_owner_alone(server: Server) -> None:
    for name in ("token", "vault.key"):
        assert (server.home / name).stat().st_mode & 0o077 == 0
    assert server.home.stat().st_mode & 0o077 == 0
