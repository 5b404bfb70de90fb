"""The HTTP pipe against real servers: where it goes, how much it takes, what it calls an error."""

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from registry_fixtures import authority
from seaway.core.destination import ANY_MACHINE, PUBLIC_ONLY, Destination, Zone
from seaway.core.exchange import Request
from seaway.core.fault import Fault
from seaway.core.secret import Secret
from seaway.doors.http import HttpPipe, Limits
from seaway.doors.http_errors import (
    AnswerTooLarge,
    ConnectionBroken,
    ConnectionRefused,
    DnsFailure,
    ForbiddenDestination,
    HttpError,
    PlainHttp,
    ProxyRefused,
    TimedOut,
    TlsDates,
    TlsHostnameMismatch,
    TlsUnknownAuthority,
    TooManyRedirects,
)
from seaway.doors.network import Trust
from simulators.authority import Authority
from simulators.small_server import Asked, Reply, SmallServer

__all__ = ["authority"]
TOKEN = Secret("Bearer very-secret")


@pytest.fixture
async def http() -> AsyncIterator[HttpPipe]:
    async with HttpPipe() as pipe:
        yield pipe


def hello(asked: Asked) -> Reply:
    return Reply(200, b"hello", (("X-Two", "a"), ("X-Two", "b")))


def silent_port(say: bytes = b"", wait_s: float = 5.0) -> tuple[int, socket.socket]:
    """A port that takes a connection, says what it is told to, and waits."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        try:
            peer, _ = server.accept()
            peer.recv(100)
            peer.sendall(say)
            if not say:
                time.sleep(wait_s)
            peer.close()
        except OSError:
            return

    threading.Thread(target=serve, daemon=True).start()
    return server.getsockname()[1], server


async def test_an_answer_comes_whole_with_every_header_field(http: HttpPipe):
    with SmallServer(hello) as server:
        answer = await http.send(Request("POST", f"{server.url}/a?b=1", (("X-One", "1"),), b"body", TOKEN))
        assert (answer.response.status, answer.response.body) == (200, b"hello")
        assert answer.response.header_fields("x-two") == ("a", "b")
        (asked,) = server.asked
        assert (asked.method, asked.target, asked.body) == ("POST", "/a?b=1", b"body")
        assert (asked.headers["host"], asked.authorization) == (server.host, "Bearer very-secret")


async def test_a_connection_is_kept_and_what_is_known_of_it_too(http: HttpPipe):
    with SmallServer(hello) as server:
        first = await http.send(Request("GET", server.url))
        second = await http.send(Request("GET", server.url))
    assert (first.fresh, second.fresh) == (True, False)
    assert first.way == second.way
    assert first.way.address == "127.0.0.1"
    assert first.way.zone is Zone.LOOPBACK


async def test_nothing_is_followed_unless_it_is_asked_for(http: HttpPipe):
    with SmallServer(lambda asked: Reply(302, b"", (("Location", "/there"),))) as server:
        assert (await http.send(Request("GET", server.url))).response.status == 302
        with pytest.raises(TooManyRedirects):
            await http.send(Request("GET", server.url), limits=Limits(redirects=3))
        assert (await http.send(Request("POST", server.url), limits=Limits(redirects=3))).response.status == 302


async def test_a_redirect_keeps_the_login_at_home_and_drops_it_elsewhere(http: HttpPipe):
    with SmallServer(hello) as other:

        def lead(asked: Asked) -> Reply:
            targets = {"/home": "/end", "/away": f"{other.url}/signed?x=1"}
            return Reply(307, b"", (("Location", targets[asked.path]),)) if asked.path in targets else Reply(200)

        with SmallServer(lead) as server:
            await http.send(Request("GET", f"{server.url}/home", authorization=TOKEN), limits=Limits(redirects=2))
            await http.send(Request("GET", f"{server.url}/away", authorization=TOKEN), limits=Limits(redirects=2))
            assert [asked.authorization for asked in server.asked] == [TOKEN.reveal()] * 3
            assert [(asked.target, asked.authorization) for asked in other.asked] == [("/signed?x=1", None)]


async def test_a_redirect_from_https_to_http_is_not_followed(authority: Authority, tmp_path: Path):
    with SmallServer(hello) as plain:
        context = authority.issue("127.0.0.1").server_context()
        with SmallServer(lambda asked: Reply(302, b"", (("Location", plain.url),)), tls=context) as server:
            async with HttpPipe(Trust(tmp_path, authority.ca_file)) as http:
                with pytest.raises(ForbiddenDestination):
                    await http.send(Request("GET", server.url), limits=Limits(redirects=1))
        assert plain.asked == []


async def test_a_redirect_may_lead_to_fewer_places_than_the_request(http: HttpPipe):
    with (
        SmallServer(hello) as inside,
        SmallServer(lambda asked: Reply(302, b"", (("Location", inside.url),))) as server,
    ):
        with pytest.raises(ForbiddenDestination):
            await http.send(
                Request("GET", server.url), limits=Limits(redirects=1), destination=ANY_MACHINE, elsewhere=PUBLIC_ONLY
            )
        assert inside.asked == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433", "0.0.0.0"])
async def test_an_address_inside_is_not_reached_by_any_spelling(http: HttpPipe, host: str):
    with SmallServer(hello) as server:
        with pytest.raises((ForbiddenDestination, DnsFailure)):
            await http.send(Request("GET", f"http://{host}:{server.port}"), destination=PUBLIC_ONLY)
        assert server.asked == []


@pytest.mark.parametrize("url", ["http://169.254.169.254/latest", "http://[fe80::1]/", "http://224.0.0.1/"])
async def test_where_clouds_keep_credentials_nobody_goes_by_default(http: HttpPipe, url: str):
    with pytest.raises(ForbiddenDestination):
        await http.send(Request("GET", url), limits=Limits(timeout_s=2))


async def test_a_kept_connection_is_not_shared_with_a_stricter_request(http: HttpPipe):
    with SmallServer(hello) as server:
        await http.send(Request("GET", server.url))
        with pytest.raises(ForbiddenDestination):
            await http.send(Request("GET", server.url), destination=Destination(Zone.PRIVATE))
        assert len(server.asked) == 1


async def test_too_much_is_refused_or_cut_as_asked(http: HttpPipe):
    with SmallServer(lambda asked: Reply(200, b"x" * 100_000)) as server:
        with pytest.raises(AnswerTooLarge):
            await http.send(Request("GET", server.url), limits=Limits(size_bytes=1000))
        cut = await http.send(Request("GET", server.url), limits=Limits(size_bytes=1000, truncate=True))
        assert cut.response.body == b"x" * 1000


async def test_silence_ends_in_time(http: HttpPipe):
    port, server = silent_port()
    started = time.perf_counter()
    with pytest.raises(TimedOut) as caught:
        await http.send(Request("GET", f"http://127.0.0.1:{port}"), limits=Limits(timeout_s=0.3))
    server.close()
    assert time.perf_counter() - started < 2
    assert caught.value.temporary
    assert caught.value.way is not None
    assert caught.value.way.address == "127.0.0.1"


async def test_a_server_that_hangs_up_or_talks_nonsense_is_broken(http: HttpPipe):
    for words in (b"\x00\x01nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort"):
        port, server = silent_port(words)
        with pytest.raises(ConnectionBroken):
            await http.send(Request("GET", f"http://127.0.0.1:{port}"), limits=Limits(timeout_s=2))
        server.close()


async def test_nobody_listening_and_no_such_name(http: HttpPipe):
    with SmallServer(hello) as gone:
        url = gone.url
    with pytest.raises(ConnectionRefused):
        await http.send(Request("GET", url))
    with pytest.raises(DnsFailure) as caught:
        await http.send(Request("GET", "http://nowhere.invalid/"))
    assert "nowhere.invalid" in caught.value.what


async def test_plain_http_where_tls_was_wanted(http: HttpPipe):
    with SmallServer(hello) as server, pytest.raises(PlainHttp):
        await http.send(Request("GET", server.url.replace("http:", "https:")))


@pytest.mark.parametrize(
    ("names", "days", "trusted", "error"),
    [
        (("127.0.0.1",), 5, True, None),
        (("127.0.0.1",), 5, False, TlsUnknownAuthority),
        (("127.0.0.2", "other.test"), 5, True, TlsHostnameMismatch),
        (("127.0.0.1",), -3, True, TlsDates),
    ],
)
async def test_each_flaw_of_a_certificate_has_its_name(authority, tmp_path, names, days, trusted, error):
    with SmallServer(hello, tls=authority.issue(*names, days=days).server_context()) as server:
        async with HttpPipe(Trust(tmp_path, authority.ca_file if trusted else None)) as http:
            if error is None:
                answer = await http.send(Request("GET", server.url))
                assert answer.way.certificate_until is not None
                assert answer.way.certificate_issuer == "Seaway test authority"
                assert answer.way.tls_ms is not None
                return
            with pytest.raises(error):
                await http.send(Request("GET", server.url))
            assert server.asked == []


async def test_an_old_tls_version_is_told_as_that(authority: Authority, tmp_path: Path):
    context = authority.issue("127.0.0.1").server_context()
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_3
    with SmallServer(hello, tls=context) as server:
        async with HttpPipe(Trust(tmp_path, authority.ca_file)) as http:
            assert (await http.send(Request("GET", server.url))).way.tls_version == "TLSv1.3"


async def test_a_host_allowed_unverified_is_reached_whatever_its_certificate(authority, tmp_path):
    with SmallServer(hello, tls=authority.issue("other.test").server_context()) as server:
        async with HttpPipe(Trust(tmp_path, unverified=frozenset({server.host}))) as http:
            assert (await http.send(Request("GET", server.url))).response.status == 200


async def test_the_environments_proxy_is_used_only_when_asked_for(monkeypatch: pytest.MonkeyPatch):
    def refuse(asked: Asked) -> Reply:
        return Reply(407, b"log in first")

    with SmallServer(refuse) as proxy, SmallServer(hello) as server:
        monkeypatch.setenv("http_proxy", f"http://user:pass@{proxy.host}")
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        async with HttpPipe() as direct, HttpPipe(trust_env=True) as through:
            assert (await direct.send(Request("GET", server.url))).response.status == 200
            assert (await through.send(Request("GET", server.url))).response.status == 407
            assert [asked.headers["proxy-authorization"] for asked in proxy.asked] == ["Basic dXNlcjpwYXNz"]
            monkeypatch.setenv("no_proxy", server.host)
            assert (await through.send(Request("GET", server.url))).response.status == 200


async def test_a_proxy_that_opens_no_tunnel_is_named_as_the_culprit(monkeypatch: pytest.MonkeyPatch):
    port, server = silent_port(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
    monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{port}")
    async with HttpPipe(trust_env=True) as http:
        with pytest.raises(ProxyRefused):
            await http.send(Request("GET", "https://registry.test/v2/"), limits=Limits(timeout_s=3))
    server.close()


@pytest.mark.parametrize(
    "url", ["http://user:hunter2@nowhere.invalid/x?password=hunter2", "https://nowhere.invalid/hunter2?hunter2"]
)
async def test_an_error_holds_neither_user_nor_query_nor_login(http: HttpPipe, url: str):
    with pytest.raises(HttpError) as caught:
        await http.send(Request("GET", url, (("X-Key", "hunter2"),), b"hunter2", Secret("Bearer hunter2")))
    told = f"{caught.value} {caught.value!r} {caught.value.evidence} {caught.value.way}"
    assert "hunter2" not in told


async def test_many_requests_at_once_are_answered_each_with_its_own(http: HttpPipe):
    with SmallServer(lambda asked: Reply(200, asked.path.encode())) as server:
        answers = await asyncio.gather(*(http.send(Request("GET", f"{server.url}/{n}")) for n in range(50)))
    assert [answer.response.body for answer in answers] == [f"/{n}".encode() for n in range(50)]


@pytest.mark.parametrize(
    "url", ["", "no-scheme", "http://", "ftp://x/", "http://[::1", "http://x:99999/", "http://x y/"]
)
async def test_what_is_no_address_is_an_error_of_ours(http: HttpPipe, url: str):
    with pytest.raises(HttpError):
        await http.send(Request("GET", url))


def test_every_error_has_a_code_and_a_fault_of_its_own():
    kinds = HttpError.__subclasses__()
    assert len({kind.code for kind in kinds}) == len(kinds)
    assert {kind.fault for kind in kinds} <= set(Fault)
