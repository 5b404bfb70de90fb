"""The Docker door: against the real daemon, and against one that answers as daemons rarely do."""

import asyncio
import base64
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from docker_fixtures import OWNER, busybox_root, chunks
from seaway.core.credential import IDENTITY_TOKEN_USER, Credential
from seaway.core.image import parse_image
from seaway.core.secret import Secret
from seaway.doors.docker import (
    DockerDiskFull,
    DockerDoor,
    DockerNotRunning,
    DockerRefused,
    DockerTooOld,
    NoDockerPermission,
    PullRefused,
)

VERSION = {"Version": "26.1.5", "ApiVersion": "1.45", "MinAPIVersion": "1.24"}
CREDENTIAL = Credential("acme", "ghcr.io/acme", "me", Secret("pa/ss+word?"))


class Daemon:
    """Answers what it was told to, by the end of the request's line; keeps what it was asked."""

    def __init__(self, answers: dict[str, tuple[int, bytes]]) -> None:
        self.answers = {"/version": (200, json.dumps(VERSION).encode()), **answers}
        self.asked: list[tuple[str, dict[str, str]]] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            first, *rest = head.decode().splitlines()
            headers = dict(line.lower().split(": ", 1) for line in rest if line)
            raw = dict(line.split(": ", 1) for line in rest if line)
            self.asked.append((first, {name.lower(): value for name, value in raw.items()}))
            await reader.readexactly(int(headers.get("content-length", 0)))
            path = first.split()[1].partition("?")[0]
            status, body = next(answer for end, answer in self.answers.items() if path.endswith(end))
            writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
            await writer.drain()


@asynccontextmanager
async def answering(folder: Path, **answers: tuple[int, bytes]) -> AsyncIterator[tuple[DockerDoor, Daemon]]:
    daemon = Daemon({f"/{path.replace('__', '/')}": answer for path, answer in answers.items()})
    server = await asyncio.start_unix_server(daemon, folder / "d.sock")
    door = DockerDoor(folder / "d.sock")
    yield door, daemon
    await door.close()
    server.close()


def refusal(message: str) -> bytes:
    return json.dumps({"message": message}).encode()


def login_sent(daemon: Daemon) -> dict[str, str]:
    header = next(headers["x-registry-auth"] for first, headers in daemon.asked if "/images/create" in first)
    login: dict[str, str] = json.loads(base64.urlsafe_b64decode(header))
    return login


async def test_a_daemon_that_does_not_run_is_told_with_the_way_to_start_it(tmp_path: Path) -> None:
    door = DockerDoor(tmp_path / "none.sock", start_remedy="Start it with `make docker`.")
    with pytest.raises(DockerNotRunning, match=r"does not answer on .*none.sock. Start it with `make docker`"):
        await door.exists("x")
    await door.close()


async def test_a_socket_that_may_not_be_opened_names_the_group(tmp_path: Path) -> None:
    server = await asyncio.start_unix_server(lambda *_: None, tmp_path / "d.sock")
    (tmp_path / "d.sock").chmod(0)
    door = DockerDoor(tmp_path / "d.sock")
    was = os.geteuid()
    try:
        if was == 0:
            os.seteuid(65534)
        with pytest.raises(NoDockerPermission, match="usermod -aG docker"):
            await door.version()
    finally:
        os.seteuid(was)
        await door.close()
        server.close()


@pytest.mark.parametrize(
    ("newest", "oldest", "asked"),
    [
        ("1.45", "1.24", "/v1.45/"),
        ("1.44", "1.24", "/v1.44/"),
        ("1.52", "1.44", "/v1.45/"),
        ("1.60", "1.50", "/v1.50/"),
    ],
)
async def test_the_api_version_is_ours_or_the_nearest(tmp_path: Path, newest: str, oldest: str, asked: str) -> None:
    told = json.dumps({"Version": "27", "ApiVersion": newest, "MinAPIVersion": oldest}).encode()
    async with answering(tmp_path, version=(200, told), images__x__json=(200, b"{}")) as (door, daemon):
        assert await door.exists("x")
    assert f" {asked}images/x/json" in daemon.asked[-1][0]


async def test_a_daemon_that_is_too_old_is_named(tmp_path: Path) -> None:
    told = json.dumps({"Version": "20.10.5", "ApiVersion": "1.41", "MinAPIVersion": "1.12"}).encode()
    async with answering(tmp_path, version=(200, told)) as (door, _):
        with pytest.raises(DockerTooOld, match=r"Docker 20\.10\.5 speaks .* Upgrade"):
            await door.exists("x")


async def test_a_daemons_refusal_keeps_its_words(tmp_path: Path) -> None:
    async with answering(tmp_path, x=(500, refusal("out of sequence"))) as (door, _):
        with pytest.raises(DockerRefused) as caught:
            await door.call("POST", "/x")
    assert (caught.value.status, caught.value.evidence) == (500, ("out of sequence",))


async def test_a_full_disk_is_told_as_such(tmp_path: Path) -> None:
    async with answering(tmp_path, x=(500, refusal("write /var/lib: no space left on device"))) as (door, _):
        with pytest.raises(DockerDiskFull, match="docker system df"):
            await door.call("POST", "/x")


async def test_a_daemon_that_dies_in_the_middle_is_not_running(tmp_path: Path) -> None:
    async def die(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
        writer.close()

    server = await asyncio.start_unix_server(die, tmp_path / "d.sock")
    door = DockerDoor(tmp_path / "d.sock")
    with pytest.raises(DockerNotRunning):
        await door.version()
    await door.close()
    server.close()


async def test_a_login_travels_with_the_pull_that_needs_it(tmp_path: Path) -> None:
    done = b'{"status":"Pulling from acme/app","id":"1"}\r\n{"status":"Loading","progressDetail":{"current":1}}\r\n'
    told = {"Id": "sha256:abc", "Size": 1, "Config": None}
    said: list[str] = []
    answers = {"images__create": (200, done), "images__ghcr.io__acme__app:1__json": (200, json.dumps(told).encode())}
    async with answering(tmp_path, **answers) as (door, daemon):
        assert await door.pull(parse_image("ghcr.io/acme/app:1"), CREDENTIAL, said.append) == "sha256:abc"
    assert login_sent(daemon) == {"username": "me", "password": "pa/ss+word?", "serveraddress": "ghcr.io"}
    assert said == ["1: Pulling from acme/app"]


async def test_an_identity_token_is_sent_as_one_and_no_login_as_none(tmp_path: Path) -> None:
    told = json.dumps({"Id": "sha256:abc", "Size": 1, "Config": {}}).encode()
    token = Credential("t", "ghcr.io", IDENTITY_TOKEN_USER, Secret("tok"))
    for credential, login in ((token, {"identitytoken": "tok", "serveraddress": "ghcr.io"}), (None, {})):
        folder = tmp_path / str(credential is None)
        folder.mkdir()
        async with answering(folder, images__create=(200, b""), json=(200, told)) as (door, daemon):
            await door.pull(parse_image("ghcr.io/acme/app:1"), credential, lambda _: None)
        assert login_sent(daemon) == login


async def test_a_pull_by_digest_sets_the_tag_that_it_was_proved_for(tmp_path: Path) -> None:
    told = json.dumps({"Id": "sha256:abc", "Size": 1, "Config": {}}).encode()
    image = parse_image("ghcr.io/acme/app:1@sha256:" + "a" * 64)
    async with answering(tmp_path, images__create=(200, b""), json=(200, told), tag=(201, b"")) as (door, daemon):
        await door.pull(image, None, lambda _: None)
    asked = [first.split()[1].removeprefix("/v1.45") for first, _ in daemon.asked]
    digest = "sha256%3A" + "a" * 64
    assert asked[1] == f"/images/create?fromImage=ghcr.io%2Facme%2Fapp&tag={digest}"
    assert asked[2].endswith("/tag?repo=ghcr.io%2Facme%2Fapp&tag=1")


@pytest.mark.parametrize(
    "answer",
    [
        (200, b'{"status":"x"}\r\n{"errorDetail":{"message":"denied: denied"},"error":"denied: denied"}\r\n'),
        (404, refusal("denied: denied")),
        (500, refusal("denied: denied")),
    ],
)
async def test_a_refused_pull_is_raised_with_the_registrys_words(tmp_path: Path, answer: tuple[int, bytes]) -> None:
    async with answering(tmp_path, images__create=answer) as (door, _):
        with pytest.raises(PullRefused, match=r"seaway doctor ghcr.io/acme/app:1") as caught:
            await door.pull(parse_image("ghcr.io/acme/app:1"), CREDENTIAL, lambda _: None)
    assert caught.value.evidence == ("denied: denied",)
    assert "pa/ss" not in str(caught.value)


@pytest.mark.docker
async def test_an_image_is_made_found_tagged_and_removed(docker: DockerDoor) -> None:
    tag, other = f"seaway-test/store:{OWNER}", f"seaway-test/other:{OWNER}"
    labels = {"seaway.instance": OWNER, "seaway.kind": "store test"}
    changes = [*(f'LABEL {name}="{value}"' for name, value in labels.items()), "EXPOSE 8080", "EXPOSE 53/udp"]
    image = await docker.import_tar(chunks(busybox_root()), tag, [*changes, 'ENTRYPOINT ["a"]', 'CMD ["b"]'])
    facts = await docker.facts(tag)
    assert (facts.id, facts.exposed_ports, facts.command) == (image, (8080,), ("a", "b"))
    assert facts.size_bytes > 1_000_000
    assert labels.items() <= facts.labels.items()
    assert await docker.find(labels) == image
    assert await docker.find({**labels, "seaway.kind": "another"}) is None
    await docker.tag(image, other)
    assert await docker.exists(other)
    for name in (tag, other, other):
        await docker.remove(name)
    assert not await docker.exists(image)


@pytest.mark.docker
async def test_a_missing_image_is_absent_and_its_facts_are_refused(docker: DockerDoor) -> None:
    assert not await docker.exists("seaway-test/none:1")
    with pytest.raises(DockerRefused, match="seaway-test/none"):
        await docker.facts("seaway-test/none:1")


@pytest.mark.docker
async def test_many_followed_streams_do_not_hold_up_a_call(docker: DockerDoor) -> None:
    async def follow() -> None:
        async with docker.stream("GET", "/events", params={"filters": '{"label":["seaway.instance=none"]}'}) as events:
            async for _ in events:
                pass

    followers = [asyncio.create_task(follow()) for _ in range(150)]
    await asyncio.sleep(0.5)
    async with asyncio.timeout(5):
        await docker.call("GET", "/_ping")
    for each in followers:
        each.cancel()
    assert all(isinstance(e, asyncio.CancelledError) for e in await asyncio.gather(*followers, return_exceptions=True))
