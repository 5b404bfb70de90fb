"""What the tests of the registry door share: a door, simulated fronts with four kinds of accounts, and short words."""

from collections.abc import AsyncIterator, Iterator

import pytest

from seaway.core.credential import Credential
from seaway.core.image import ImageRef, parse_image
from seaway.core.secret import Secret
from seaway.doors.http import HttpPipe
from seaway.doors.registry import RegistryDoor
from seaway.registries import all_kinds
from simulators.registry_front import DOCKER_HUB, GHCR, GITLAB, Account, Package, RegistryFront, manifest_named

PULL, PUSH = frozenset({"pull"}), frozenset({"pull", "push"})
LIVE, DEAD, STRANGER = "live-secret-9431", "dead-secret-5523", "stranger-secret-7702"
CLASSIC = "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"


@pytest.fixture
async def http() -> AsyncIterator[HttpPipe]:
    async with HttpPipe() as pipe:
        yield pipe


@pytest.fixture
def door(http: HttpPipe) -> RegistryDoor:
    return RegistryDoor(http, kinds=all_kinds())


def credential(host: str, secret: str, name: str = "mine", username: str = "alice") -> Credential:
    return Credential(name, host, username, Secret(secret))


def image(host: str, name: str) -> ImageRef:
    return parse_image(f"{host}/{name}")


def link(proof, name):
    return next(each for each in proof.links if each.name == name)


@pytest.fixture(params=[GHCR, DOCKER_HUB, GITLAB], ids=lambda manners: manners.name)
def front(request) -> Iterator[RegistryFront]:
    with a_front(request.param) as running:
        yield running


def a_front(manners=GHCR, **more) -> RegistryFront:
    packages = {
        "acme/public": Package(True, {"1": manifest_named("public")}),
        "acme/private": Package(False, {"1": manifest_named("private")}),
    }
    both = {"acme/private": PUSH, "acme/public": PUSH}
    accounts = [
        Account(LIVE, rights=both),
        Account(STRANGER),
        Account("reader-secret-1", rights=both, scopes=PULL),
        Account(DEAD, alive=False),
    ]
    return RegistryFront(manners, packages, accounts, **more)
