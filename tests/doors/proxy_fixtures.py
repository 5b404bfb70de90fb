"""A proxy of its own for the tests: real HAProxy in a real container, and small apps behind it."""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from seaway.core.ports import Route, Server
from seaway.doors.docker import DockerDoor
from seaway.doors.proxy import DockerProxyHost, HaproxyDoor, ProxySettings
from seaway.doors.proxy.image import Recipe
from seaway.doors.proxy.runtime import RuntimeApi

DOCKER_SOCKET = Path("/var/run/docker.sock")
HOST = "shop.localhost"


@dataclass
class Apps:
    """Programs that answer with their names."""

    programs: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str) -> Server:
        argv = [sys.executable, str(Path(__file__).with_name("proxy_backend.py")), name]
        program = subprocess.Popen(argv, stdout=subprocess.PIPE)
        assert program.stdout is not None
        self.programs[name] = program
        return Server(name, "127.0.0.1", int(program.stdout.readline()))

    def stop(self, name: str) -> None:
        program = self.programs.pop(name)
        program.terminate()
        program.wait(5)
        if program.stdout:
            program.stdout.close()

    def stop_all(self) -> None:
        for name in list(self.programs):
            self.stop(name)


@dataclass(frozen=True)
class Bench:
    """Everything a test of the door needs. `again()` is the door of a control plane that was started anew."""

    settings: ProxySettings
    host: DockerProxyHost
    door: HaproxyDoor
    apps: Apps
    said: list[str]

    @property
    def address(self) -> tuple[str, int]:
        return "127.0.0.1", self.settings.http_port

    @property
    def runtime(self) -> RuntimeApi:
        return RuntimeApi(self.settings.run)

    def again(self) -> HaproxyDoor:
        return HaproxyDoor(self.settings, self.host)

    def docker(self, *words: str) -> str:
        return subprocess.run(["docker", *words], check=True, capture_output=True, text=True, timeout=60).stdout

    async def clear(self) -> None:
        for key in await self.door.routes():
            await self.door.remove(key)
        self.apps.stop_all()


@asynccontextmanager
async def bench(home: Path) -> AsyncIterator[Bench]:
    settings = ProxySettings(
        instance=f"test-{os.getpid()}",
        home=home,
        http_port=free_port(),
        addresses=("127.0.0.1",),
        owner_uid=os.getuid(),
        owner_gid=os.getgid(),
    )
    docker = DockerDoor(DOCKER_SOCKET)
    host = DockerProxyHost(docker, Recipe(suite(), lambda _: []))
    made = Bench(settings, host, HaproxyDoor(settings, host), Apps(), [])
    try:
        await made.door.ensure([], made.said.append)
        yield made
    finally:
        made.apps.stop_all()
        found = await host.find(settings.container)
        if found:
            await host.remove(found.id)
        await docker.close()


def suite() -> str:
    lines = Path("/etc/os-release").read_text().splitlines()
    return next(line.partition("=")[2].strip('"') for line in lines if line.startswith("VERSION_CODENAME="))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def route(*servers: Server, key: str = "shop", hosts: tuple[str, ...] = (HOST,)) -> Route:
    return Route(key, hosts, servers)


async def fetch(address: tuple[str, int], host: str, *fields: str) -> tuple[int, str]:
    """One GET: status and all of the answer."""
    reader, writer = await asyncio.open_connection(*address)
    lines = [f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n", *(f"{name}\r\n" for name in fields), "\r\n"]
    writer.write("".join(lines).encode())
    answer = (await asyncio.wait_for(reader.read(), 15)).decode()
    writer.close()
    return int(answer.split(" ", 2)[1]), answer
