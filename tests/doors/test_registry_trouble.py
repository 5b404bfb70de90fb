"""The registry door among outages, wrong certificates, odd servers and realms that lead astray."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from registry_fixtures import authority, digest_of
from registry_parts import LIVE, a_front, credential, door, front, http, image, link
from seaway.core.destination import PUBLIC_ONLY
from seaway.core.proof import Proof
from seaway.doors.http import HttpPipe
from seaway.doors.network import Trust
from seaway.doors.registry import RegistryDoor
from simulators.authority import Authority
from simulators.registry_front import DOCKER_HUB, Trouble, error, json_reply, manifest_named
from simulators.small_server import Asked, Reply, SmallServer

__all__ = ["authority", "door", "front", "http"]


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


async def test_a_credential_that_met_an_outage_is_not_blamed(door: RegistryDoor):
    with a_front() as front:
        front.troubles.append(Trouble("/token", Reply(503), times=3))
        proof = await door.prove(image(front.host, "acme/public:1"), credential(front.host, LIVE))
    assert proof.finding is not None
    assert (proof.verdict, proof.finding.cause, proof.refused) == ("degraded", "registry_outage", None)


@pytest.mark.parametrize("push", [False, True])
async def test_a_refused_password_is_sent_once(door: RegistryDoor, push: bool):
    def refuse(asked: Asked) -> Reply:
        return Reply(401, b"", (("WWW-Authenticate", 'Basic realm="r"'),))

    with SmallServer(refuse) as server:
        await door.prove(image(server.host, "a/b:1"), credential(server.host, "x"), push=push)
        assert len([asked for asked in server.asked if asked.authorization]) == 1


async def test_a_digest_that_the_registry_does_not_tell_is_computed(door: RegistryDoor):
    body = manifest_named("quiet")

    def serve(asked: Asked) -> Reply:
        return Reply(200, body if "/manifests/" in asked.path else b"{}")

    with SmallServer(serve) as server:
        proof = await door.prove(image(server.host, "a/b:1"), None)
        other = await door.prove(image(server.host, "a/b:1").pinned_to("sha256:" + "0" * 64), None)
    assert proof.digest == digest_of(body)
    assert other.finding is not None
    assert (other.verdict, other.finding.cause) == ("broken", "digest_mismatch")


_JUNK = [
    Reply(200, b"", (("Docker-Content-Digest", ""),)),
    Reply(200, b"[1]"),
    Reply(200, b'{"manifests": 7, "config": 1, "tags": {}, "token": {}}'),
    Reply(202, b"", (("Location", "http://[::1"),)),
    Reply(202, b"", (("Location", "http://other.test/x"),)),
    Reply(302, b"", (("Location", "http://[::1"),)),
    Reply(307, b"", (("Location", "ftp://x/"),)),
    Reply(401, b"\xff\xfe", (("WWW-Authenticate", "Bearer"), ("WWW-Authenticate", '=,"'))),
    Reply(401, b"{}", (("WWW-Authenticate", 'Bearer realm="http://[bad"'),)),
    Reply(401, b'{"errors": [7]}', (("WWW-Authenticate", 'Bearer realm="/token?x"'), ("Date", "never"))),
    Reply(404, b'{"errors": {}}', (("Retry-After", "soon"), ("Date", "Mon, 99 Foo"))),
    Reply(429, b"", (("Retry-After", "Wed, 21 Oct 2015 07:28:00 GMT"),)),
    Reply(418, b"<html>tea</html>"),
]


@pytest.mark.parametrize("reply", _JUNK)
@pytest.mark.parametrize("push", [False, True])
async def test_whatever_a_server_says_ends_in_a_proof(door: RegistryDoor, reply: Reply, push: bool):
    with SmallServer(lambda asked: reply) as server:
        for login in (None, credential(server.host, "x"), credential(server.host, "x", username="<token>")):
            for thorough in (False, True):
                proof = await door.prove(image(server.host, "a/b:1"), login, push=push, thorough=thorough)
                assert proof.ok or proof.finding is not None
                assert Proof.from_json(json.loads(json.dumps(proof.as_json()))) == Proof.from_json(proof.as_json())
