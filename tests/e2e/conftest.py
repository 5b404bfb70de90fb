"""One real server for the tests of this folder, and registries on loopback that it pulls from."""

import json
import os
import subprocess
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from docker_fixtures import busybox_root
from e2e import machine
from e2e.apps import SERVES
from e2e.server import Server
from registry_fixtures import Registry, basic_registry, open_registry

__all__ = ["basic_registry", "open_registry"]

INSTANCE = f"test-e2e-{os.getpid()}"

MARK = "seaway-test"
"""The label of images that were pushed by these tests; what is built on them has it too."""

Serve = Callable[..., Server]
Push = Callable[..., str]


@pytest.fixture(scope="session")
def dead_logins(open_registry: Registry, basic_registry: Registry) -> dict[str, str]:
    """What a user's ~/.docker/config.json holds for these registries: logins that died long ago."""
    return {registry.host: b64encode(b"me:expired").decode() for registry in (open_registry, basic_registry)}


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory, dead_logins: dict[str, str], push: Push) -> Iterator[Serve]:
    """Makes a server of its own, with `settings`; all of them are ended and cleared away at the end."""
    made: list[Server] = []

    def make(name: str = "", *, started: bool = True, **settings: str) -> Server:
        instance = f"{INSTANCE}-{name}" if name else INSTANCE
        server = Server(tmp_path_factory.mktemp(f"server-{name or 'main'}"), instance, **settings)
        made.append(server)
        plant(server.user_home, dead_logins)
        if started:
            server.start()
        return server

    yield make
    failures = []
    for server in made:
        try:
            server.end()
        except (AssertionError, subprocess.TimeoutExpired) as error:
            failures.append(f"{server.instance}: {error}")
    assert not failures


@pytest.fixture(scope="session")
def server(serve: Serve) -> Server:
    """The one server that most tests share: each has apps of its own name."""
    return serve()


@pytest.fixture(scope="session")
def push(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Push]:
    """Puts an image of 2 MB into a registry and nowhere else: busybox, which serves /www. Returns its name."""

    def pushed(registry: Registry, name: str = "test/busybox:1", *, login: str = "") -> str:
        config, image = tmp_path_factory.mktemp("push"), f"{registry.host}/{name}"
        (config / "root.tar").write_bytes(busybox_root())
        auths = {registry.host: {"auth": b64encode(login.encode()).decode()}} if login else {}
        (config / "config.json").write_text(json.dumps({"auths": auths}))
        changes = (f"LABEL {MARK}={INSTANCE}", "ENV PATH=/bin", f"CMD {json.dumps(['sh', '-c', SERVES])}")
        machine.docker("import", *(f"--change={each}" for each in changes), str(config / "root.tar"), image)
        machine.docker("push", "-q", image, config=config)
        machine.docker("rmi", image)
        return image

    yield pushed
    left = machine.images(**{MARK: INSTANCE})
    if left:
        machine.docker("rmi", "-f", *left, check=False)


@pytest.fixture(scope="session")
def busybox(push: Push, open_registry: Registry) -> str:
    """In a registry that asks for no login."""
    return push(open_registry)


@pytest.fixture(scope="session")
def private_busybox(push: Push, basic_registry: Registry) -> str:
    """In a registry that asks for one: alice, wonderland."""
    return push(basic_registry, login="alice:wonderland")


def plant(home: Path, logins: dict[str, str]) -> None:
    """Logins in the place where Docker's own command keeps a user's."""
    folder = home / ".docker"
    folder.mkdir(parents=True, exist_ok=True)
    auths = {host: {"auth": login} for host, login in logins.items()}
    (folder / "config.json").write_text(json.dumps({"auths": auths}))
