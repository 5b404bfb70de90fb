"""What the end-to-end tests ask of the machine itself: Docker by its own command, ports, and waiting on conditions."""

import contextlib
import json
import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

DEADLINE_S = 30.0


def docker(*arguments: str, check: bool = True, config: Path | None = None) -> str:
    """What the command wrote; `config` is a DOCKER_CONFIG of one's own."""
    env = {**os.environ, **({"DOCKER_CONFIG": str(config)} if config else {})}
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False, env=env)
    assert not check or done.returncode == 0, f"docker {' '.join(arguments)}: {done.stderr}"
    return done.stdout.strip()


def containers(**labels: str) -> list[dict[str, Any]]:
    """All containers with these labels, inspected; running or not."""
    ids = docker("ps", "-aq", "--no-trunc", *_filters(labels)).split()
    told = docker("inspect", *ids, check=False) if ids else "[]"
    return sorted(json.loads(told or "[]"), key=lambda each: str(each["Name"]))


def images(**labels: str) -> list[str]:
    return sorted(set(docker("images", "-aq", "--no-trunc", *_filters(labels)).split()))


def remove_all(instance: str) -> None:
    """Whatever carries the label of this Seaway: containers, images, network."""
    label = {"seaway.instance": instance}
    for command, found in (
        (("rm", "-f", "-v"), [each["Id"] for each in containers(**label)]),
        (("rmi", "-f"), images(**label)),
        (("network", "rm"), docker("network", "ls", "-q", *_filters(label)).split()),
    ):
        if found:
            docker(*command, *found, check=False)


def _filters(labels: dict[str, str]) -> list[str]:
    return [part for name, value in labels.items() for part in ("--filter", f"label={name}={value}")]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(condition: Callable[[], object], what: str, timeout_s: float = DEADLINE_S) -> Any:
    """The first true value of `condition`."""
    deadline = time.monotonic() + timeout_s
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {timeout_s:g} s: {what}"
        time.sleep(0.02)
    return found


def runs(command: str) -> bool:
    """Whether a process of the machine was started with just these words."""
    wanted = f"{command} ".replace(" ", "\0").encode()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if path.read_bytes() == wanted:
                return True
    return False


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def running(*argv: str, log: Path, until_port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """A program of the machine, started and waited for, ended at the end."""
    with log.open("ab") as out:
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        wait_until(lambda: listens(until_port) or process.poll() is not None, f"{argv[0]} listens")
        assert process.poll() is None, log.read_text()
        yield process
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def small_disk(folder: Path, size: str = "64m") -> Iterator[Path]:
    """A disk of its own, in memory, that can be filled without harm."""
    folder.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path, *, leaving_bytes: int = 0) -> Path:
    """One file that takes what is free."""
    filler = disk / "filler"
    with filler.open("wb") as file:
        free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
        os.posix_fallocate(file.fileno(), 0, max(free - leaving_bytes, 1))
    return filler
