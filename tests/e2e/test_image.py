"""An image of a registry becomes an app; without a login that it needs, nothing changes and the finding says so."""

from base64 import b64encode
from pathlib import Path
from typing import Any

from e2e import machine
from e2e.apps import SERVES, busybox_app
from e2e.conftest import Push, plant
from e2e.server import Server
from registry_fixtures import Registry
from simulators.registry_front import GHCR, Package, RegistryFront


def test_a_public_image_is_deployed_though_the_user_has_a_dead_login_for_its_registry(
    server: Server, busybox: str
) -> None:
    told = _deploy(server, busybox, "ready")
    assert told["status"] == "live"
    assert server.ask("ready.localhost").status == 404, "it serves an empty folder, and says so itself"
    assert "none: asked as anybody" in server.deployment_log(told["deployment"])


def test_the_same_login_stops_docker_itself(server: Server, private_busybox: str) -> None:
    """The control: what was planted is what Docker's own command would send."""
    said = machine.docker("pull", "-q", private_busybox, check=False, config=server.user_home / ".docker")
    assert said == ""


def test_a_private_image_without_a_credential_is_explained_and_nothing_changes(
    server: Server, busybox: str, private_busybox: str
) -> None:
    _deploy(server, busybox, "guarded")
    before = [each["Id"] for each in server.settled_containers("guarded")]
    said = server.seaway("deploy", "--image", private_busybox, "--app", "guarded", "--json")
    assert said.code == 1
    told = said.json
    assert told["status"] == "failed"
    finding = told["finding"]
    assert finding["cause"] == "no_credential_sent"
    assert private_busybox.rpartition(":")[0] in finding["title"]
    assert any("401" in line for line in finding["evidence"])
    assert "credential" in finding["remedy"]
    assert [each["Id"] for each in server.containers("guarded")] == before
    assert private_busybox not in machine.docker("images", "--format", "{{.Repository}}:{{.Tag}}")


def test_an_image_that_does_not_exist_is_told_from_one_that_is_private(server: Server, busybox: str) -> None:
    missing = busybox.replace("busybox:1", "absent:7")
    said = server.seaway("deploy", "--image", missing, "--app", "absent", "--json")
    assert said.code == 1
    finding = said.json["finding"]
    assert finding["cause"] != "no_credential_sent"
    assert "absent" in finding["title"]
    assert finding["remedy"]
    assert server.containers("absent") == []


def test_where_a_dead_login_blocks_public_images_none_is_sent(
    server: Server, push: Push, open_registry: Registry, dead_logins: dict[str, str], tmp_path: Path
) -> None:
    """The case that Seaway was made for: a registry that refuses a dead login even for what anybody may have."""
    name = push(open_registry, "acme/public:1").partition("/")[2]
    with RegistryFront(GHCR, {"acme/public": Package()}, behind=open_registry.host) as front:
        image = f"{front.host}/{name}"
        plant(server.user_home, {**dead_logins, front.host: b64encode(b"me:ghp_dead").decode()})
        assert machine.docker("pull", "-q", image, check=False, config=server.user_home / ".docker") == ""
        assert "ghp_dead" in front.logins_seen(), "the control: Docker itself sends it and is refused"

        front.asked.clear()
        _deploy(server, image, "public-image")
        server.deploy_live(busybox_app(tmp_path / "app", image, SERVES), "public-base")
        assert server.ask("public-base.localhost").body == "busybox"
        assert front.token_requests
        assert front.logins_seen() == []
    assert server.seaway("restart", "public-base", "--json").code == 0
    plant(server.user_home, dead_logins)


def _deploy(server: Server, image: str, app: str) -> dict[str, Any]:
    said = server.seaway("deploy", "--image", image, "--app", app, "--json")
    assert said.code == 0, said.err
    return said.json
