"""ProxyHost on Docker's Engine API, over its unix socket."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx2

from seaway.core.ports import Say
from seaway.doors.proxy.errors import DockerRefused, ImageNotMade
from seaway.doors.proxy.host import INSTANCE_LABEL, SPEC_LABEL, Execution, Found
from seaway.doors.proxy.image import Recipe, packed

CALL_TIMEOUT_S = 60.0
STOP_S = 5
_CHUNK_BYTES = 1024 * 1024
_FRAME_HEADER_BYTES = 8


class DockerProxyHost:
    """Keep one and close it."""

    def __init__(self, socket: Path, recipe: Recipe) -> None:
        # verify=False: nothing is encrypted on this socket, and loading the machine's authorities takes 20 ms.
        transport = httpx2.AsyncHTTPTransport(uds=str(socket), verify=False)
        timeout = httpx2.Timeout(CALL_TIMEOUT_S, connect=10.0)
        self._client = httpx2.AsyncClient(
            transport=transport, base_url="http://docker", trust_env=False, timeout=timeout
        )
        self._recipe = recipe

    async def close(self) -> None:
        await self._client.aclose()

    async def ensure_image(self, say: Say) -> str:
        name = self._recipe.image
        image = await self._image_id(name)
        if image:
            return image
        say(f"Making the proxy's image {name} from packages of {self._recipe.suite}; this takes some ten seconds.")
        async with packed(self._recipe) as tar:
            await self._import(name, tar)
        image = await self._image_id(name)
        if image is None:
            raise ImageNotMade("Docker took it and does not have it")
        return image

    async def find(self, name: str) -> Found | None:
        answer = await self._call("GET", f"/containers/{name}/json", allow=(404,))
        if answer.status_code == 404:
            return None
        told = answer.json()
        labels = told["Config"]["Labels"] or {}
        # While Docker waits before a next attempt it says both: running and restarting.
        running = told["State"]["Running"] and not told["State"]["Restarting"]
        return Found(told["Id"], running, labels.get(SPEC_LABEL), labels.get(INSTANCE_LABEL))

    async def create(self, name: str, spec: dict[str, Any]) -> str:
        answer = await self._call("POST", "/containers/create", params={"name": name}, body=spec)
        return str(answer.json()["Id"])

    async def start(self, container: str) -> None:
        await self._call("POST", f"/containers/{container}/start")

    async def remove(self, container: str) -> None:
        await self._call("POST", f"/containers/{container}/stop", params={"t": str(STOP_S)}, allow=(304, 404))
        await self._call("DELETE", f"/containers/{container}", params={"force": "1", "v": "1"}, allow=(404,))

    async def execute(self, container: str, argv: Sequence[str]) -> Execution:
        # A terminal, since its output comes as plain bytes and not in frames.
        wanted = {"AttachStdout": True, "AttachStderr": True, "Tty": True, "Cmd": list(argv)}
        made = (await self._call("POST", f"/containers/{container}/exec", body=wanted)).json()["Id"]
        output = await self._call("POST", f"/exec/{made}/start", body={"Detach": False, "Tty": True})
        ended = (await self._call("GET", f"/exec/{made}/json")).json()
        return Execution(int(ended["ExitCode"]), output.text.replace("\r\n", "\n"))

    async def tail(self, container: str, lines: int) -> list[str]:
        params = {"stdout": "1", "stderr": "1", "tail": str(lines)}
        answer = await self._call("GET", f"/containers/{container}/logs", params=params, allow=(404, 409))
        return _unframed(answer.content).splitlines() if answer.status_code < 400 else []

    async def _image_id(self, name: str) -> str | None:
        answer = await self._call("GET", f"/images/{name}/json", allow=(404,))
        return None if answer.status_code == 404 else str(answer.json()["Id"])

    async def _import(self, name: str, tar: Path) -> None:
        repository, _, tag = name.rpartition(":")
        params = {"fromSrc": "-", "repo": repository, "tag": tag, "changes": f"LABEL {INSTANCE_LABEL}.image=proxy"}
        answer = await self._call("POST", "/images/create", params=params, content=_chunks(tar))
        failed = [line for line in answer.text.splitlines() if "errorDetail" in line]
        if failed:
            raise ImageNotMade("Docker did not import it", failed)

    async def _call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        content: AsyncIterator[bytes] | None = None,
        allow: Sequence[int] = (),
    ) -> httpx2.Response:
        what = f"{method} {path}"
        try:
            answer = await self._client.request(method, path, params=params, json=body, content=content)
        except httpx2.HTTPError as error:
            raise DockerRefused(what, str(error) or type(error).__name__) from error
        if answer.status_code >= 400 and answer.status_code not in allow:
            raise DockerRefused(what, _message(answer))
        return answer


def _message(answer: httpx2.Response) -> str:
    try:
        return str(answer.json()["message"])
    except (json.JSONDecodeError, KeyError, TypeError):
        return f"status {answer.status_code}"


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while chunk := await asyncio.to_thread(file.read, _CHUNK_BYTES):
            yield chunk


def _unframed(data: bytes) -> str:
    """Docker sends the two streams in frames: kind, three zeros, length, text."""
    text, at = bytearray(), 0
    while at + _FRAME_HEADER_BYTES <= len(data):
        length = int.from_bytes(data[at + 4 : at + 8])
        text += data[at + _FRAME_HEADER_BYTES : at + _FRAME_HEADER_BYTES + length]
        at += _FRAME_HEADER_BYTES + length
    return text.decode(errors="replace")
