"""Credentials end to end: a dead login in Seaway's own store and in docker's, private images, two accounts of a host.

A simulated GHCR stands before a real docker-registry; the real Docker pulls through it.
"""

import json
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from secrets import choice
from string import ascii_letters
from typing import Any

import pytest

from e2e import machine
from e2e.apps import SERVES, busybox_app
from e2e.conftest import Push, Serve, plant
from e2e.server import SEAWAY, Said, Server, steps_of
from registry_fixtures import Registry
from seaway.core.credential import github_checksum
from simulators.registry_front import GHCR, Account, Package, RegistryFront

PULL = frozenset({"pull"})
PACKAGES = {"acme/public": True, "acme/private": False, "acme/one": False, "acme/two": False}


def github_token() -> str:
    """A classic token whose checksum fits."""
    random_part = "".join(choice(ascii_letters) for _ in range(30))
    return f"ghp_{random_part}{github_checksum(random_part)}"


BOT, ONE, TWO = github_token(), github_token(), github_token()


@pytest.fixture(scope="module")
def front(open_registry: Registry, push: Push) -> Iterator[RegistryFront]:
    """ghcr.io as it says no, with the packages above: a bot that reads all, and accounts for one package each."""
    for name in PACKAGES:
        push(open_registry, f"{name}:1")
    packages = {name: Package(public) for name, public in PACKAGES.items()}
    accounts = [
        Account(BOT, rights=dict.fromkeys(PACKAGES, PULL)),
        Account(ONE, rights={"acme/one": PULL}),
        Account(TWO, rights={"acme/two": PULL}),
    ]
    with RegistryFront(GHCR, packages, accounts, behind=open_registry.host) as running:
        yield running
    for image in machine.docker("images", "--format", "{{.Repository}}:{{.Tag}}").split():
        if image.startswith(running.host):
            machine.docker("rmi", "-f", image, check=False)


@pytest.fixture(scope="module")
def keeper(serve: Serve, front: RegistryFront) -> Server:
    """A server whose user, and whose command line's user, has a dead login for the front in docker's configuration."""
    server = serve("keeper")
    plant(server.user_home, {front.host: b64encode(b"me:expired").decode()})
    return server


@pytest.fixture(autouse=True)
def clean_slate(front: RegistryFront, keeper: Server) -> Iterator[None]:
    """Every test begins with no credential and with all accounts alive."""
    yield
    front.accounts = [replace(each, alive=True) for each in front.accounts]
    for each in keeper.seaway("credentials", "list", "--json").json["credentials"]:
        keeper.seaway("credentials", "remove", each["name"], "--yes")


def typed(server: Server, secret: str, *arguments: str) -> Said:
    """A command with a secret on its standard input."""
    done = subprocess.run(
        [SEAWAY, *arguments],
        env=server.env,
        input=secret + "\n",
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return Said(done.returncode, done.stdout, done.stderr, 0.0)


def keep(server: Server, prefix: str, secret: str, *options: str) -> dict[str, Any]:
    said = typed(
        server, secret, "credentials", "add", prefix, "--username", "bot", "--password-stdin", *options, "--json"
    )
    assert said.code == 0, said.err
    return said.json


def die(front: RegistryFront, secret: str) -> None:
    """The token is revoked; what it opened before is closed at once."""
    front.accounts = [replace(each, alive=each.alive and each.secret != secret) for each in front.accounts]
    front.tickets.clear()


def shown(server: Server, name: str) -> dict[str, Any]:
    return server.seaway("credentials", "show", name, "--json").json


def app_from(folder: Path, *bases: str, text: str = "hello") -> Path:
    """An app on the first base; files come from the others too."""
    made = busybox_app(folder, bases[0], SERVES, files={"index.html": text})
    dockerfile = made / "Dockerfile"
    copies = [f"COPY --from={base} /etc/passwd /www/passwd{n}" for n, base in enumerate(bases[1:])]
    lines = dockerfile.read_text().splitlines()
    dockerfile.write_text("\n".join([*lines[:2], *copies, *lines[2:], ""]))
    return made


def test_a_dead_login_in_both_stores_does_not_block_a_public_image(
    keeper: Server, front: RegistryFront, tmp_path: Path
) -> None:
    """The model case."""
    keep(keeper, front.host, BOT)
    die(front, BOT)
    folder = app_from(tmp_path / "app", f"{front.host}/acme/public:1", text="model case")
    told = keeper.deploy_live(folder, "model")
    assert keeper.ask("model.localhost").body == "model case"

    warnings = keeper.deployment(told["deployment"])["warnings"]
    # A machine that is short of disk says so beside it.
    (warning,) = [each for each in warnings if each["cause"] == "stale_credential_blocks_public"]
    assert front.host in warning["title"]
    assert f"seaway credentials rotate {front.host}" in warning["commands"]
    assert any("403 DENIED" in line for line in warning["evidence"])
    assert "apps that depend on it" not in warning["title"]

    kept = shown(keeper, front.host)
    assert kept["state"] == "refused"
    assert kept["finding"]["cause"] == "stale_credential_blocks_public"
    assert kept["apps"] == ["model"]
    assert "is marked as refused" in keeper.deployment_log(told["deployment"])
    assert "expired" not in front.logins_seen(), "docker's own login was never sent"


def test_the_planted_login_stops_docker_itself(keeper: Server, front: RegistryFront) -> None:
    """The control: the same image, by docker with the user's own configuration."""
    said = machine.docker("pull", "-q", f"{front.host}/acme/public:1", check=False, config=keeper.user_home / ".docker")
    assert said == ""


def test_a_private_image_with_a_dead_login_fails_before_anything_is_built_or_stopped(
    keeper: Server, front: RegistryFront, tmp_path: Path
) -> None:
    keep(keeper, front.host, BOT)
    private = f"{front.host}/acme/private:1"
    keeper.deploy_live(app_from(tmp_path / "one", private, text="serves"), "shut")
    keeper.deploy_live(app_from(tmp_path / "two", private, text="serves too"), "worker")
    before = [each["Id"] for each in keeper.settled_containers("shut")]
    images = keeper.images("shut")
    die(front, BOT)

    said = keeper.deploy(app_from(tmp_path / "new", private, text="never seen"), "shut")
    assert said.code == 1
    finding = said.json["finding"]
    assert finding["cause"] == "credential_expired_or_revoked"
    assert finding["evidence"][-1].startswith(f"apps that depend on {front.host}: ")
    assert finding["evidence"][-1].endswith("shut, worker")
    assert finding["commands"] == [f"seaway credentials rotate {front.host}"]
    steps = steps_of(keeper.deployment(said.json["deployment"]))
    assert (steps["prove"], steps["build"]) == ("failed", "skipped")
    assert [each["Id"] for each in keeper.containers("shut")] == before
    assert keeper.images("shut") == images
    assert keeper.ask("shut.localhost").body == "serves"
    assert shown(keeper, front.host)["state"] == "refused"


def test_a_renewed_secret_is_proved_on_what_depends_on_it_before_it_replaces_the_old_one(
    keeper: Server, front: RegistryFront, tmp_path: Path
) -> None:
    keep(keeper, front.host, BOT)
    private = f"{front.host}/acme/private:1"
    keeper.deploy_live(app_from(tmp_path / "app", private, text="first"), "renewed")
    rotate = ("credentials", "rotate", front.host, "--password-stdin", "--json")

    refused = typed(keeper, ONE, *rotate)
    assert refused.code == 1, "alive, and without a right on what the app needs"
    assert refused.json["error"]["cause"] == "no_role_on_repo"
    assert shown(keeper, front.host)["undo_until"] is None, "the old one stayed"

    fresh = github_token()
    front.accounts = [*front.accounts, Account(fresh, rights={"acme/private": PULL, "acme/public": PULL})]
    renewed = typed(keeper, fresh, *rotate)
    assert renewed.code == 0, renewed.err
    assert renewed.json["state"] == "proved"
    die(front, BOT)
    keeper.deploy_live(app_from(tmp_path / "app", private, text="second"), "renewed")
    assert keeper.ask("renewed.localhost").body == "second"

    assert keeper.seaway("credentials", "rotate", front.host, "--undo").code == 0
    checked = keeper.seaway("credentials", "check", front.host, "--json")
    assert checked.code == 1, "the secret before it is back, and dead"
    assert checked.json["state"] == "refused"


def test_two_accounts_of_one_host_serve_two_apps_at_once_and_one_dockerfile(
    keeper: Server, front: RegistryFront, tmp_path: Path
) -> None:
    one, two = f"{front.host}/acme/one", f"{front.host}/acme/two"
    keep(keeper, one, ONE)
    keep(keeper, two, TWO)
    with (
        keeper.begun("deploy", app_from(tmp_path / "1", f"{one}:1", text="one"), "--app", "first", "--json") as first,
        keeper.begun("deploy", app_from(tmp_path / "2", f"{two}:1", text="two"), "--app", "second", "--json") as second,
    ):
        assert (first.wait(120), second.wait(120)) == (0, 0)
    assert keeper.ask("first.localhost").body == "one"
    assert keeper.ask("second.localhost").body == "two"

    for image in (f"{one}:1", f"{two}:1"):
        machine.docker("rmi", "-f", image, check=False)
    told = keeper.deploy_live(app_from(tmp_path / "3", f"{one}:1", f"{two}:1", text="both"), "both")
    assert keeper.ask("both.localhost", "/passwd0").body.startswith("root:")
    log = keeper.deployment_log(told["deployment"])
    assert f"credential ✓ {one} (bot at {one}" in log
    assert f"credential ✓ {two} (bot at {two}" in log


def test_images_beside_the_base_are_proved_with_their_own_credential_too(
    keeper: Server, front: RegistryFront, tmp_path: Path
) -> None:
    one, two = f"{front.host}/acme/one", f"{front.host}/acme/two"
    keep(keeper, one, ONE)
    folder = app_from(tmp_path / "app", f"{one}:1")
    text = (folder / "Dockerfile").read_text()
    for line in (f"COPY --from={two}:1 /etc/passwd /www/two", f"RUN --mount=type=bind,from={two}:1,target=/two true"):
        (folder / "Dockerfile").write_text(text.replace("COPY www", f"{line}\nCOPY www"))
        said = keeper.deploy(folder, "beside")
        assert (said.code, said.json["finding"]["cause"]) == (1, "no_credential_sent"), line
        assert f"{two} is private" in said.json["finding"]["title"]
    keep(keeper, two, TWO)
    assert keeper.deploy(folder, "beside").code == 0


def test_a_private_syntax_image_is_proved_pulled_and_not_asked_for_by_the_build(
    keeper: Server, front: RegistryFront, tmp_path: Path
) -> None:
    """It is no frontend, so the build fails; not for want of a login, which it never has."""
    two = f"{front.host}/acme/two"
    folder = app_from(tmp_path / "app", f"{front.host}/acme/public:1")
    (folder / "Dockerfile").write_text(f"# syntax={two}:1\n{(folder / 'Dockerfile').read_text()}")
    refused = keeper.deploy(folder, "syntax")
    assert refused.json["finding"]["cause"] == "no_credential_sent"
    keep(keeper, two, TWO)
    front.asked.clear()
    said = keeper.deploy(folder, "syntax")
    assert steps_of(keeper.deployment(said.json["deployment"]))["prove"] == "done"
    asked = [each for each in front.token_requests if "acme/two" in str(each.query.get("scope"))]
    assert asked
    assert all(each.authorization for each in asked), "the build asked for it by itself, without a login"


def test_an_apps_own_credential_comes_before_one_for_all(keeper: Server, front: RegistryFront, tmp_path: Path) -> None:
    one = f"{front.host}/acme/one"
    keep(keeper, f"{front.host}/acme", ONE, "--app", "owner", "--name", "own")
    folder = app_from(tmp_path / "app", f"{one}:1")
    keeper.deploy_live(folder, "owner")
    other = keeper.deploy(folder, "stranger")
    assert (other.code, other.json["finding"]["cause"]) == (1, "no_credential_sent")
    keeper.seaway("destroy", "owner", "--yes")
    assert keeper.seaway("credentials", "show", "own").code == 1, "it went with its app"


def test_a_refused_login_is_not_kept_and_a_mistyped_one_is_not_even_sent(keeper: Server, front: RegistryFront) -> None:
    add = ("credentials", "add", front.host, "--username", "bot", "--password-stdin", "--json")
    dead = github_token()
    refused = typed(keeper, dead, *add)
    assert (refused.code, refused.json["error"]["cause"]) == (1, "credential_expired_or_revoked")
    mistyped = BOT[:-1] + ("a" if BOT[-1] != "a" else "b")
    assert typed(keeper, mistyped, *add).json["error"]["cause"] == "bad_credentials"
    assert dead in front.logins_seen()
    assert mistyped not in front.logins_seen()
    assert keeper.seaway("credentials", "list", "--json").json["credentials"] == []
    image = f"{front.host}/acme/two:1"
    assert typed(keeper, ONE, *add, "--image", image).json["error"]["cause"] == "no_role_on_repo"


def test_dockers_own_logins_are_taken_over_when_they_are_alive(
    keeper: Server, front: RegistryFront, tmp_path: Path
) -> None:
    hosts = {front.host: b64encode(f"bot:{BOT}".encode()).decode(), "http://127.0.0.1:1": b64encode(b"a:b").decode()}
    file = tmp_path / "config.json"
    file.write_text(json.dumps({"auths": {host: {"auth": auth} for host, auth in hosts.items()}}))
    looked = keeper.seaway("credentials", "import", file, "--check-only", "--json").json["entries"]
    assert [(each["prefix"], each["alive"], each["name"]) for each in looked] == [
        (front.host, True, None),
        ("127.0.0.1:1", None, None),
    ]
    taken = keeper.seaway("credentials", "import", file, "--json").json["entries"]
    assert taken[0]["name"] == front.host
    planted = keeper.seaway("credentials", "import", "--json").json["entries"]
    assert [each["alive"] for each in planted] == [False], "what the user's docker holds is dead"
    doctor = keeper.seaway("doctor", f"{front.host}/acme/private:1", "--credential", front.host, "--json")
    assert (doctor.code, doctor.json["verdict"]) == (0, "ok")


def test_the_vaults_key_is_renewed_and_everything_still_opens(
    keeper: Server, front: RegistryFront, tmp_path: Path
) -> None:
    keep(keeper, front.host, BOT)
    folder = app_from(tmp_path / "app", f"{front.host}/acme/private:1", text="sealed")
    keeper.deploy_live(folder, "sealed", "--env", "MOOD=calm")
    before = (keeper.home / "vault.key").read_text()
    said = keeper.seaway("vault", "rotate", "--json")
    assert said.code == 0, said.err
    assert said.json["values"] >= 4
    after = json.loads((keeper.home / "vault.key").read_text())
    assert list(after["keys"]) == [after["current"]] == [said.json["key"]]
    assert after["current"] != json.loads(before)["current"]
    keeper.terminate()
    keeper.start()
    assert keeper.seaway("restart", "sealed", "--json").code == 0
    (container,) = keeper.settled_containers("sealed")
    assert "MOOD=calm" in container["Config"]["Env"]
    assert keeper.seaway("credentials", "check", front.host).code == 0


def test_no_secret_of_a_credential_is_anywhere(keeper: Server, front: RegistryFront, tmp_path: Path) -> None:
    from e2e.test_secrets import Watcher

    watcher = Watcher(BOT)
    watcher.start()
    keep(keeper, front.host, BOT)
    folder = app_from(tmp_path / "app", f"{front.host}/acme/private:1", text="discreet")
    told = keeper.deploy_live(folder, "discreet")
    keeper.seaway("credentials", "check", front.host)
    watcher.stop()
    assert watcher.looks > 20
    assert watcher.seen == set(), "in no argument list"

    forms = (BOT.encode(), b64encode(f"bot:{BOT}".encode()))
    files = [path for path in (*keeper.home.rglob("*"), keeper.log) if path.is_file()]
    assert [path for path in files if any(form in path.read_bytes() for form in forms)] == []
    image = keeper.deployment(told["deployment"])["image"]
    told_anywhere = [
        machine.docker("history", "--no-trunc", image),
        machine.docker("image", "inspect", image),
        keeper.deployment_log(told["deployment"]),
        json.dumps(keeper.api("/api/v1/credentials")),
        json.dumps(keeper.api(f"/api/v1/credentials/{front.host}")),
        json.dumps(keeper.api(f"/api/v1/deployments/{told['deployment']}")),
        keeper.page(f"/deployments/{told['deployment']}"),
        keeper.seaway("credentials", "show", front.host).out,
    ]
    assert not any(BOT in text or "ghp_" in text for text in told_anywhere)
