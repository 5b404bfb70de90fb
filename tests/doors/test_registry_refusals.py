"""What the registry door makes of each registry's way of saying no, and of GitHub's opinion of a token."""

import asyncio
import json
from base64 import b64encode
from dataclasses import replace

import pytest

from registry_fixtures import digest_of
from registry_parts import CLASSIC, DEAD, LIVE, PULL, STRANGER, a_front, credential, door, front, http, image, link
from seaway.core.destination import ANY_MACHINE
from seaway.doors.github_issuer import GithubIssuer
from seaway.doors.http import HttpPipe
from seaway.doors.registry import RegistryDoor
from seaway.registries import all_kinds
from simulators.registry_front import (
    ALL_MANNERS,
    DOCKER_HUB,
    GHCR,
    GITLAB,
    Account,
    Package,
    RegistryFront,
    Trouble,
    error,
    manifest_named,
)

__all__ = ["door", "front", "http"]


OUTCOMES = {
    ("public", None): {"*": ("ok", None)},
    ("public", LIVE): {"*": ("ok", None)},
    ("public", DEAD): {"*": ("degraded", "stale_credential_blocks_public")},
    ("public", STRANGER): {"*": ("ok", None)},
    ("private", None): {"*": ("broken", "no_credential_sent")},
    ("private", LIVE): {"*": ("ok", None)},
    ("private", DEAD): {"ghcr": ("broken", "credential_expired_or_revoked"), "*": ("broken", "bad_credentials")},
    ("private", STRANGER): {"*": ("broken", "no_role_on_repo")},
    ("absent", LIVE): {"*": ("broken", "no_role_on_repo")},
}


@pytest.mark.parametrize(("package", "secret"), OUTCOMES)
async def test_each_registrys_way_of_saying_no_is_understood(door: RegistryDoor, front: RegistryFront, package, secret):
    login = credential(front.host, secret) if secret else None
    proof = await door.prove(image(front.host, f"acme/{package}:1"), login)
    expected = OUTCOMES[package, secret]
    assert (proof.verdict, proof.finding.cause if proof.finding else None) == expected.get(
        front.manners.name, expected["*"]
    )


async def test_a_dead_login_never_blocks_a_public_image(door: RegistryDoor):
    with a_front() as front:
        proof = await door.prove(image(front.host, "acme/public:1"), credential(front.host, DEAD))
        assert proof.ok
        assert (proof.credential, proof.refused) == (None, "mine")
        assert proof.digest == digest_of(manifest_named("public"))
        assert (link(proof, "credential").ok, link(proof, "token").ok, link(proof, "manifest").ok) == (
            False,
            True,
            True,
        )
        assert front.logins_seen() == [DEAD], "a refused credential is not shown twice"


async def test_a_push_never_falls_back_to_nobody(door: RegistryDoor):
    with a_front() as front:
        proof = await door.prove(image(front.host, "acme/public:1"), credential(front.host, DEAD), push=True)
        assert not proof.ok
        assert proof.refused == "mine"
        assert not [asked for asked in front.token_requests if asked.authorization is None]


@pytest.mark.parametrize(
    ("manners", "secret", "linked", "cause"),
    [
        (GHCR, LIVE, True, None),
        (GHCR, LIVE, False, "package_not_linked"),
        (GHCR, "reader-secret-1", True, "missing_scope_write"),
        (GHCR, DEAD, True, "credential_expired_or_revoked"),
        (DOCKER_HUB, "reader-secret-1", True, "missing_scope_write"),
        (GITLAB, "reader-secret-1", True, "missing_scope_write"),
        (GITLAB, STRANGER, True, "no_role_on_repo"),
    ],
)
async def test_a_refused_push_is_told_from_a_refused_login(door: RegistryDoor, manners, secret, linked, cause):
    with a_front(manners) as front:
        front.packages["acme/private"] = replace(front.packages["acme/private"], linked=linked)
        proof = await door.prove(image(front.host, "acme/private:1"), credential(front.host, secret), push=True)
    assert (proof.finding.cause if proof.finding else None) == cause


async def test_two_credentials_of_one_host_are_used_side_by_side(door: RegistryDoor):
    with a_front() as front:
        front.accounts[:] = [Account("one", rights={"acme/private": PULL}), Account("two", rights={"beta/app": PULL})]
        front.packages["beta/app"] = Package(False, {"1": manifest_named("beta")})
        first, second, crossed = await asyncio.gather(
            door.prove(image(front.host, "acme/private:1"), credential(front.host, "one", "one")),
            door.prove(image(front.host, "beta/app:1"), credential(front.host, "two", "two")),
            door.prove(image(front.host, "beta/app:1"), credential(front.host, "one", "one")),
        )
    assert (first.credential, second.credential) == ("one", "two")
    assert not crossed.ok


async def test_a_thorough_proof_finds_the_same(door: RegistryDoor, front: RegistryFront):
    for package, secret in OUTCOMES:
        login = credential(front.host, secret) if secret else None
        ref = image(front.host, f"acme/{package}:1")
        quick = await door.prove(ref, login)
        full = await door.prove(ref, login, thorough=True)
        assert (quick.verdict, quick.refused) == (full.verdict, full.refused)
        assert (quick.finding and quick.finding.cause) == (full.finding and full.finding.cause)


async def proof_with_issuer(http: HttpPipe, front: RegistryFront, secret: str, name: str = "acme/private:1", **options):
    issuer = GithubIssuer(http, front.url, hosts=(front.host,), destination=ANY_MACHINE)
    door = RegistryDoor(http, kinds=all_kinds(), issuers=[issuer])
    return await door.prove(image(front.host, name), credential(front.host, secret), **options)


@pytest.mark.parametrize(
    ("account", "cause", "word"),
    [
        (Account(CLASSIC, alive=False), "credential_expired_or_revoked", "401"),
        (Account(CLASSIC, scopes=frozenset()), "missing_scope_read", "scopes: none"),
        (Account(CLASSIC, sso_url="https://github.com/orgs/acme/sso?x=1"), "sso_not_authorized", "403"),
        (Account(CLASSIC), "no_role_on_repo", "read:packages"),
    ],
)
async def test_github_says_why_its_token_is_refused(http: HttpPipe, account, cause, word):
    with a_front() as front:
        front.accounts[:] = [account]
        proof = await proof_with_issuer(http, front, CLASSIC)
    assert proof.finding is not None
    assert proof.finding.cause == cause
    assert word in " ".join(proof.finding.evidence)


async def test_the_expiry_that_github_tells_is_shown(http: HttpPipe):
    with a_front() as front:
        front.accounts[:] = [Account(CLASSIC, rights={"acme/private": PULL}, expires="2031-03-31 00:00:00 +0900")]
        proof = await proof_with_issuer(http, front, CLASSIC, thorough=True)
    assert proof.verdict == "ok"
    assert "GitHub says it expires 2031-03-30" in link(proof, "credential").evidence


async def test_a_mistyped_classic_token_is_not_even_sent(http: HttpPipe):
    with a_front() as front:
        wrong = CLASSIC[:-1] + "8"
        proof = await proof_with_issuer(http, front, wrong)
        public = await proof_with_issuer(http, front, wrong, "acme/public:1")
        assert front.logins_seen() == []
        assert not [asked for asked in front.asked if asked.path == "/user"]
    assert proof.finding is not None
    assert proof.finding.cause == "bad_credentials"
    assert (public.ok, public.refused) == (True, "mine")


async def test_a_fine_grained_token_is_named_for_what_it_is(door: RegistryDoor):
    with a_front() as front:
        proof = await door.prove(image(front.host, "acme/private:1"), credential(front.host, "github_pat_11ABCDEFG_x"))
    assert proof.finding is not None
    assert proof.finding.cause == "token_type_unsupported"


@pytest.mark.parametrize("secret", [LIVE, DEAD, STRANGER, CLASSIC])
@pytest.mark.parametrize("push", [False, True])
async def test_no_secret_is_in_a_proof_or_a_url(http: HttpPipe, secret, push):
    """Not even when the registry says it back, as it is or as the header carried it."""
    header = b64encode(f"alice:{secret}".encode()).decode()
    for manners in ALL_MANNERS.values():
        with a_front(manners) as front:
            echo = error(401, secret, f"wrong password {secret} in {header}")
            front.troubles.append(Trouble(manners.realm_path, echo))
            proofs = [
                await RegistryDoor(http, kinds=all_kinds()).prove(
                    image(front.host, f"acme/{name}:1"), credential(front.host, secret), push=push
                )
                for name in ("private", "public")
            ]
            told = json.dumps([proof.as_json() for proof in proofs]) + repr(proofs)
            assert secret not in told
            assert header not in told
            assert not [asked for asked in front.asked if secret in asked.target]
