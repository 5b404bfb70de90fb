"""The simulated fronts as real clients see them: what they print for a refusal is what the real registries cause."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from registry_fixtures import Registry, open_registry, push_image
from seaway.core.credential import Credential
from seaway.core.image import parse_image
from seaway.core.secret import Secret
from seaway.doors.http import HttpPipe
from seaway.doors.registry import RegistryDoor
from seaway.registries import all_kinds
from simulators.registry_front import ALL_MANNERS, GHCR, Account, Package, RegistryFront

__all__ = ["open_registry"]

BOTH = {"acme/public": frozenset({"pull", "push"}), "acme/private": frozenset({"pull", "push"})}


@pytest.fixture(params=sorted(ALL_MANNERS))
def front(request, open_registry: Registry) -> Iterator[RegistryFront]:
    for name in ("public", "private"):
        push_image(open_registry, f"acme/{name}", "1")
    packages = {"acme/public": Package(True), "acme/private": Package(False)}
    accounts = [Account("live", rights=BOTH), Account("stranger"), Account("dead", alive=False)]
    with RegistryFront(ALL_MANNERS[request.param], packages, accounts, behind=open_registry.host) as running:
        yield running


def skopeo(*words: str, home: Path) -> subprocess.CompletedProcess[str]:
    (home / "none.json").write_text("{}")
    env = {"PATH": "/usr/bin:/bin", "HOME": str(home), "REGISTRY_AUTH_FILE": str(home / "none.json")}
    return subprocess.run(["skopeo", *words], capture_output=True, text=True, timeout=60, env=env)


@pytest.mark.parametrize(
    ("secret", "package", "works"),
    [
        (None, "public", True),
        ("live", "public", True),
        ("dead", "public", False),
        (None, "private", False),
        ("live", "private", True),
        ("stranger", "private", False),
    ],
)
async def test_skopeo_and_the_door_agree_but_for_the_healing(front: RegistryFront, tmp_path, secret, package, works):
    login = ["--creds", f"me:{secret}"] if secret else []
    ref = f"{front.host}/acme/{package}:1"
    run = skopeo("inspect", "--tls-verify=false", *login, f"docker://{ref}", home=tmp_path)
    assert (run.returncode == 0) is works, run.stderr
    async with HttpPipe() as http:
        credential = Credential("mine", front.host, "me", Secret(secret)) if secret else None
        proof = await RegistryDoor(http, kinds=all_kinds()).prove(parse_image(ref), credential)
    assert proof.ok == (works or (secret == "dead" and package == "public"))
    if works:
        assert json.loads(run.stdout)["Digest"] == proof.digest


def test_a_real_client_can_push_through_the_front(open_registry: Registry, tmp_path):
    push_image(open_registry, "acme/public", "1")
    packages = {"acme/public": Package(True), "acme/private": Package(False)}
    with RegistryFront(GHCR, packages, [Account("live", rights=BOTH)], behind=open_registry.host) as front:
        run = skopeo(
            "copy", "--src-no-creds", "--dest-creds", "me:live", "--src-tls-verify=false", "--dest-tls-verify=false",
            f"docker://{front.host}/acme/public:1", f"docker://{front.host}/acme/private:copied", home=tmp_path,
        )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert open_registry.request("HEAD", "/v2/acme/private/manifests/copied").status == 200
