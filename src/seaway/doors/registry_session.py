"""Talking to one registry host: how it is reached, what may be sent to it, and patience with its hiccups."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

from seaway.core.challenge import Challenge, parse_challenges
from seaway.core.credential import Credential
from seaway.core.destination import Destination, Zone, is_loopback_host
from seaway.core.exchange import Request
from seaway.core.login import Grant, Outcome, RegistryOrigin, Scope, login
from seaway.core.observed import Answered, Connection, clock_skew_s, read_answer
from seaway.core.patience import pause_before_retry
from seaway.doors.http import Answer, HttpPipe, Limits
from seaway.doors.http_errors import ConnectionBroken, ConnectionRefused, HttpError, PlainHttp
from seaway.doors.journey import Journey
from seaway.doors.one_in_flight import OneInFlight

Now = Callable[[], datetime]
# A token is renewed this long before its end, so that it does not end on the way.
_EARLY_S = 10.0
_REACHED_FOR_S = 300.0


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Reached:
    """A registry that answered its ping."""

    origin: RegistryOrigin
    ping: Answered
    challenges: tuple[Challenge, ...]
    connection: Connection
    clock_skew_s: float | None


@dataclass(frozen=True)
class Authorised:
    """The end of a login, and what the token service answered if there was one."""

    outcome: Outcome
    token: Answered | None = None


TokenKey = tuple[str, tuple[Scope, ...], Credential | None]


class RegistryTalk:
    """Requests to registries, with what is remembered between them: addresses, challenges, tokens."""

    def __init__(
        self, http: HttpPipe, destination: Destination, insecure: frozenset[str], limits: Limits, now: Now
    ) -> None:
        self._http, self._destination, self._insecure = http, destination, insecure
        self._limits, self._now = limits, now
        self._reached: OneInFlight[str, Reached] = OneInFlight()
        self._tokens: OneInFlight[TokenKey, Authorised] = OneInFlight()

    async def reach(self, host: str) -> Reached:
        async def ask() -> tuple[Reached, float]:
            found = await self._ping(host)
            return found, _REACHED_FOR_S if found.ping.status in (200, 401) else 0.0

        return (await self._reached.get(host, ask))[0]

    async def _ping(self, host: str) -> Reached:
        """https, and plain http where Docker would use it too: on this machine, or where it was allowed."""
        try:
            return await self._ping_at(f"https://{host}")
        except (PlainHttp, ConnectionRefused) as error:
            if not (is_loopback_host(host) or host in self._insecure):
                raise
            refused_elsewhere = isinstance(error, ConnectionRefused) and urlsplit(f"//{host}").port is not None
            if refused_elsewhere:
                raise
        return await self._ping_at(f"http://{host}")

    async def _ping_at(self, base: str) -> Reached:
        answer, answered = await self.ask(Request("GET", f"{base}/v2/"), self._destination)
        way = answer.way
        connecting_ms = sum(ms or 0.0 for ms in (way.dns_ms, way.tcp_ms, way.tls_ms)) if answer.fresh else 0.0
        return Reached(
            RegistryOrigin(base, way.zone or Zone.PUBLIC),
            replace(answered, ms=max(0.0, answered.ms - connecting_ms)),
            parse_challenges(answer.response.header_fields("www-authenticate")),
            connection_of(base, way),
            clock_skew_s(answer.response, self._now()),
        )

    async def authorise(
        self,
        reached: Reached,
        challenges: Sequence[Challenge],
        scopes: tuple[Scope, ...],
        credential: Credential | None,
    ) -> tuple[Authorised, bool]:
        """What to send, and whether it was known before."""

        async def converse() -> tuple[Authorised, float]:
            found = await self._converse(reached, challenges, scopes, credential)
            life = found.outcome.lifetime_s if isinstance(found.outcome, Grant) else None
            return found, max(0.0, (life or 0.0) - _EARLY_S)

        return await self._tokens.get((reached.origin.url, scopes, credential), converse)

    def forget_token(self, reached: Reached, scopes: tuple[Scope, ...], credential: Credential | None) -> None:
        self._tokens.forget((reached.origin.url, scopes, credential))

    def forget_tokens_of(self, credential: Credential) -> None:
        """By its name: what was shown may have been minted from it."""
        self._tokens.forget_all(lambda key: key[2] is not None and key[2].name == credential.name)

    async def _converse(
        self,
        reached: Reached,
        challenges: Sequence[Challenge],
        scopes: tuple[Scope, ...],
        credential: Credential | None,
    ) -> Authorised:
        talk = login(challenges, scopes, credential, reached.origin)
        token: Answered | None = None
        try:
            request = next(talk)
            while True:
                answer, token = await self.ask(request, self._realm_destination(request, reached), credential)
                request = talk.send(answer.response)
        except StopIteration as end:
            return Authorised(end.value, token)

    def _realm_destination(self, request: Request, reached: Reached) -> Destination:
        own = urlsplit(request.url).hostname == urlsplit(reached.origin.url).hostname
        return self._destination if own else reached.origin.others

    async def ask(
        self,
        request: Request,
        destination: Destination,
        credential: Credential | None = None,
        *,
        redirects: int = 0,
        elsewhere: Destination | None = None,
    ) -> tuple[Answer, Answered]:
        """One answer, after as many tries as it is worth. Nothing of the credential is left in what is kept."""
        notes: list[str] = []
        limits = replace(self._limits, redirects=redirects, truncate=request.method == "GET" and redirects == 0)
        for tries in range(1, 10):
            status, retry_after = None, None
            try:
                answer = await self._http.send(request, limits=limits, destination=destination, elsewhere=elsewhere)
            except ConnectionBroken as error:
                failure: HttpError | None = error
            else:
                failure, status = None, answer.response.status
                retry_after = answer.response.header("retry-after")
            pause = pause_before_retry(tries, status, retry_after, self._now())
            if pause is None:
                if failure is not None:
                    raise failure
                return answer, _answered(request, answer, notes, credential)
            notes.append(f"{f'answered {status}' if status else 'connection broken'}, asked again after {pause:g} s")
            await asyncio.sleep(pause)
        raise AssertionError("patience has an end")


def _answered(request: Request, answer: Answer, notes: list[str], credential: Credential | None) -> Answered:
    """What is kept of an answer. A server may say back what it was sent; that is taken out."""
    kept = read_answer(request.method, request.url, answer.response, answer.ms, notes)
    sent = [credential.secret.reveal()] if credential is not None else []
    if request.authorization is not None:
        sent.append(request.authorization.reveal().partition(" ")[2])
    return replace(kept, code=_without(sent, kept.code or "") or None, message=_without(sent, kept.message))


def _without(secrets: Sequence[str], text: str) -> str:
    for secret in filter(None, secrets):
        text = text.replace(secret, "•••")
    return text


def connection_of(url: str, way: Journey) -> Connection:
    return Connection(
        url,
        way.addresses,
        way.address,
        way.dns_ms,
        way.tcp_ms,
        way.tls_ms,
        way.tls_version,
        way.certificate_until,
        way.certificate_issuer,
    )
