#!/usr/bin/env python3
"""Compares a deployment with the same work done by hand, in one run, and prints what Seaway weighs.

By hand is: `docker buildx build` of the very Dockerfile that Seaway makes, `docker run`, waiting for the first 200.
Both sides use the same base images and caches of their own, and take turns. Bars are those of docs/bench.md.
"""

import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seaway.builders import debian
from seaway.core.app import EnvironmentSettings
from seaway.core.ports import PlanRequest
from seaway.core.recipe import Recipe
from seaway.doors.folder import FolderTree
from seaway.packs.nixpacks.pack import NixpacksPack

ROOT = Path(__file__).resolve().parent.parent
SEAWAY = Path(sys.executable).parent / "seaway"
EXAMPLE = ROOT / "examples" / "nextjs"
INSTANCE = f"seaway-bench-{os.getpid()}"
ROUNDS = 5
RATIO, ALLOWANCE_S = 1.10, 0.5
MEMORY_BAR_MB, START_BAR_S, IMAGE_BAR_MB = 120, 2.0, 350
CHANGED_FILE = "app/page.tsx"


@dataclass(frozen=True)
class Row:
    what: str
    seaway_s: float
    by_hand_s: float

    @property
    def bar_s(self) -> float:
        return max(self.by_hand_s * RATIO, self.by_hand_s + ALLOWANCE_S)

    def __str__(self) -> str:
        verdict = "ok" if self.seaway_s <= self.bar_s else "MISSED"
        ratio = self.seaway_s / self.by_hand_s
        return (
            f"  {self.what:<32} {self.seaway_s:6.2f} s  by hand {self.by_hand_s:6.2f} s  "
            f"ratio {ratio:4.2f}  bar {self.bar_s:6.2f} s  {verdict}"
        )


def main() -> int:
    folder = Path(tempfile.mkdtemp(prefix="seaway-bench-"))
    server = Server(folder / "home")
    try:
        server.start()
        rows = compare(server, folder)
        facts = weigh(server)
    finally:
        server.stop()
        clean(folder)
    print("\nA deployment against the same work by hand")
    for row in rows:
        print(row)
    print("\nWeight")
    for line, _ in facts:
        print(line)
    met = all(row.seaway_s <= row.bar_s for row in rows) and all(ok for _, ok in facts)
    return 0 if met else 1


class Server:
    def __init__(self, home: Path) -> None:
        self.home = home
        self.process: subprocess.Popen[bytes] | None = None
        self.env = {
            **{k: v for k, v in os.environ.items() if not k.startswith("SEAWAY_")},
            "SEAWAY_HOME": str(home),
            "SEAWAY_INSTANCE": INSTANCE,
            "SEAWAY_PORT": str(free_port()),
            "SEAWAY_HTTP_PORT": str(free_port()),
        }
        self.env["SEAWAY_URL"] = f"http://127.0.0.1:{self.env['SEAWAY_PORT']}"

    def start(self) -> float:
        """Seconds until it answers."""
        self.home.mkdir(parents=True, exist_ok=True)
        with (self.home / "serve.log").open("ab") as log:
            began = time.monotonic()
            self.process = subprocess.Popen([str(SEAWAY), "serve"], env=self.env, stdout=log, stderr=log)
        wait_for(lambda: answers(f"{self.env['SEAWAY_URL']}/health"), 60)
        took = time.monotonic() - began
        self.env["SEAWAY_TOKEN"] = (self.home / "token").read_text().strip()
        return took

    def stop(self) -> float:
        assert self.process is not None
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=30)
        return time.monotonic() - began

    def deploy(self, path: Path, app: str) -> tuple[float, dict[str, Any]]:
        began = time.monotonic()
        command = [str(SEAWAY), "deploy", str(path), "--app", app, "--json"]
        done = subprocess.run(command, env=self.env, capture_output=True, text=True, check=False)
        took = time.monotonic() - began
        result = json.loads(done.stdout.splitlines()[-1])
        if result["status"] != "live":
            sys.exit(f"the deployment failed: {json.dumps(result['finding'], indent=2)}")
        return took, result

    def memory_mb(self) -> float:
        assert self.process is not None
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024


class ByHand:
    """The same Dockerfile with the same secrets, by the tools themselves."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.count = 0
        self.container = ""

    def deploy(self, path: Path, recipe: Recipe) -> float:
        self.count += 1
        name, port = f"{INSTANCE}-hand-{self.count}", free_port()
        dockerfile = self.folder / "Dockerfile"
        dockerfile.write_text(recipe.dockerfile)
        (self.folder / "Dockerfile.dockerignore").write_text("\n".join([*recipe.ignored, ""]))
        secrets = [
            "--secret",
            f"id=seaway-env,src={self._file('env')}",
            "--secret",
            "id=seaway-npmrc,src=" + self._file("npmrc"),
        ]
        ca = Path("/etc/ssl/certs/ca-certificates.crt")
        build = ["docker", "buildx", "build", "--builder", "default", "-q", "-f", str(dockerfile), *secrets,
                 "--secret", f"id=seaway-ca,src={ca}", "-t", f"{INSTANCE}/hand", str(path)]  # fmt: skip
        run = ["docker", "run", "-d", "--init", "--name", name, "--label", f"seaway.instance={INSTANCE}",
               "-e", "PORT=3000", "-p", f"127.0.0.1:{port}:3000", f"{INSTANCE}/hand"]  # fmt: skip
        began = time.monotonic()
        subprocess.run(build, check=True, stdout=subprocess.DEVNULL)
        subprocess.run(run, check=True, stdout=subprocess.DEVNULL)
        wait_for(lambda: answers(f"http://127.0.0.1:{port}/"), 60)
        took = time.monotonic() - began
        if self.container:
            subprocess.run(["docker", "rm", "-f", self.container], check=True, stdout=subprocess.DEVNULL)
        self.container = name
        return took

    def _file(self, name: str) -> str:
        path = self.folder / name
        path.touch()
        return str(path)


def compare(server: Server, folder: Path) -> list[Row]:
    say("making the base images and the toolchain (not measured)")
    app = folder / "app"
    shutil.copytree(EXAMPLE, app, ignore=shutil.ignore_patterns("node_modules", ".next"))
    server.deploy(app, "warm")
    hand = ByHand(folder)
    rows = []
    say("first deployment with cold caches")
    ours, theirs = [], []
    for n in range(2):
        renew(app, f"hand{n}")
        theirs.append(hand.deploy(app, recipe(app, f"hand{n}")))
        renew(app, f"ours{n}")
        ours.append(server.deploy(app, f"ours{n}")[0])
    rows.append(Row("first deployment, cold cache", statistics.median(ours), statistics.median(theirs)))
    # The tree is that of the last app by now: once each without the clock, so that nothing changes after it.
    hand.deploy(app, recipe(app, "hand0"))
    server.deploy(app, "ours0")
    rows.append(rounds("no change", server, hand, app, lambda n: None))
    rows.append(rounds("one changed line", server, hand, app, lambda n: change(app, n)))
    return rows


def rounds(what: str, server: Server, hand: ByHand, app: Path, before: Callable[[int], None]) -> Row:
    say(what)
    ours, theirs = [], []
    for n in range(ROUNDS):
        before(2 * n)
        theirs.append(hand.deploy(app, recipe(app, "hand0")))
        before(2 * n + 1)
        ours.append(server.deploy(app, "ours0")[0])
    return Row(what, statistics.median(ours), statistics.median(theirs))


def renew(app: Path, name: str) -> None:
    """Another manifest: no layer of an earlier build fits, and the caches of a new app are empty."""
    manifest = json.loads((app / "package.json").read_text())
    manifest["description"] = f"{INSTANCE} {name}"
    (app / "package.json").write_text(json.dumps(manifest, indent=2))


def change(app: Path, number: int) -> None:
    page = app / CHANGED_FILE
    text = page.read_text().rstrip("\n").split("\n// change ")[0]
    page.write_text(f"{text}\n// change {number}\n")


def recipe(app: Path, name: str) -> Recipe:
    planned = NixpacksPack({"debian": debian.recipe}).recipe(
        FolderTree(app), PlanRequest(name, {}, EnvironmentSettings())
    )
    return planned.recipe


def weigh(server: Server) -> list[tuple[str, bool]]:
    _, result = server.deploy(EXAMPLE, "ours0")
    size_mb = int(output("docker", "image", "inspect", "-f", "{{.Size}}", result["image"])) / 1e6
    stopping = server.stop()
    started = [server.start()]
    for _ in range(2):
        server.stop()
        started.append(server.start())
    time.sleep(3)
    start_s, memory = statistics.median(started), server.memory_mb()
    return [
        (f"  idle memory of the control plane  {memory:6.1f} MB   bar {MEMORY_BAR_MB} MB", memory <= MEMORY_BAR_MB),
        (f"  start until ready                 {start_s:6.2f} s    bar {START_BAR_S} s", start_s <= START_BAR_S),
        (f"  SIGTERM until ended               {stopping:6.2f} s    bar 5 s", stopping <= 5),
        (f"  image of the Next.js example      {size_mb:6.1f} MB   bar {IMAGE_BAR_MB} MB", size_mb <= IMAGE_BAR_MB),
        *[
            (f"  seaway {' '.join(a):<26} {process_s(a) * 1000:6.0f} ms   bar 150 ms", True)
            for a in (["--help"], ["doctor", "--help"])
        ],
    ]


def process_s(arguments: list[str]) -> float:
    taken = []
    for _ in range(5):
        began = time.monotonic()
        subprocess.run([str(SEAWAY), *arguments], check=True, stdout=subprocess.DEVNULL)
        taken.append(time.monotonic() - began)
    return min(taken)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def wait_for(condition: Callable[[], bool], timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            sys.exit("waited too long")
        time.sleep(0.02)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def output(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def say(text: str) -> None:
    print(f"» {text}", flush=True)


def clean(folder: Path) -> None:
    containers = output("docker", "ps", "-aq", "--filter", f"label=seaway.instance={INSTANCE}").split()
    if containers:
        subprocess.run(["docker", "rm", "-f", *containers], check=False, stdout=subprocess.DEVNULL)
    images = output("docker", "images", "-q", "--filter", f"reference={INSTANCE}/*").split()
    if images:
        subprocess.run(["docker", "rmi", "-f", *images], check=False, capture_output=True)
    subprocess.run(["docker", "network", "rm", INSTANCE], check=False, capture_output=True)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
