"""The real Docker daemon for tests: a door to it, and an image of 2 MB made on the spot from Debian's busybox-static.

All that a test makes carries the label seaway.instance=OWNER and is removed at the end.
"""

import io
import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from seaway.core.app import EnvironmentKey, Limits
from seaway.core.ports import InstanceSpec
from seaway.core.secret import Secret
from seaway.doors.docker import DockerDoor
from seaway.engines.docker import DockerEngine

OWNER = f"test-{os.getpid()}"
ENVIRONMENT = EnvironmentKey("shop")


@pytest.fixture(scope="session")
async def docker() -> AsyncIterator[DockerDoor]:
    door = DockerDoor()
    await door.version()
    yield door
    await door.close()


@pytest.fixture(scope="session")
async def tiny_image(docker: DockerDoor) -> AsyncIterator[str]:
    """The name of an image with busybox, /etc/passwd and an empty /www; it runs `sh`."""
    tag = f"seaway-test/tiny:{OWNER}"
    changes = (f"LABEL seaway.instance={OWNER}", "ENV PATH=/bin", 'CMD ["sh"]')
    await docker.import_tar(chunks(busybox_root()), tag, changes)
    yield tag
    await _remove_images(docker)


@pytest.fixture(scope="session")
async def engine(docker: DockerDoor, tiny_image: str) -> AsyncIterator[DockerEngine]:
    """An engine with a network of its own; whatever it still runs at the end is removed, before its image."""
    engine = DockerEngine(docker, owner=OWNER)
    yield engine
    for left in await engine.instances():
        await engine.retire(left.id, 0)
    await docker.call("DELETE", f"/networks/{OWNER}", allow=(404,))


async def _remove_images(docker: DockerDoor) -> None:
    """All with our label, those too whose name went to a later build."""
    filters = json.dumps({"label": [f"seaway.instance={OWNER}"]})
    _, found = await docker.call("GET", "/images/json", params={"filters": filters})
    for image in found:
        await docker.call("DELETE", f"/images/{image['Id']}", params={"force": "true"}, allow=(404, 409))


def spec_of(
    image: str, script: str, name: str = "web", env: dict[str, str] | None = None, **changes: object
) -> InstanceSpec:
    """An instance that runs a shell script; `OWNER` in its name keeps it apart from other runs."""
    fields: dict[str, object] = {
        "name": f"{OWNER}-{name}",
        "environment": ENVIRONMENT,
        "release": 1,
        "deployment": 1,
        "image": image,
        "port": 3000,
        "env": {key: Secret(value) for key, value in (env or {}).items()},
        "limits": Limits(memory_bytes=64 * 1024**2),
        "command": ("sh", "-c", script),
    }
    return InstanceSpec(**(fields | changes))  # type: ignore[arg-type]


def busybox_root() -> bytes:
    """A root filesystem as a tar archive."""
    program = _busybox()
    applets = subprocess.run([program, "--list"], capture_output=True, text=True, check=True).stdout.split()
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for folder in ("bin", "dev", "etc", "proc", "root", "run", "tmp", "www"):
            archive.addfile(_entry(folder, type=tarfile.DIRTYPE, mode=0o1777 if folder == "tmp" else 0o755))
        for name, content in {"bin/busybox": program.read_bytes(), "etc/passwd": _PASSWD}.items():
            entry = _entry(name, mode=0o755, size=len(content))
            archive.addfile(entry, io.BytesIO(content))
        for applet in applets:
            if applet != "busybox":
                archive.addfile(_entry(f"bin/{applet}", type=tarfile.SYMTYPE, linkname="busybox"))
    return file.getvalue()


_PASSWD = b"root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n"


def _entry(name: str, **attributes: object) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    for attribute, value in attributes.items():
        setattr(entry, attribute, value)
    return entry


def _busybox() -> Path:
    if shutil.which("busybox") is None:
        subprocess.run(["apt-get", "install", "-y", "-q", "busybox-static"], check=True, capture_output=True)
    found = shutil.which("busybox")
    assert found is not None, "busybox-static is not installed: apt-get install busybox-static"
    return Path(found)


async def chunks(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), 256 * 1024):
        yield content[start : start + 256 * 1024]
