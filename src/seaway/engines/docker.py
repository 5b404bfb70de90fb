"""Docker Engine on one machine: each instance is a container on Seaway's own network.

1. A container's labels say whose it is; one without ours is never touched.
2. Its name is the instance's name, so a second start finds the first. A label holds the digest of what it was made
   from: the same is adopted, another is replaced.
3. It starts without a restart policy, so that a crash is seen as one; `keep` sets the policy once it is healthy.
"""

import asyncio
import hashlib
import json
import math
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Protocol

from seaway.core.app import EnvironmentKey, Volume
from seaway.core.errors import Conflict, Failed
from seaway.core.events import Stream
from seaway.core.health import Listener
from seaway.core.multiplexed import lines_of
from seaway.core.ports import Instance, InstanceSpec

INSTANCE, APP, ENVIRONMENT = "seaway.instance", "seaway.app", "seaway.environment"
RELEASE, DEPLOYMENT, PORT, SPEC = "seaway.release", "seaway.deployment", "seaway.port", "seaway.spec"

KEPT = "unless-stopped"
CHANGES = ["create", "start", "die", "destroy", "pause", "unpause"]
STOP_TIMEOUT_S = 30
# The name can be taken by one that is just being removed, or was made by a second start.
CREATE_TRIES = 20
CREATE_PAUSE_S = 0.05
PIDS_LIMIT = 4096
# Of Docker's default set: raw sockets, device nodes and the audit log are no web app's business.
DROPPED_CAPABILITIES = ["AUDIT_WRITE", "MKNOD", "NET_RAW"]
LOG_ROTATION = {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "3"}}
# Docker's own resolver listens on this address inside every container of a network.
RESOLVER = "127.0.0.11"
LISTENING = "0A"
NET_TABLES = ("tcp", "tcp6")


class StartRefused(Failed):
    code = "engine.start_refused"

    def __init__(self, name: str, image: str, message: str) -> None:
        super().__init__(
            f"Docker could not start {name} from {image}.",
            remedy="Its answer says why: most often the start command is not in the image, or may not be executed.",
            evidence=(message,),
        )


class ImageGone(Failed):
    code = "engine.image_gone"

    def __init__(self, name: str, image: str) -> None:
        super().__init__(
            f"The image {image} of {name} is not on this machine.", remedy="Deploy again to build it anew."
        )


class NameTaken(Conflict):
    code = "engine.name_taken"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"A container named {name} exists that Seaway did not make.",
            remedy=f"Rename it (`docker rename {name} NEW_NAME`), then deploy again.",
        )


class Api(Protocol):
    """What the engine needs of Docker's API; DockerDoor has it."""

    async def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int | Sequence[str]] | None = None,
        body: Mapping[str, Any] | None = None,
        allow: Collection[int] = (),
        timeout_s: float = 60.0,
    ) -> tuple[int, Any]: ...

    def stream(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int | Sequence[str]] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]: ...


class DockerEngine:
    """Implements core.ports.Engine. `owner` names this Seaway: its containers' label and its network."""

    def __init__(self, api: Api, *, owner: str = "seaway", proc: Path = Path("/proc")) -> None:
        self._api = api
        self._owner = owner
        self._proc = proc

    # What runs -------------------------------------------------------------------------------------------------------

    async def instances(self, environment: EnvironmentKey | None = None) -> list[Instance]:
        labels = [f"{INSTANCE}={self._owner}"]
        if environment is not None:
            labels += [f"{APP}={environment.app}", f"{ENVIRONMENT}={environment.name}"]
        params: dict[str, str | int] = {"all": 1, "filters": json.dumps({"label": labels})}
        _, listed = await self._api.call("GET", "/containers/json", params=params)
        found = await asyncio.gather(*(self.inspect(each["Id"]) for each in listed))
        return sorted((each for each in found if each is not None), key=lambda each: each.name)

    async def inspect(self, instance: str) -> Instance | None:
        told = await self._details(instance)
        return self._instance(told) if told is not None and self._is_ours(told) else None

    async def _details(self, instance: str) -> dict[str, Any] | None:
        status, told = await self._api.call("GET", f"/containers/{instance}/json", allow=(404,))
        return told if status == 200 else None

    def _is_ours(self, told: Mapping[str, Any]) -> bool:
        labels = told["Config"]["Labels"] or {}
        return labels.get(INSTANCE) == self._owner and SPEC in labels

    def _instance(self, told: Mapping[str, Any]) -> Instance:
        state, labels = told["State"], told["Config"]["Labels"]
        networks = told["NetworkSettings"]["Networks"] or {}
        has_ended = state["Status"] in ("exited", "dead", "restarting", "created")
        started_at = state.get("StartedAt") or ""
        return Instance(
            id=told["Id"],
            name=told["Name"].lstrip("/"),
            environment=EnvironmentKey(labels[APP], labels[ENVIRONMENT]),
            release=int(labels[RELEASE]),
            deployment=int(labels[DEPLOYMENT]),
            image=told["Image"],
            port=int(labels[PORT]),
            state=state["Status"],
            address=(networks.get(self._owner) or {}).get("IPAddress") or None,
            exit_code=state["ExitCode"] if has_ended and not started_at.startswith("0001-") else None,
            oom_killed=bool(state["OOMKilled"]),
            restarts=told["RestartCount"],
            started_at=None if started_at.startswith("0001-") else started_at,
            kept=told["HostConfig"]["RestartPolicy"]["Name"] == KEPT,
        )

    async def changes(self) -> AsyncIterator[None]:
        wanted = {"label": [f"{INSTANCE}={self._owner}"], "type": ["container"], "event": CHANGES}
        async with self._api.stream("GET", "/events", params={"filters": json.dumps(wanted)}) as chunks:
            async for _ in chunks:
                yield None

    # Moves -----------------------------------------------------------------------------------------------------------

    async def start(self, spec: InstanceSpec) -> Instance:
        """Create the container, or adopt the one of this name that was made from the same spec, and start it."""
        await self._ensure_network()
        container = await self._created(spec)
        status, told = await self._api.call(
            "POST", f"/containers/{container}/start", allow=(400, 404, 409, 500), timeout_s=120.0
        )
        if status >= 400:
            await self.retire(container, 0.0)
            raise StartRefused(spec.name, spec.image, message_of(told))
        started = await self.inspect(container)
        if started is None:
            raise StartRefused(spec.name, spec.image, "the container was removed while it started")
        return started

    async def keep(self, instance: str) -> None:
        """From now on it is started again whenever it ends and when the machine boots. Call this once it is healthy."""
        policy = {"RestartPolicy": {"Name": KEPT}}
        await self._api.call("POST", f"/containers/{instance}/update", body=policy, allow=(404,))

    async def retire(self, instance: str, grace_s: float) -> None:
        seconds = math.ceil(grace_s)
        await self._api.call(
            "POST", f"/containers/{instance}/stop", params={"t": seconds}, allow=(404,), timeout_s=seconds + 60.0
        )
        params = {"force": "true", "v": "true"}
        status, _ = await self._api.call("DELETE", f"/containers/{instance}", params=params, allow=(404, 409))
        if status == 409:  # somebody removes it already; it is gone when that has ended
            await self._api.call("POST", f"/containers/{instance}/wait", params={"condition": "removed"}, allow=(404,))

    async def _ensure_network(self) -> None:
        status, _ = await self._api.call("GET", f"/networks/{self._owner}", allow=(404,))
        if status == 404:
            body = {"Name": self._owner, "Driver": "bridge", "Labels": {INSTANCE: self._owner}}
            await self._api.call("POST", "/networks/create", body=body, allow=(409,))

    async def _created(self, spec: InstanceSpec) -> str:
        body = container_body(spec, self._owner)
        for _ in range(CREATE_TRIES):
            status, told = await self._api.call(
                "POST", "/containers/create", params={"name": spec.name}, body=body, allow=(400, 404, 409)
            )
            if status == 404:
                raise ImageGone(spec.name, spec.image)
            if status == 400:
                raise StartRefused(spec.name, spec.image, message_of(told))
            container = told["Id"] if status < 400 else await self._adopted(spec, body["Labels"][SPEC])
            if container is not None:
                return str(container)
            await asyncio.sleep(CREATE_PAUSE_S)
        raise NameTaken(spec.name)

    async def _adopted(self, spec: InstanceSpec, digest: str) -> str | None:
        """The container of this name if it was made from this spec; another of ours makes room."""
        existing = await self._details(spec.name)
        if existing is None:
            return None
        if not self._is_ours(existing):
            raise NameTaken(spec.name)
        if existing["Config"]["Labels"][SPEC] == digest:
            return str(existing["Id"])
        await self.retire(existing["Id"], STOP_TIMEOUT_S)
        return None

    # What it tells ---------------------------------------------------------------------------------------------------

    async def memory_bytes(self, instance: str) -> int | None:
        """What it uses now, without the file cache that the kernel takes back when it needs it."""
        params = {"stream": "false", "one-shot": "true"}
        status, told = await self._api.call("GET", f"/containers/{instance}/stats", params=params, allow=(404, 409))
        memory = told.get("memory_stats") or {} if status == 200 else {}
        if "usage" not in memory:
            return None
        details = memory.get("stats") or {}
        return int(memory["usage"] - details.get("total_inactive_file", details.get("inactive_file", 0)))

    async def listeners(self, instance: str) -> tuple[Listener, ...]:
        told = await self._details(instance)
        pid = told["State"]["Pid"] if told is not None else 0
        if not pid:
            return ()
        tables = self._tables_on_host(pid)
        if tables is None:
            tables = await self._tables_inside(instance)
        return tuple(sorted(set(parse_listeners(tables)), key=lambda each: (each.port, each.address)))

    def _tables_on_host(self, pid: int) -> str | None:
        try:
            return "".join((self._proc / str(pid) / "net" / table).read_text() for table in NET_TABLES)
        except OSError:
            return None

    async def _tables_inside(self, instance: str) -> str:
        command = ["cat", *(f"/proc/net/{table}" for table in NET_TABLES)]
        body = {"AttachStdout": True, "AttachStderr": False, "Cmd": command}
        status, told = await self._api.call("POST", f"/containers/{instance}/exec", body=body, allow=(404, 409))
        if status >= 400:
            return ""
        start = {"Detach": False, "Tty": False}
        async with self._api.stream("POST", f"/exec/{told['Id']}/start", body=start) as chunks:
            return "\n".join([line async for _, line in lines_of(chunks)])

    async def tail(self, instance: str, lines: int) -> list[str]:
        return [line async for _, line in self.logs(instance, tail=lines, follow=False)]

    async def logs(self, instance: str, *, tail: int, follow: bool) -> AsyncIterator[tuple[Stream, str]]:
        """Ends when the container does; has nothing to tell of one that is gone."""
        if await self._details(instance) is None:
            return
        params: dict[str, str | int] = {"stdout": 1, "stderr": 1, "tail": tail, "follow": int(follow)}
        async with self._api.stream("GET", f"/containers/{instance}/logs", params=params) as chunks:
            async for line in lines_of(chunks):
                yield line


# Plain functions over plain values ------------------------------------------------------------------------------------


def container_body(spec: InstanceSpec, owner: str) -> dict[str, Any]:
    """The body of POST /containers/create; its label SPEC changes whenever anything else in it does."""
    env = {name: value.reveal() for name, value in spec.env.items()} | {"PORT": str(spec.port)}
    body: dict[str, Any] = {
        "Image": spec.image,
        "Env": [f"{name}={value}" for name, value in sorted(env.items())],
        "StopTimeout": STOP_TIMEOUT_S,
        "Labels": _labels(spec, owner),
        "HostConfig": _host_config(spec, owner),
    }
    if spec.command is not None:
        body["Cmd"] = list(spec.command)
    body["Labels"][SPEC] = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    return body


def _labels(spec: InstanceSpec, owner: str) -> dict[str, str]:
    return {
        INSTANCE: owner,
        APP: spec.environment.app,
        ENVIRONMENT: spec.environment.name,
        RELEASE: str(spec.release),
        DEPLOYMENT: str(spec.deployment),
        PORT: str(spec.port),
    }


def _host_config(spec: InstanceSpec, owner: str) -> dict[str, Any]:
    memory = spec.limits.memory_bytes
    limits: dict[str, Any] = {"PidsLimit": PIDS_LIMIT}
    if memory is not None:
        limits |= {"Memory": memory, "MemorySwap": memory}
    if spec.limits.cpus is not None:
        limits["NanoCpus"] = int(spec.limits.cpus * 1e9)
    if spec.volumes:
        limits["Mounts"] = [_mount(spec, owner, volume) for volume in spec.volumes]
    return limits | {
        "NetworkMode": owner,
        "RestartPolicy": {"Name": "no"},
        "Init": True,
        "LogConfig": LOG_ROTATION,
        "CapDrop": DROPPED_CAPABILITIES,
        "SecurityOpt": ["no-new-privileges:true"],
    }


def volume_name(owner: str, environment: EnvironmentKey, volume: Volume) -> str:
    return f"{owner}-{environment.slug}-{volume.name}"


def _mount(spec: InstanceSpec, owner: str, volume: Volume) -> dict[str, Any]:
    return {"Type": "volume", "Source": volume_name(owner, spec.environment, volume), "Target": volume.path}


def message_of(told: Any) -> str:
    return str(told.get("message", "")) if isinstance(told, dict) else ""


def parse_listeners(tables: str) -> Iterator[Listener]:
    """The listening sockets of /proc/net/tcp and tcp6, Docker's resolver aside."""
    for line in tables.splitlines():
        fields = line.split()
        if len(fields) < 4 or fields[3] != LISTENING:
            continue
        address, _, port = fields[1].partition(":")
        found = Listener(_address(address), int(port, 16))
        if found.address != RESOLVER:
            yield found


def _address(text: str) -> str:
    """The kernel writes addresses as 32-bit words in the machine's own byte order."""
    raw = bytes.fromhex(text)
    address = ip_address(b"".join(raw[i : i + 4][::-1] for i in range(0, len(raw), 4)))
    return str(getattr(address, "ipv4_mapped", None) or address)
