"""Logins that docker and podman keep: real files, and real helper programs on a PATH of the test's own."""

import json
import stat
from base64 import b64encode
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seaway.core.image import parse_image
from seaway.core.secret import Secret
from seaway.doors.docker_config import DockerConfigDoor, Place, near_keys, parse_config

SECRET = "hunter2-secret"


def entry(user: str = "alice", password: str = SECRET) -> dict[str, str]:
    return {"auth": b64encode(f"{user}:{password}".encode()).decode()}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / ".docker").mkdir()
    return tmp_path


def docker_file(home: Path, data: object) -> None:
    (home / ".docker/config.json").write_text(data if isinstance(data, str) else json.dumps(data))


def helper(home: Path, name: str, script: str) -> dict[str, str]:
    """A helper program, and the environment in which it is found."""
    folder = home / "bin"
    folder.mkdir(exist_ok=True)
    program = folder / f"docker-credential-{name}"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return {"PATH": f"{folder}:/usr/bin:/bin"}


async def find(home: Path, image: str, env: dict[str, str] | None = None):
    return await DockerConfigDoor(env or {}, home).find(parse_image(image))


@pytest.mark.parametrize(
    ("key", "image"),
    [
        ("ghcr.io", "ghcr.io/acme/web"),
        ("https://ghcr.io/", "ghcr.io/acme/web"),
        ("https://ghcr.io/v1/", "ghcr.io/acme/web"),
        ("https://index.docker.io/v1/", "nginx"),
        ("registry.corp:5000", "registry.corp:5000/a/b"),
    ],
)
async def test_docker_finds_a_login_under_each_way_of_writing_the_host(home, key, image):
    docker_file(home, {"auths": {key: entry()}})
    found = await find(home, image)
    assert found.credential is not None
    assert (found.credential.username, found.credential.secret) == ("alice", Secret(SECRET))
    assert found.flaws == ()


@pytest.mark.parametrize(
    ("key", "image"),
    [
        ("ghcr.io:443", "ghcr.io/acme/web"),
        ("registry.corp:5001", "registry.corp:5000/a/b"),
        ("registry-1.docker.io", "nginx"),
        ("https://index.docker.io/v2/", "nginx"),
    ],
)
async def test_a_login_under_a_key_that_nobody_looks_up_is_pointed_out(home, key, image):
    docker_file(home, {"auths": {key: entry()}})
    found = await find(home, image)
    assert (found.credential, found.near_keys) == (None, (key,))


def test_other_hosts_are_not_near():
    assert near_keys(("quay.io", "ghcr.io.evil.test", "https://index.docker.io/v1/"), parse_image("ghcr.io/a/b")) == ()


async def test_an_identity_token_is_known_as_one(home):
    docker_file(home, {"auths": {"acme.azurecr.io": {"auth": "", "identitytoken": "refresh"}}})
    found = await find(home, "acme.azurecr.io/web")
    assert found.credential is not None
    assert found.credential.kind.name == "IDENTITY"


async def test_the_environment_wins_over_the_file(home):
    docker_file(home, {"auths": {"ghcr.io": entry("file")}})
    env = {"DOCKER_AUTH_CONFIG": json.dumps({"auths": {"ghcr.io": entry("environment")}})}
    found = await find(home, "ghcr.io/a/b", env)
    assert found.credential is not None
    assert found.credential.username == "environment"


async def test_another_folder_can_be_named(home, tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other/config.json").write_text(json.dumps({"auths": {"ghcr.io": entry("other")}}))
    docker_file(home, {"auths": {"ghcr.io": entry("default")}})
    found = await find(home, "ghcr.io/a/b", {"DOCKER_CONFIG": str(tmp_path / "other")})
    assert found.credential is not None
    assert found.credential.username == "other"


async def test_podman_keeps_a_login_per_repository(home):
    auth = home / ".config/containers/auth.json"
    auth.parent.mkdir(parents=True)
    auth.write_text(json.dumps({"auths": {"ghcr.io": entry("all"), "ghcr.io/acme/web": entry("web"), "quay.io": {}}}))
    assert [
        found.credential.username if found.credential else None
        for found in [await find(home, image) for image in ("ghcr.io/acme/web", "ghcr.io/acme/website", "quay.io/a/b")]
    ] == ["web", "all", None]


async def test_a_helper_is_asked_with_the_host_on_its_standard_input(home):
    answer = json.dumps({"ServerURL": "x", "Username": "bob", "Secret": SECRET})
    env = helper(home, "test", f'test "$1" = get && test "$(cat)" = ghcr.io && test $# = 1 && echo \'{answer}\'')
    docker_file(home, {"credsStore": "test", "auths": {"ghcr.io": {}}})
    found = await find(home, "ghcr.io/a/b", env)
    assert found.credential is not None
    assert (found.credential.username, found.credential.secret) == ("bob", Secret(SECRET))


async def test_a_hosts_own_helper_beats_the_store_and_the_store_beats_the_file(home):
    env = helper(home, "own", """echo '{"Username": "own", "Secret": "s"}'""")
    helper(home, "store", """echo '{"Username": "store", "Secret": "s"}'""")
    docker_file(home, {"credHelpers": {"ghcr.io": "own"}, "credsStore": "store", "auths": {"quay.io": entry()}})
    own, store = await find(home, "ghcr.io/a/b", env), await find(home, "quay.io/a/b", env)
    assert own.credential is not None
    assert store.credential is not None
    assert (own.credential.username, store.credential.username) == ("own", "store")


@pytest.mark.parametrize(
    ("script", "cause"),
    [
        ("echo credentials not found in native keychain; exit 1", None),
        ("echo User interaction is not allowed.; exit 1", "credential_helper_failed"),
        ("exit 3", "credential_helper_failed"),
        ("echo not json", "credential_helper_failed"),
        ("echo []", "credential_helper_failed"),
    ],
)
async def test_a_helper_without_an_entry_is_told_from_one_that_fails(home, script, cause):
    env = helper(home, "test", script)
    docker_file(home, {"credsStore": "test"})
    found = await find(home, "ghcr.io/a/b", env)
    assert found.credential is None
    assert [flaw.cause for flaw in found.flaws] == ([cause] if cause else [])


@pytest.mark.parametrize("name", ["absent", "../../evil", "a b", "-x", "x;y"])
async def test_a_helper_that_is_not_there_or_cannot_be_one(home, name):
    docker_file(home, {"credsStore": name})
    found = await find(home, "ghcr.io/a/b", {"PATH": str(home)})
    assert [flaw.cause for flaw in found.flaws] == ["credential_helper_missing"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '"x"',
        "{}}",
        "\x00",
        '{"auths": {"ghcr.io": {"auth": "%%%"}}}',
        '{"auths": {"ghcr.io": {"auth": "YQ=="}}}',
    ],
)
async def test_a_broken_file_is_a_flaw_and_no_crash(home, text):
    docker_file(home, text)
    found = await find(home, "ghcr.io/a/b")
    assert (found.credential, [flaw.cause for flaw in found.flaws]) == (None, ["config_json_corrupt"])


async def test_no_file_at_all_is_fine(home):
    assert await find(home, "ghcr.io/a/b") == await find(home / "elsewhere", "ghcr.io/a/b")


async def test_everything_can_be_listed_for_an_import(home):
    env = helper(home, "gcloud", """cat >/dev/null; echo '{"Username": "g", "Secret": "s"}'""")
    auths = {"ghcr.io": entry("alice"), "quay.io": entry("carol"), "empty.test": {}, "bad.test": {"auth": "%"}}
    docker_file(home, {"auths": auths, "credHelpers": {"gcr.io": "gcloud"}})
    found, flaws = await DockerConfigDoor(env, home).every()
    assert [(each.prefix, each.username) for each in found] == [
        ("ghcr.io", "alice"),
        ("quay.io", "carol"),
        ("gcr.io", "g"),
    ]
    assert [flaw.where for flaw in flaws] == ["bad.test"]


async def test_the_file_is_never_written(home):
    docker_file(home, {"auths": {"ghcr.io": entry()}})
    before = (home / ".docker/config.json").stat()
    await find(home, "ghcr.io/a/b")
    assert (home / ".docker/config.json").stat().st_mtime_ns == before.st_mtime_ns
    assert [path.name for path in (home / ".docker").iterdir()] == ["config.json"]


async def test_no_secret_is_printed(home):
    docker_file(home, {"auths": {"ghcr.io": entry(), "quay.io": {"auth": f"{SECRET}%"}}})
    door = DockerConfigDoor({}, home)
    told = repr(door.files()) + repr(await find(home, "ghcr.io/a/b")) + repr(await door.every())
    assert SECRET not in told
    assert entry()["auth"] not in told


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["auths", "credHelpers", "ghcr.io", "auth", "identitytoken", "x"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(_JSON)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
async def test_whatever_is_in_the_file_it_is_read_or_found_broken(home, data):
    docker_file(home, data)
    await find(home, "ghcr.io/a/b")


@given(st.text())
def test_any_text_is_a_file_or_a_flaw(text):
    parse_config(Place(Path("x")), text)
