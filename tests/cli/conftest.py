"""The command as a real process, and the simulated API that it speaks to."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.simulators.api import TOKEN, ApiSimulator

Run = Callable[..., "subprocess.CompletedProcess[str]"]
_BEGIN = [sys.executable, "-c", "from seaway.cli import main; main()"]


@pytest.fixture
def api() -> Iterator[ApiSimulator]:
    simulator = ApiSimulator()
    simulator.start()
    yield simulator
    simulator.stop()


@pytest.fixture
def alone(tmp_path: Path) -> dict[str, str]:
    """An environment in which no server is known."""
    home = tmp_path / "home"
    home.mkdir()
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "PYTHONPATH") if name in os.environ}
    return {**kept, "HOME": str(home), "SEAWAY_HOME": str(tmp_path / "seaway-home"), "PYTHONUTF8": "1"}


@pytest.fixture
def known(alone: dict[str, str], api: ApiSimulator) -> dict[str, str]:
    """An environment that names the simulator."""
    return {**alone, "SEAWAY_URL": api.url, "SEAWAY_TOKEN": TOKEN}


@pytest.fixture
def start() -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    started: list[subprocess.Popen[str]] = []

    def begin(env: dict[str, str], *args: str, cwd: Path | None = None) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [*_BEGIN, *args],
            env=env,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def seaway(start: Callable[..., "subprocess.Popen[str]"]) -> Run:
    def run(env: dict[str, str], *args: str, cwd: Path | None = None) -> "subprocess.CompletedProcess[str]":
        process = start(env, *args, cwd=cwd)
        out, err = process.communicate(timeout=60)
        return subprocess.CompletedProcess(args, process.returncode, out, err)

    return run


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A small app's folder."""
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "package.json").write_text('{"name": "shop", "scripts": {"start": "node ."}}')
    (folder / "index.js").write_text("")
    return folder
