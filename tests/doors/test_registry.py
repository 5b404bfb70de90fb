"""The registry door against the real docker-registry and against simulated fronts, over real sockets."""

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from registry_fixtures import (
    Registry,
    authority,
    basic_registry,
    digest_of,
    open_registry,
    push_image,
    running_registry,
    token_auth,
)
from seaway.core.credential import Credential
from seaway.core.destination import ANY_MACHINE, PUBLIC_ONLY
from seaway.core.image import ImageRef, parse_image
from seaway.core.secret import Secret
from seaway.doors.github_issuer import GithubIssuer
from seaway.doors.http import HttpPipe
from seaway.doors.network import Trust
from seaway.doors.registry import RegistryDoor
from seaway.registries import all_kinds
from simulators.authority import Authority
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
    json_reply,
    manifest_named,
)
from simulators.small_server import Asked, Reply, SmallServer
from simulators.token_server import TokenServer, User

__all__ = ["authority", "basic_registry", "open_registry"]

PULL, PUSH = frozenset({"pull"}), frozenset({"pull", "push"})
LIVE, DEAD, STRANGER = "live-secret-9431", "dead-secret-5523", "stranger-secret-7702"


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


# The real docker-registry ------------------------------------------------------------


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
    assert (refused.verdict, link(refused, "push").ok) == ("broken", False)
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


# Simulated fronts ------------------------------------------------------------


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


# The issuer's opinion ------------------------------------------------------------

CLASSIC = "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"


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


# Trouble ------------------------------------------------------------


async def test_a_hiccup_is_repeated_and_told(door: RegistryDoor):
    with a_front() as front:
        front.troubles += [
            Trouble("/token", Reply(503)),
            Trouble("/manifests/", Reply(429, b"", (("Retry-After", "0"),))),
        ]
        proof = await door.prove(image(front.host, "acme/public:1"), None)
    assert proof.verdict == "ok"
    assert "answered 503, asked again after 0.25 s" in " ".join(link(proof, "token").evidence)


async def test_a_limit_that_lasts_is_not_waited_for(door: RegistryDoor):
    busy = error(429, "TOOMANYREQUESTS", "You have reached your pull rate limit", ("Retry-After", "3600"))
    with a_front(DOCKER_HUB) as front:
        front.troubles.append(Trouble("/manifests/", busy, times=9))
        proof = await door.prove(image(front.host, "acme/public:1"), None)
        assert proof.finding is not None
        assert proof.finding.cause == "rate_limited"
        assert len([asked for asked in front.asked if "/manifests/" in asked.path]) == 2


async def test_a_registry_that_fails_for_all_is_an_outage(door: RegistryDoor):
    with a_front() as front:
        front.troubles.append(Trouble("/token", Reply(502, b"<html>bad gateway</html>"), times=99))
        proof = await door.prove(image(front.host, "acme/private:1"), credential(front.host, LIVE))
    assert proof.finding is not None
    assert proof.finding.cause == "registry_outage"


async def test_a_withdrawn_token_is_renewed_once(door: RegistryDoor):
    with a_front() as front:
        ref = image(front.host, "acme/private:1")
        assert (await door.prove(ref, credential(front.host, LIVE))).ok
        front.tickets.clear()
        assert (await door.prove(ref, credential(front.host, LIVE))).ok
        assert len(front.token_requests) == 2


async def test_a_registry_that_challenges_only_at_the_repository_can_be_logged_in_to(door: RegistryDoor):
    with a_front() as front:
        front.troubles.append(Trouble("/v2/", json_reply(200, {})))
        proof = await door.prove(image(front.host, "acme/private:1"), credential(front.host, LIVE))
    assert proof.verdict == "ok"


async def test_a_secret_is_not_sent_to_a_realm_inside_the_network(http: HttpPipe):
    with a_front(realm="http://169.254.169.254/token") as front:
        proof = await RegistryDoor(http).prove(image(front.host, "acme/private:1"), credential(front.host, LIVE))
    assert proof.finding is not None
    assert proof.finding.cause == "registry_misconfigured"
    assert "nothing was sent to http://169.254.169.254/token" in " ".join(proof.finding.evidence)


async def test_a_name_is_judged_by_the_address_it_resolves_to(http: HttpPipe):
    with a_front(name="localhost") as front:
        door = RegistryDoor(http, destination=PUBLIC_ONLY)
        proof = await door.prove(image(front.host, "acme/public:1"), None)
        assert front.asked == []
    assert proof.finding is not None
    assert proof.finding.cause == "policy_denied"


# Transport ------------------------------------------------------------


async def test_tls_is_verified_with_the_hosts_own_authority(authority: Authority, tmp_path: Path):
    identity = authority.issue("127.0.0.1")
    with a_front(tls=identity.server_context()) as front:
        folder = tmp_path / front.host
        folder.mkdir()
        (folder / "ca.crt").write_bytes(authority.ca_file.read_bytes())
        ref = image(front.host, "acme/public:1")
        async with HttpPipe(Trust(tmp_path)) as trusting, HttpPipe(Trust(tmp_path / "none")) as doubting:
            good = await RegistryDoor(trusting).prove(ref, None)
            bad = await RegistryDoor(doubting).prove(ref, None)
    assert good.ok
    assert link(good, "tls").evidence[0].startswith("TLSv1.")
    assert bad.finding is not None
    assert (bad.finding.cause, link(bad, "tcp").ok, link(bad, "tls").ok) == ("tls_unknown_authority", True, False)


@pytest.mark.parametrize(
    ("names", "days", "cause"),
    [(("127.0.0.9",), 5, "tls_hostname_mismatch"), (("127.0.0.1",), -1, "cert_expired_or_clock_skew")],
)
async def test_a_certificate_that_does_not_fit_is_told_from_one_unknown(authority, tmp_path, names, days, cause):
    identity = authority.issue(*names, days=days)
    with a_front(tls=identity.server_context()) as front:
        async with HttpPipe(Trust(tmp_path, authority.ca_file)) as http:
            proof = await RegistryDoor(http).prove(image(front.host, "acme/public:1"), None)
    assert proof.finding is not None
    assert proof.finding.cause == cause


async def test_nothing_listening_and_no_such_name_are_told_apart(door: RegistryDoor):
    with SmallServer(lambda asked: Reply(200)) as gone:
        host = gone.host
    refused = await door.prove(image(host, "a/b:1"), None)
    unknown = await door.prove(image("nowhere.invalid", "a/b:1"), None)
    assert refused.finding is not None
    assert unknown.finding is not None
    assert (refused.finding.cause, unknown.finding.cause) == ("network_timeout", "dns_failure")
    assert (link(refused, "dns").ok, link(refused, "tcp").ok, link(unknown, "dns").ok) == (True, False, False)


async def test_a_server_that_is_no_registry_is_said_to_be_none(door: RegistryDoor):
    def welcome(asked: Asked) -> Reply:
        return Reply(404, b"<html><body>Not here</body></html>", (("Content-Type", "text/html"),))

    with SmallServer(welcome) as other:
        proof = await door.prove(image(other.host, "a/b:1"), None)
    assert proof.finding is not None
    assert proof.finding.cause == "registry_misconfigured"


async def test_a_clock_that_is_wrong_is_noticed(http: HttpPipe):
    with a_front() as front:
        door = RegistryDoor(http, now=lambda: datetime.now(UTC) + timedelta(hours=1))
        proof = await door.prove(image(front.host, "acme/public:1"), None)
    assert proof.finding is not None
    assert (proof.verdict, proof.finding.cause) == ("degraded", "cert_expired_or_clock_skew")


# Secrets ------------------------------------------------------------


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
