"""The login conversation, told as requests and answers; nothing here opens a connection."""

import json
from base64 import b64decode
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seaway.core.challenge import Challenge, parse_challenges
from seaway.core.credential import IDENTITY_TOKEN_USER, Credential
from seaway.core.destination import Zone
from seaway.core.exchange import Request, Response
from seaway.core.login import (
    Grant,
    NoChallenge,
    Refusal,
    RegistryOrigin,
    UnsafeRealm,
    login,
    mount_scopes,
    pull_scopes,
    push_scopes,
)
from seaway.core.secret import Secret

GHCR = RegistryOrigin("https://ghcr.io")
BEARER = Challenge(
    "bearer", {"realm": "https://ghcr.io/token", "service": "ghcr.io", "scope": "repository:user/image:pull"}
)
ALICE = Credential("mine", "ghcr.io", "alice", Secret("s3cret"))
IDENTITY = Credential("mine", "ghcr.io", IDENTITY_TOKEN_USER, Secret("refresh-me"))


PULL = pull_scopes("acme/web")


def talk(answers, challenges=(BEARER,), scopes=PULL, credential=ALICE, registry=GHCR):
    """The requests of the whole conversation, and how it ended."""
    conversation = login(challenges, scopes, credential, registry)
    asked: list[Request] = []
    waiting = list(answers)
    try:
        asked.append(next(conversation))
        while True:
            asked.append(conversation.send(waiting.pop(0)))
    except StopIteration as end:
        return asked, end.value


def answer(status=200, **data):
    return Response(status, (), json.dumps(data).encode())


def test_a_token_is_asked_for_the_image_and_not_for_the_placeholder():
    asked, grant = talk([answer(token="t")])
    assert parse_qs(urlsplit(asked[0].url).query) == {
        "service": ["ghcr.io"],
        "scope": ["repository:acme/web:pull"],
        "account": ["alice"],
        "client_id": ["seaway"],
    }
    assert grant == Grant(Secret("Bearer t"), 60.0)


def test_the_secret_travels_in_the_header_only():
    asked, _ = talk([answer(token="t")])
    assert asked[0].authorization is not None
    assert b64decode(asked[0].authorization.reveal().removeprefix("Basic ")) == b"alice:s3cret"
    assert "s3cret" not in asked[0].url + repr(asked[0])


def test_nobody_asks_without_a_name():
    asked, grant = talk([answer(access_token="a", token="b", expires_in=300)], credential=None)
    assert asked[0].authorization is None
    assert "account" not in asked[0].url
    assert grant == Grant(Secret("Bearer a"), 300.0)


@pytest.mark.parametrize(
    ("scopes", "then"),
    [
        (pull_scopes("a/b"), ["repository:a/b:pull"]),
        (push_scopes("a/b"), ["repository:a/b:pull,push"]),
        (mount_scopes("a/b", "c/d"), ["repository:a/b:pull,push", "repository:c/d:pull"]),
        ((), []),
    ],
)
def test_each_scope_is_a_parameter_of_its_own_and_the_wanted_one_comes_first(scopes, then):
    asked, _ = talk([answer(token="t")], scopes=scopes)
    assert [value for name, value in parse_qsl(urlsplit(asked[0].url).query) if name == "scope"] == then


def test_a_realm_with_a_query_keeps_it():
    challenge = Challenge("bearer", {"realm": "https://ghcr.io/token?tenant=7"})
    asked, _ = talk([answer(token="t")], challenges=[challenge])
    assert asked[0].url.startswith("https://ghcr.io/token?tenant=7&scope=")


def test_a_relative_realm_is_the_registrys_own():
    asked, _ = talk([answer(token="t")], challenges=[Challenge("bearer", {"realm": "/auth/token"})])
    assert asked[0].url.startswith("https://ghcr.io/auth/token?")


def test_an_identity_token_is_posted_and_never_put_into_a_url():
    asked, grant = talk([answer(access_token="t", expires_in=3600, refresh_token="next")], credential=IDENTITY)
    assert (asked[0].method, asked[0].authorization) == ("POST", None)
    assert dict(parse_qsl((asked[0].body or b"").decode())) == {
        "grant_type": "refresh_token",
        "refresh_token": "refresh-me",
        "service": "ghcr.io",
        "client_id": "seaway",
        "scope": "repository:acme/web:pull",
    }
    assert "refresh-me" not in asked[0].url + repr(asked[0])
    assert grant == Grant(Secret("Bearer t"), 3600.0, Secret("next"))


@pytest.mark.parametrize("status", [404, 405])
def test_a_server_that_knows_only_the_form_gets_it(status):
    asked, grant = talk([Response(status), answer(access_token="t")])
    assert [request.method for request in asked] == ["GET", "POST"]
    assert dict(parse_qsl((asked[1].body or b"").decode()))["grant_type"] == "password"
    assert grant == Grant(Secret("Bearer t"), 60.0)


@pytest.mark.parametrize("status", [400, 401, 403, 412, 429, 500])
@pytest.mark.parametrize("credential", [ALICE, IDENTITY, None])
def test_a_refusal_is_never_repeated(status, credential):
    asked, refusal = talk([answer(status)], credential=credential)
    assert len(asked) == 1
    assert isinstance(refusal, Refusal)
    assert refusal.response.status == status


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"token": 7}', b'{"token": ""}', b'{"token": "a\\nb"}', b"<html>"]
)
def test_an_answer_without_a_usable_token_is_a_refusal(body):
    _, refusal = talk([Response(200, (), body)])
    assert isinstance(refusal, Refusal)


@pytest.mark.parametrize(
    ("told", "life_s"),
    [(None, 60), (5, 60), (300, 300), ("900", 900), (-1, 60), (True, 60), ("soon", 60), (1e300, 60), ([], 60)],
)
def test_the_life_of_a_token_is_sane_whatever_is_told(told, life_s):
    _, grant = talk([answer(token="t", expires_in=told)])
    assert grant.lifetime_s == life_s


def test_basic_needs_no_conversation():
    asked, grant = talk([], challenges=[Challenge("basic", {"realm": "x"})])
    assert asked == []
    assert b64decode(grant.authorization.reveal()[6:]) == b"alice:s3cret"
    assert talk([], challenges=[Challenge("basic")], credential=None) == ([], Grant(None))


def test_a_token_service_is_preferred_to_basic():
    asked, _ = talk([answer(token="t")], challenges=[Challenge("basic"), BEARER])
    assert len(asked) == 1


def test_a_login_that_is_not_known_is_said_to_be_so():
    assert talk([], challenges=[Challenge("negotiate")]) == ([], NoChallenge(("negotiate",)))


PUBLIC, INSIDE = RegistryOrigin("https://ghcr.io"), RegistryOrigin("https://registry.corp", Zone.PRIVATE)
LOCAL = RegistryOrigin("http://127.0.0.1:5000", Zone.LOOPBACK)


@pytest.mark.parametrize(
    ("realm", "registry", "allowed"),
    [
        ("https://ghcr.io/token", PUBLIC, True),
        ("https://auth.docker.io/token", RegistryOrigin("https://registry-1.docker.io"), True),
        ("http://ghcr.io/token", PUBLIC, False),
        ("ftp://ghcr.io/token", PUBLIC, False),
        ("https://user@ghcr.io/token", PUBLIC, False),
        ("https://[::1/token", PUBLIC, False),
        ("https://ghcr.io:99999/token", PUBLIC, False),
        ("https://10.0.0.7/token", PUBLIC, False),
        ("https://[fd00::1]/token", PUBLIC, False),
        ("https://[::ffff:10.0.0.7]/token", PUBLIC, False),
        ("https://169.254.169.254/token", PUBLIC, False),
        ("https://localhost/token", PUBLIC, False),
        ("https://localhost:8443/token", INSIDE, False),
        ("https://10.0.0.7/token", INSIDE, True),
        ("https://169.254.169.254/token", INSIDE, False),
        ("http://10.0.0.7/token", INSIDE, False),
        ("https://registry.corp/token", INSIDE, True),
        ("http://127.0.0.1:5001/token", LOCAL, True),
        ("http://localhost:5001/token", LOCAL, True),
        ("http://10.0.0.7/token", LOCAL, False),
        ("https://10.0.0.7/token", LOCAL, True),
        ("http://169.254.169.254/token", LOCAL, False),
    ],
)
def test_a_realm_is_judged_before_anything_is_sent(realm, registry, allowed):
    asked, end = talk([answer(token="t")], challenges=[Challenge("bearer", {"realm": realm})], registry=registry)
    assert bool(asked) is allowed
    assert isinstance(end, Grant if allowed else UnsafeRealm)


@given(st.text(), st.binary(), st.integers(100, 599))
def test_whatever_a_server_says_the_conversation_ends_and_keeps_the_secret(field, body, status):
    asked, end = talk([Response(status, (), body)] * 3, challenges=parse_challenges([f'Bearer realm="{field}"']))
    assert len(asked) <= 2
    assert "s3cret" not in repr(asked) + repr(end)
