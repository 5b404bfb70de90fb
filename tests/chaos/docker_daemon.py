"""A Docker daemon of one's own, in a network of its own: it can be stopped and started without harm to anybody."""

import ctypes
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from e2e import machine

CLONE_NEWNET = 0x40000000
START_S = 30.0
_PACKAGES = ("seaway/base", "seaway/runtime", "seaway/node", "seaway/proxy")


class Daemon:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = folder / "docker.sock"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        folder = self.folder
        with (folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    "dockerd", "--data-root", f"{folder}/root", "--exec-root", f"{folder}/exec", "--pidfile",
                    f"{folder}/pid", "-H", f"unix://{self.socket}", "--bip", "10.78.0.1/24",
                    "--default-address-pool", "base=10.77.0.0/16,size=24",
                ],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        machine.wait_until(lambda: self._answers(), "the daemon answers", START_S)

    def stop(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(30)

    def load(self) -> None:
        """The images that this machine makes by itself, from its own daemon: making them takes a network."""
        listed = subprocess.run(
            ["docker", "-H", "unix:///var/run/docker.sock", "images", "--format", "{{.Repository}}:{{.Tag}}"],
            capture_output=True, text=True, check=True,
        ).stdout.split()  # fmt: skip
        wanted = [name for name in listed if name.startswith(_PACKAGES)]
        with subprocess.Popen(
            ["docker", "-H", "unix:///var/run/docker.sock", "save", *wanted], stdout=subprocess.PIPE
        ) as saved:
            subprocess.run(
                ["docker", "-H", f"unix://{self.socket}", "load", "-q"],
                stdin=saved.stdout, check=True, stdout=subprocess.DEVNULL,
            )  # fmt: skip

    def _answers(self) -> bool:
        argv = ["docker", "-H", f"unix://{self.socket}", "version"]
        return subprocess.run(argv, capture_output=True, check=False).returncode == 0


@contextmanager
def own_daemon() -> Iterator[Daemon]:
    """This thread, and what it starts, is in the daemon's network meanwhile. Needs root."""
    name = f"seaway-test-{os.getpid()}"
    folder = Path(tempfile.mkdtemp(prefix="swd-", dir="/tmp"))
    subprocess.run(["ip", "netns", "add", name], check=True)
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    daemon = Daemon(folder)
    try:
        _enter(os.open(f"/run/netns/{name}", os.O_RDONLY))
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        daemon.start()
        yield daemon
    finally:
        try:
            daemon.stop()
        finally:
            _enter(home)
            subprocess.run(["ip", "netns", "del", name], check=True)
            _remove(folder)


def _remove(folder: Path) -> None:
    """What the daemon has mounted below it, such as the networks of containers, goes first."""
    points = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    for point in sorted((point for point in points if point.startswith(f"{folder}/")), reverse=True):
        subprocess.run(["umount", "-l", point], check=False)
    shutil.rmtree(folder, ignore_errors=True)


def _enter(namespace: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    try:
        if libc.setns(namespace, CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")
    finally:
        os.close(namespace)
