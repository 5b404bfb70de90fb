"""ProxyHost over the Docker door: the image, the one container, and a program run in it."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Protocol

from seaway.core.errors import SeawayError
from seaway.core.multiplexed import lines_of
from seaway.core.ports import Say
from seaway.doors.proxy.errors import ImageNotMade
from seaway.doors.proxy.host import INSTANCE_LABEL, SPEC_LABEL, Execution, Found
from seaway.doors.proxy.image import Recipe, packed

STOP_S = 5
_CHUNK_BYTES = 1024 * 1024

Params = Mapping[str, str | int | Sequence[str]]


class Docker(Protocol):
    """What is needed of Docker; DockerDoor has it."""

    async def call(
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        body: Mapping[str, Any] | None = None,
        allow: Collection[int] = (),
    ) -> tuple[int, Any]: ...

    def stream(
        self, method: str, path: str, *, params: Params | None = None, body: Mapping[str, Any] | None = None
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]: ...

    async def import_tar(self, stream: AsyncIterable[bytes], tag: str, changes: Sequence[str] = ()) -> str: ...


class DockerProxyHost:
    def __init__(self, docker: Docker, recipe: Recipe) -> None:
        self._docker = docker
        self._recipe = recipe

    async def ensure_image(self, say: Say) -> str:
        name = self._recipe.image
        image = await self._image_id(name)
        if image:
            return image
        say(f"Making the proxy's image {name} from packages of {self._recipe.suite}; this takes some ten seconds.")
        async with packed(self._recipe) as tar:
            return await self._import(name, tar)

    async def find(self, name: str) -> Found | None:
        status, told = await self._docker.call("GET", f"/containers/{name}/json", allow=(404,))
        if status == 404:
            return None
        labels = told["Config"]["Labels"] or {}
        # While Docker waits before a next attempt it says both: running and restarting.
        running = told["State"]["Running"] and not told["State"]["Restarting"]
        return Found(told["Id"], running, labels.get(SPEC_LABEL), labels.get(INSTANCE_LABEL))

    async def create(self, name: str, spec: dict[str, Any]) -> str:
        _, made = await self._docker.call("POST", "/containers/create", params={"name": name}, body=spec)
        return str(made["Id"])

    async def start(self, container: str) -> None:
        await self._docker.call("POST", f"/containers/{container}/start", allow=(304,))

    async def remove(self, container: str) -> None:
        await self._docker.call("POST", f"/containers/{container}/stop", params={"t": STOP_S}, allow=(304, 404))
        await self._docker.call("DELETE", f"/containers/{container}", params={"force": 1, "v": 1}, allow=(404,))

    async def execute(self, container: str, argv: Sequence[str]) -> Execution:
        wanted = {"AttachStdout": True, "AttachStderr": True, "Cmd": list(argv)}
        _, made = await self._docker.call("POST", f"/containers/{container}/exec", body=wanted)
        start = {"Detach": False, "Tty": False}
        async with self._docker.stream("POST", f"/exec/{made['Id']}/start", body=start) as chunks:
            output = "\n".join([line async for _, line in lines_of(chunks)])
        _, ended = await self._docker.call("GET", f"/exec/{made['Id']}/json")
        return Execution(int(ended["ExitCode"]), output)

    async def tail(self, container: str, lines: int) -> list[str]:
        if await self.find(container) is None:
            return []
        params: dict[str, str | int] = {"stdout": 1, "stderr": 1, "tail": lines}
        async with self._docker.stream("GET", f"/containers/{container}/logs", params=params) as chunks:
            return [line async for _, line in lines_of(chunks)]

    async def _image_id(self, name: str) -> str | None:
        status, told = await self._docker.call("GET", f"/images/{name}/json", allow=(404,))
        return None if status == 404 else str(told["Id"])

    async def _import(self, name: str, tar: Path) -> str:
        try:
            return await self._docker.import_tar(_chunks(tar), name, [f"LABEL {INSTANCE_LABEL}.image=proxy"])
        except SeawayError as error:
            raise ImageNotMade("Docker did not import it", error.evidence) from error


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while chunk := await asyncio.to_thread(file.read, _CHUNK_BYTES):
            yield chunk
