"""What the proxy door needs of the machine's containers, and the container that it wants."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from seaway.core.ports import Say
from seaway.doors.proxy.config import CONFIG_FILE, ETC, MASTER_SOCKET, RUN, ProxySettings

INSTANCE_LABEL = "seaway.instance"
ROLE_LABEL = "seaway.role"
SPEC_LABEL = "seaway.proxy.spec"
# The master starts as root: to bind low ports, to give the sockets to their owner, to become and signal workers.
_CAPABILITIES = ("NET_BIND_SERVICE", "SETUID", "SETGID", "KILL", "CHOWN", "FOWNER", "DAC_OVERRIDE")


@dataclass(frozen=True)
class Found:
    """A container of that name: `spec` is the digest that it was made from, None when it is not ours."""

    id: str
    running: bool
    spec: str | None
    instance: str | None


@dataclass(frozen=True)
class Execution:
    code: int
    output: str


class ProxyHost(Protocol):
    """Docker, as far as the proxy's one container goes."""

    async def ensure_image(self, say: Say) -> str:
        """Make the image if it is missing; returns its id."""

    async def find(self, name: str) -> Found | None: ...

    async def create(self, name: str, spec: dict[str, Any]) -> str: ...

    async def start(self, container: str) -> None: ...

    async def remove(self, container: str) -> None:
        """Stop and remove; also when it is gone already."""

    async def execute(self, container: str, argv: Sequence[str]) -> Execution: ...

    async def tail(self, container: str, lines: int) -> list[str]: ...


def container_spec(settings: ProxySettings, image: str) -> dict[str, Any]:
    """The body of Docker's /containers/create, labelled with its own digest: another spec is another container."""
    spec: dict[str, Any] = {
        "Image": image,
        "Cmd": command(settings),
        "Labels": {INSTANCE_LABEL: settings.instance, ROLE_LABEL: "proxy"},
        "HostConfig": {
            "NetworkMode": "host",
            "RestartPolicy": {"Name": "unless-stopped"},
            "LogConfig": {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "3"}},
            "Mounts": [_mount(str(settings.etc), ETC, read_only=True), _mount(str(settings.run), RUN)],
            "CapDrop": ["ALL"],
            "CapAdd": list(_CAPABILITIES),
            "SecurityOpt": ["no-new-privileges:true"],
            "ReadonlyRootfs": True,
        },
    }
    digest = hashlib.sha256(json.dumps([spec, settings.http_port], sort_keys=True).encode()).hexdigest()[:16]
    return {**spec, "Labels": {**spec["Labels"], SPEC_LABEL: digest}}


def command(settings: ProxySettings) -> list[str]:
    master = f"{RUN}/{MASTER_SOCKET},mode,600,uid,{settings.owner_uid},gid,{settings.owner_gid}"
    return ["/usr/sbin/haproxy", "-W", "-S", master, "-f", f"{ETC}/{CONFIG_FILE}"]


def _mount(source: str, target: str, *, read_only: bool = False) -> dict[str, Any]:
    return {"Type": "bind", "Source": source, "Target": target, "ReadOnly": read_only}
