"""What runs once: release commands in a container of their own, and volumes made ready for the image's user.

1. A task is no instance: its container has the label TASK instead of SPEC, so nobody routes, restarts or counts it.
2. It is not removed when it ends but when its caller has noted how: a call that was cut off finds the container again,
   still running or ended, and the command is not run twice.
"""

import json
from collections.abc import Callable
from typing import Any

from seaway.core.app import EnvironmentKey
from seaway.core.errors import Failed
from seaway.core.events import Stream
from seaway.core.multiplexed import lines_of
from seaway.core.ports import InstanceSpec, Say
from seaway.engines.docker import (
    APP,
    ENVIRONMENT,
    INSTANCE,
    SPEC,
    Api,
    StartRefused,
    container_body,
    message_of,
    volume_name,
)

TASK = "seaway.task"
# A task may take as long as its step may.
WAIT_S = 24 * 3600.0


class TaskGone(Failed):
    code = "engine.task_gone"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The container {name} was removed while it ran.", remedy="Nobody knows how far it came. Deploy again."
        )


class DockerTasks:
    """Implements core.ports.Tasks."""

    def __init__(self, api: Api, *, owner: str = "seaway") -> None:
        self._api = api
        self._owner = owner

    async def run(self, spec: InstanceSpec, command: str, line: Callable[[Stream, str], None]) -> int:
        await self._created(spec.name, self._body(spec, ["/bin/sh", "-c"], [command]))
        if not await self._was_started(spec.name):
            await self._start(spec)
        params: dict[str, str | int] = {"stdout": 1, "stderr": 1, "follow": 1}
        async with self._api.stream("GET", f"/containers/{spec.name}/logs", params=params) as chunks:
            async for stream, text in lines_of(chunks):
                line(stream, text)
        status, told = await self._api.call("POST", f"/containers/{spec.name}/wait", allow=(404,), timeout_s=WAIT_S)
        if status == 404:
            raise TaskGone(spec.name)
        return int(told["StatusCode"])

    async def forget(self, name: str) -> None:
        await self._api.call("DELETE", f"/containers/{name}", params={"force": "true"}, allow=(404, 409))

    async def ensure_volumes(self, spec: InstanceSpec, say: Say) -> None:
        new = [
            volume
            for volume in spec.volumes
            if await self._is_new(spec, volume_name(self._owner, spec.environment, volume))
        ]
        user = await self._user_of(spec.image) if new else ""
        if not new or user in ("", "0", "root"):
            return
        name = f"{spec.name}-volumes"
        body = self._body(spec, ["chown", user], [volume.path for volume in new]) | {"User": "0"}
        await self._created(name, body)
        status, told = await self._api.call("POST", f"/containers/{name}/start", allow=(400, 404, 500))
        if status >= 400:
            say(f"the image cannot make its volumes its own user's ({message_of(told)}); root owns them")
        else:
            await self._api.call("POST", f"/containers/{name}/wait", allow=(404,))
        await self.forget(name)

    async def remove_volumes(self, environment: EnvironmentKey) -> None:
        filters = {"label": [f"{label}={value}" for label, value in self._labels(environment).items()]}
        _, told = await self._api.call("GET", "/volumes", params={"filters": json.dumps(filters)})
        for volume in told["Volumes"] or ():
            await self._api.call("DELETE", f"/volumes/{volume['Name']}", allow=(404, 409))

    async def _was_started(self, name: str) -> bool:
        """Also when it has ended since: it must not run twice."""
        _, told = await self._api.call("GET", f"/containers/{name}/json")
        return bool(told["State"]["Status"] != "created")

    async def _start(self, spec: InstanceSpec) -> None:
        status, told = await self._api.call("POST", f"/containers/{spec.name}/start", allow=(400, 404, 409, 500))
        if status >= 400:
            await self.forget(spec.name)
            raise StartRefused(spec.name, spec.image, message_of(told))

    def _body(self, spec: InstanceSpec, entrypoint: list[str], command: list[str]) -> dict[str, Any]:
        body = container_body(spec, self._owner)
        labels = {name: value for name, value in body["Labels"].items() if name != SPEC} | {TASK: "1"}
        return body | {"Entrypoint": entrypoint, "Cmd": command, "Labels": labels}

    async def _created(self, name: str, body: dict[str, Any]) -> None:
        """A container of this name is what an earlier call made: names have the deployment in them."""
        status, told = await self._api.call(
            "POST", "/containers/create", params={"name": name}, body=body, allow=(400, 404, 409)
        )
        if status in (400, 404):
            raise StartRefused(name, body["Image"], message_of(told))

    async def _is_new(self, spec: InstanceSpec, name: str) -> bool:
        status, _ = await self._api.call("GET", f"/volumes/{name}", allow=(404,))
        if status == 404:
            body = {"Name": name, "Labels": self._labels(spec.environment)}
            await self._api.call("POST", "/volumes/create", body=body)
        return status == 404

    async def _user_of(self, image: str) -> str:
        _, told = await self._api.call("GET", f"/images/{image}/json")
        return str((told.get("Config") or {}).get("User") or "")

    def _labels(self, environment: EnvironmentKey) -> dict[str, str]:
        return {INSTANCE: self._owner, APP: environment.app, ENVIRONMENT: environment.name}
