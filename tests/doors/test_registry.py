"""The registry door against the real docker-registry: open, with passwords, and with tokens of a token server."""

import asyncio
from collections.abc import Iterator

import pytest

from registry_fixtures import Registry, basic_registry, open_registry, push_image, running_registry, token_auth
from registry_parts import PULL, PUSH, credential, door, http, image, link
from seaway.doors.registry import RegistryDoor
from simulators.token_server import TokenServer, User

__all__ = ["basic_registry", "door", "http", "open_registry"]


async def test_an_open_registry_needs_no_login(door: RegistryDoor, open_registry: Registry):
    digest = push_image(open_registry, "team/app", "1")
    proof = await door.prove(image(open_registry.host, "team/app:1"), None)
    assert (proof.verdict, proof.digest, proof.credential, proof.finding) == ("ok", digest, None, None)
    assert str(proof.pinned) == f"{open_registry.host}/team/app@{digest}"
    assert [each.name for each in proof.links] == [
        "reference", "dns", "tcp", "tls", "challenge", "credential", "token", "manifest", "digest",
    ]  # fmt: skip


async def test_a_digest_is_proved_like_a_tag(door: RegistryDoor, open_registry: Registry):
    digest = push_image(open_registry, "team/app", "1")
    proof = await door.prove(image(open_registry.host, f"team/app@{digest}"), None)
    assert proof.ok
    assert proof.digest == digest


async def test_a_missing_tag_is_told_with_those_that_exist(door: RegistryDoor, open_registry: Registry):
    push_image(open_registry, "team/tags", "1.2")
    proof = await door.prove(image(open_registry.host, "team/tags:1.3"), None)
    assert proof.finding is not None
    assert proof.finding.cause == "tag_not_found"
    assert "1.2" in proof.finding.remedy


async def test_a_missing_repository_is_not_taken_for_a_missing_tag(door: RegistryDoor, open_registry: Registry):
    proof = await door.prove(image(open_registry.host, "team/nowhere:1"), None)
    assert proof.finding is not None
    assert proof.finding.cause == "repository_not_found"


async def test_the_platforms_of_an_index_are_read_and_compared(door: RegistryDoor, open_registry: Registry):
    push_image(open_registry, "team/multi", "1", "amd64", "arm64")
    ref = image(open_registry.host, "team/multi:1")
    here = await door.prove(ref, None, platform="linux/arm64")
    assert (here.verdict, here.platforms) == ("ok", ("linux/amd64", "linux/arm64"))
    there = await door.prove(ref, None, platform="linux/s390x")
    assert there.finding is not None
    assert (there.verdict, there.finding.cause) == ("broken", "platform_mismatch")


async def test_the_platform_of_a_single_image_is_in_its_configuration(door: RegistryDoor, open_registry: Registry):
    push_image(open_registry, "team/single", "1", "arm64")
    proof = await door.prove(image(open_registry.host, "team/single:1"), None, thorough=True)
    assert proof.platforms == ("linux/arm64",)


async def test_basic_login_opens_and_its_absence_does_not(door: RegistryDoor, basic_registry: Registry):
    digest = push_image(basic_registry, "team/app", "1", login="alice:wonderland")
    ref = image(basic_registry.host, "team/app:1")
    allowed = await door.prove(ref, credential(basic_registry.host, "wonderland"))
    assert (allowed.verdict, allowed.digest, allowed.credential) == ("ok", digest, "mine")
    bare = await door.prove(ref, None)
    wrong = await door.prove(ref, credential(basic_registry.host, "looking-glass"))
    assert bare.finding is not None
    assert wrong.finding is not None
    assert (bare.finding.cause, wrong.finding.cause) == ("no_credential_sent", "bad_credentials")
    assert (wrong.credential, wrong.refused) == (None, "mine")


async def test_the_right_to_push_is_proved_without_writing(door: RegistryDoor, basic_registry: Registry):
    ref = image(basic_registry.host, "team/new:1")
    proof = await door.prove(ref, credential(basic_registry.host, "wonderland"), push=True)
    assert (proof.verdict, proof.digest, link(proof, "push").ok) == ("ok", None, True)
    refused = await door.prove(ref, credential(basic_registry.host, "looking-glass"), push=True)
    assert (refused.verdict, link(refused, "manifest").ok, link(refused, "push").ok) == ("broken", False, None)
    listed = basic_registry.request("GET", "/v2/team/new/tags/list", login="alice:wonderland")
    assert listed.status == 404


@pytest.fixture(scope="module", params=["ES256", "RS256"])
def token_registry(request, tmp_path_factory) -> Iterator[tuple[Registry, TokenServer]]:
    """Token login as docker-registry checks it: alice may do all in team/, bob may read, anybody reads open/app."""
    folder = tmp_path_factory.mktemp("token-registry")
    users = {
        "alice": User("wonderland", {"team/app": PUSH, "open/app": PUSH}),
        "bob": User("builder", {"team/app": PULL}),
    }
    with TokenServer(folder, users, {"open/app": PULL}, algorithm=request.param) as tokens:
        auth = token_auth(tokens.realm, tokens.service, tokens.issuer, tokens.certificate)
        with running_registry(folder / "registry", auth) as registry:
            bearer = f"Bearer {tokens._signed('alice', _all_rights())}"
            for repository in ("team/app", "open/app"):
                push_image(registry, repository, "1", authorization=bearer)
            yield registry, tokens


def _all_rights() -> list[dict[str, object]]:
    return [{"type": "repository", "name": name, "actions": ["pull", "push"]} for name in ("team/app", "open/app")]


@pytest.mark.parametrize(
    ("user", "repository", "push", "outcome"),
    [
        (None, "open/app", False, ("ok", None)),
        (None, "team/app", False, ("broken", "no_credential_sent")),
        ("alice:wonderland", "team/app", False, ("ok", None)),
        ("alice:wonderland", "team/app", True, ("ok", None)),
        ("bob:builder", "team/app", False, ("ok", None)),
        ("bob:builder", "team/app", True, ("broken", "missing_scope_write")),
        ("bob:builder", "team/other", False, ("broken", "no_role_on_repo")),
        ("alice:wrong", "team/app", False, ("broken", "bad_credentials")),
        ("alice:wrong", "open/app", False, ("degraded", "stale_credential_blocks_public")),
        ("alice:wrong", "open/app", True, ("broken", "bad_credentials")),
    ],
)
async def test_token_login_is_proved_as_docker_registry_sees_it(
    door: RegistryDoor, token_registry, user, repository, push, outcome
):
    registry, _ = token_registry
    name, _, password = (user or ":").partition(":")
    login = credential(registry.host, password, username=name) if user else None
    proof = await door.prove(image(registry.host, f"{repository}:1"), login, push=push)
    assert (proof.verdict, proof.finding.cause if proof.finding else None) == outcome


async def test_a_token_is_kept_and_one_request_serves_many_proofs(door: RegistryDoor, token_registry):
    registry, tokens = token_registry
    before = tokens.tokens_given
    ref = image(registry.host, "open/app:1")
    proofs = await asyncio.gather(*(door.prove(ref, None) for _ in range(5)))
    await door.prove(ref, None)
    assert all(proof.ok for proof in proofs)
    assert tokens.tokens_given == before + 1


async def test_a_token_of_one_credential_never_serves_another(door: RegistryDoor, token_registry):
    registry, _ = token_registry
    ref = image(registry.host, "team/app:1")
    assert (await door.prove(ref, credential(registry.host, "builder", "bob", "bob"))).ok
    assert not (await door.prove(ref, None)).ok
    assert not (await door.prove(ref, credential(registry.host, "wrong", "bob", "bob"))).ok
