"""A real `seaway serve`, its command line as processes, and its apps through the real proxy."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from e2e import machine

SEAWAY = str(Path(sys.executable).parent / "seaway")
# The first deployment of a machine makes the base images.
COMMAND_S = 300.0
READY_S = 30.0
END_S = 5.0
# Where the machine's own package tools keep how they are configured, below a home directory.
TOOL_SETTINGS = (".npmrc", ".pip", ".config/pip", ".yarnrc", ".yarnrc.yml")


@dataclass(frozen=True)
class Said:
    """How a command ended."""

    code: int
    out: str
    err: str
    seconds: float

    @property
    def json(self) -> dict[str, Any]:
        """The last line on stdout."""
        lines = self.out.splitlines()
        assert lines, f"nothing on stdout; on stderr: {self.err}"
        found: dict[str, Any] = json.loads(lines[-1])
        return found


@dataclass(frozen=True)
class Answer:
    status: int
    body: str
    headers: dict[str, str] = field(default_factory=dict)


class Server:
    """`folder` holds its state, its log and the home directory of its user."""

    def __init__(self, folder: Path, instance: str, **settings: str) -> None:
        self.instance = instance
        self.home = Path(settings.get("SEAWAY_HOME", folder / "state"))
        self.user_home = folder / "user"
        self.log = folder / "serve.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.command_prefix: tuple[str, ...] = ()
        port, http_port = machine.free_port(), machine.free_port()
        self.env = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("SEAWAY_", "DOCKER_"))},
            "HOME": str(self.user_home),
            "SEAWAY_HOME": str(self.home),
            "SEAWAY_INSTANCE": instance,
            "SEAWAY_PORT": str(port),
            "SEAWAY_HTTP_PORT": str(http_port),
            # Long enough to see that a release stays up, and short, since tests wait until the old one is gone.
            "SEAWAY_WATCH_S": "1",
            **settings,
        }
        self.url = f"http://127.0.0.1:{port}"
        _give_home(self.user_home)

    # Its life --------------------------------------------------------------------------------------------------------

    def start(self) -> float:
        """Seconds until it answers."""
        began = time.monotonic()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*self.command_prefix, SEAWAY, "serve"],
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        machine.wait_until(lambda: self.is_ready or self.process_ended, "the server answers", READY_S)
        took = time.monotonic() - began
        assert not self.process_ended, self.log.read_text()
        return took

    def terminate(self) -> float:
        """SIGTERM; seconds until it has ended."""
        assert self.process is not None
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=4 * END_S)
        return time.monotonic() - began

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(timeout=END_S)

    def end(self) -> None:
        """Also after a test that failed: nothing of it stays behind."""
        try:
            if self.process is not None and self.process.poll() is None:
                took = self.terminate()
                assert took < END_S, f"it took {took:.1f} s to end"
        finally:
            if self.process is not None and self.process.poll() is None:
                self.kill()
            machine.remove_all(self.instance)

    @property
    def process_ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    @property
    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    @property
    def token(self) -> str:
        return (self.home / "token").read_text().strip()

    # Its surfaces ----------------------------------------------------------------------------------------------------

    def seaway(self, *arguments: str | Path) -> Said:
        """A command, to its end."""
        began = time.monotonic()
        done = subprocess.run(
            [SEAWAY, *map(str, arguments)],
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=COMMAND_S,
        )
        return Said(done.returncode, done.stdout, done.stderr, time.monotonic() - began)

    def deploy(self, what: Path | str, app: str, *options: str) -> Said:
        return self.seaway("deploy", what, "--app", app, "--json", *options)

    def deploy_live(self, what: Path | str, app: str, *options: str) -> dict[str, Any]:
        said = self.deploy(what, app, *options)
        assert said.code == 0, said.err + said.out
        return said.json

    @contextmanager
    def begun(self, *arguments: str | Path) -> Iterator["subprocess.Popen[str]"]:
        """A command that goes on beside the test; ended at the end."""
        process = subprocess.Popen(
            [SEAWAY, *map(str, arguments)],
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield process
        finally:
            process.kill()
            process.communicate(timeout=10)

    def api(self, path: str, method: str = "GET", body: object = None) -> Any:
        request = urllib.request.Request(
            f"{self.url}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def deployment(self, deployment: int) -> dict[str, Any]:
        found: dict[str, Any] = self.api(f"/api/v1/deployments/{deployment}")
        return found

    def app(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.api(f"/api/v1/apps/{name}")
        return found

    def deployment_log(self, deployment: int) -> str:
        request = urllib.request.Request(
            f"{self.url}/api/v1/deployments/{deployment}/log", headers={"Authorization": f"Bearer {self.token}"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return str(answer.read().decode())

    def page(self, path: str) -> str:
        """A page of the dashboard, as a signed-in owner sees it."""
        cookies = urllib.request.HTTPCookieProcessor()
        browser = urllib.request.build_opener(cookies)
        code = self.api("/api/v1/sign-in-codes", "POST", {})["code"]
        browser.open(f"{self.url}/login?code={code}", timeout=30).read()
        return str(browser.open(f"{self.url}{path}", timeout=30).read().decode())

    # Its apps --------------------------------------------------------------------------------------------------------

    @property
    def proxy(self) -> tuple[str, int]:
        return "127.0.0.1", int(self.env["SEAWAY_HTTP_PORT"])

    def ask(self, host: str, path: str = "/") -> Answer:
        """Through the proxy, by its Host header."""
        connection = http.client.HTTPConnection(*self.proxy, timeout=10)
        try:
            connection.request("GET", path, headers={"Host": host})
            answer = connection.getresponse()
            return Answer(answer.status, answer.read().decode(errors="replace"), dict(answer.getheaders()))
        finally:
            connection.close()

    def containers(self, app: str) -> list[dict[str, Any]]:
        return machine.containers(**{"seaway.instance": self.instance, "seaway.app": app})

    def settled_containers(self, app: str, count: int = 1) -> list[dict[str, Any]]:
        """Once the old ones are gone."""
        machine.wait_until(lambda: len(self.containers(app)) == count, f"{count} containers of {app}")
        return self.containers(app)

    def images(self, app: str) -> list[str]:
        return machine.images(**{"seaway.instance": self.instance, "seaway.app": app})


def _give_home(home: Path) -> None:
    """A home directory of the server's own, with the machine's settings for package tools in it."""
    home.mkdir(parents=True, exist_ok=True)
    for name in TOOL_SETTINGS:
        source = Path.home() / name
        if source.exists():
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            (home / name).symlink_to(source)


def is_one_sentence(text: str) -> bool:
    """What happened, told so that it can be read aloud: no traceback, no empty words."""
    return bool(text.strip()) and "\n" not in text and "Traceback" not in text


def steps_of(deployment: dict[str, Any]) -> dict[str, str]:
    return {step["name"]: step["state"] for step in deployment["steps"]}


def names_of(containers: Sequence[dict[str, Any]]) -> list[str]:
    return [str(each["Name"]).lstrip("/") for each in containers]
