"""The registry door: proves that an image may be pulled or pushed, by this credential or by anybody.

A proof is about six requests: ping, token, manifest, and for a push an upload session that is opened and cancelled.
None of them writes, and none repeats a refusal.
"""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Protocol
from urllib.parse import urljoin, urlsplit

from seaway.core.chain import conclude
from seaway.core.challenge import Challenge, parse_challenges
from seaway.core.credential import Credential, is_mistyped
from seaway.core.destination import ANY_MACHINE, Destination
from seaway.core.exchange import Request
from seaway.core.image import ImageRef
from seaway.core.login import Grant, NoChallenge, Scope, UnsafeRealm, pull_scopes, push_scopes
from seaway.core.manifest import ACCEPT, config_digest, is_index, platform_of_config, platforms_of_index
from seaway.core.observed import Answered, Broken, Issuer, Observed, Shown, Tried
from seaway.core.proof import Proof
from seaway.core.registry_kind import RegistryKind, Sign, kind_of
from seaway.core.secret import Secret
from seaway.doors.http import Answer, HttpPipe, Limits
from seaway.doors.http_errors import HttpError
from seaway.doors.registry_session import Now, Reached, RegistryTalk, connection_of, utc_now

_PROBE = Limits(timeout_s=10.0, size_bytes=4 * 1024 * 1024)


class IssuerDoor(Protocol):
    """Whoever issued a credential, and may be asked about it."""

    def knows(self, credential: Credential) -> bool: ...

    async def ask(self, credential: Credential) -> Issuer: ...


@dataclass(frozen=True)
class Pass:
    """A way to ask for one repository: what to send, or why there is nothing to send."""

    authorization: Secret | None
    challenges: tuple[Challenge, ...]
    token: Answered | None = None
    unsafe_realm: tuple[str, str] | None = None
    challenge_missing: bool = False
    open: bool = True
    from_memory: bool = False


class RegistryDoor:
    """Keep one for the life of the process: tokens and addresses are remembered between proofs."""

    def __init__(
        self,
        http: HttpPipe,
        *,
        kinds: Sequence[RegistryKind] = (),
        issuers: Sequence[IssuerDoor] = (),
        insecure: Collection[str] = (),
        destination: Destination = ANY_MACHINE,
        limits: Limits = _PROBE,
        now: Now = utc_now,
    ) -> None:
        self._kinds, self._issuers, self._now = tuple(kinds), tuple(issuers), now
        self._destination = destination
        self._talk = RegistryTalk(http, destination, frozenset(insecure), limits, now)

    async def prove(
        self,
        image: ImageRef,
        credential: Credential | None,
        *,
        push: bool = False,
        platform: str | None = None,
        thorough: bool = False,
        near_keys: tuple[str, ...] = (),
    ) -> Proof:
        """Try this image with this credential, and as anybody when the credential is refused for a pull.

        `platform` (`linux/amd64`) also proves that there is a variant for it. `thorough` asks everything at once, for
        a person who wants the whole picture. Never raises for what a registry does: it is in the proof.
        """
        shown = None if credential is None else shown_of(credential)
        seen = Observed(
            image, push=push, credential=shown, near_keys=near_keys, now=self._now(), wanted_platform=platform
        )
        try:
            reached = await self._talk.reach(image.api_host)
        except HttpError as error:
            broken = Broken(error.fault, error.host, error.detail)
            way = connection_of(f"https://{image.api_host}", error.way) if error.way is not None else None
            return self._concluded(replace(seen, broken=broken, connection=way))
        seen = replace(
            seen,
            connection=reached.connection,
            ping=reached.ping,
            schemes=tuple(challenge.scheme for challenge in reached.challenges),
            realm=_parameter(reached, "realm"),
            service=_parameter(reached, "service"),
            clock_skew_s=reached.clock_skew_s,
        )
        attempts = self._attempts_at_once if thorough else self._attempts_in_turn
        seen = await attempts(seen, reached, credential)
        return self._concluded(await self._looked_closer(seen, reached, credential, thorough=thorough))

    def _concluded(self, seen: Observed) -> Proof:
        return conclude(seen, kind_of(Sign(seen.image.registry, seen.realm, seen.service), self._kinds))

    async def _attempts_in_turn(self, seen: Observed, reached: Reached, credential: Credential | None) -> Observed:
        if credential is None:
            return replace(seen, anonymous=await self._try(seen, reached, None))
        seen = replace(seen, with_credential=await self._try(seen, reached, credential))
        if seen.winner is not None:
            return seen
        anonymous, issuer = await asyncio.gather(self._anonymous_for_pull(seen, reached), self._ask_issuer(credential))
        return replace(seen, anonymous=anonymous, issuer=issuer)

    async def _attempts_at_once(self, seen: Observed, reached: Reached, credential: Credential | None) -> Observed:
        if credential is None:
            return replace(seen, anonymous=await self._try(seen, reached, None))
        tried, anonymous, issuer = await asyncio.gather(
            self._try(seen, reached, credential),
            self._anonymous_for_pull(seen, reached),
            self._ask_issuer(credential),
        )
        return replace(seen, with_credential=tried, anonymous=anonymous, issuer=issuer)

    async def _anonymous_for_pull(self, seen: Observed, reached: Reached) -> Tried | None:
        return None if seen.push else await self._try(seen, reached, None)

    async def _ask_issuer(self, credential: Credential) -> Issuer | None:
        issuer = next((each for each in self._issuers if each.knows(credential)), None)
        return None if issuer is None or is_mistyped(credential.secret) else await issuer.ask(credential)

    async def _try(self, seen: Observed, reached: Reached, credential: Credential | None) -> Tried:
        name = credential.name if credential is not None else None
        if credential is not None and is_mistyped(credential.secret):
            return Tried(name)
        attempt = Attempt(self._talk, reached, seen.image, credential, self._destination)
        try:
            return await (attempt.push() if seen.push else attempt.pull())
        except HttpError as error:
            own = error.host.partition(":")[0] == urlsplit(reached.origin.url).hostname
            return Tried(name, broken=Broken(error.fault, error.host, error.detail, "registry" if own else "token"))

    async def _looked_closer(
        self, seen: Observed, reached: Reached, credential: Credential | None, *, thorough: bool
    ) -> Observed:
        winner = seen.winner
        used = credential if winner is not None and winner.credential is not None else None
        attempt = Attempt(self._talk, reached, seen.image, used, self._destination)
        try:
            if winner is not None and winner.digest and (thorough or seen.wanted_platform):
                platforms, ms = await attempt.platforms(winner.digest)
                return replace(seen, platforms=platforms, platforms_ms=ms)
            if any(tried.manifest is not None and tried.manifest.status == 404 for tried in seen.attempts):
                reader = next(tried for tried in seen.attempts if tried.manifest and tried.manifest.status == 404)
                attempt = replace(attempt, credential=credential if reader.credential is not None else None)
                tags, missing = await attempt.tags()
                return replace(seen, tags=tags, repository_missing=missing)
        except HttpError:
            return seen
        return seen


def _parameter(reached: Reached, name: str) -> str:
    bearers = (each for each in reached.challenges if each.scheme == "bearer")
    return next((value for each in bearers if (value := each.get(name))), "")


def shown_of(credential: Credential) -> Shown:
    return Shown(
        credential.name,
        credential.prefix,
        credential.username,
        credential.kind,
        credential.expires_at,
        is_mistyped(credential.secret),
    )


@dataclass(frozen=True)
class Attempt:
    """One identity's try at one image of a registry that was reached."""

    talk: RegistryTalk
    reached: Reached
    image: ImageRef
    credential: Credential | None
    destination: Destination

    @property
    def _base(self) -> str:
        return f"{self.reached.origin.url}/v2/{self.image.repository}"

    async def pull(self) -> Tried:
        scopes = pull_scopes(self.image.repository)
        ticket = await self._ticket(scopes, self.reached.challenges)
        if not ticket.open:
            return self._tried(ticket)
        answer, manifest = await self._manifest(ticket)
        challenges = parse_challenges(answer.response.header_fields("www-authenticate"))
        if manifest.status == 401 and (ticket.from_memory or not ticket.challenges) and challenges:
            # Either the remembered token was withdrawn, or the ping asked for no login and this repository does.
            self.talk.forget_token(self.reached, scopes, self.credential)
            ticket = await self._ticket(scopes, challenges)
            if not ticket.open:
                return self._tried(ticket, manifest)
            answer, manifest = await self._manifest(ticket)
        return self._tried(ticket, manifest, digest=await self._digest(ticket, answer) if manifest.ok else None)

    async def _digest(self, ticket: Pass, answer: Answer) -> str | None:
        """What the registry says, else the hash of the manifest itself."""
        told = answer.response.header("docker-content-digest")
        if told is not None:
            return told
        full, read = await self._ask(self._request("GET", f"manifests/{self.image.reference}", ticket))
        return f"sha256:{sha256(full.response.body).hexdigest()}" if read.ok else None

    async def push(self) -> Tried:
        scopes = push_scopes(self.image.repository)
        ticket = await self._ticket(scopes, self.reached.challenges)
        if not ticket.open:
            read = await self.pull() if self.credential is not None else None
            return replace(self._tried(ticket), read_only=read.last if read is not None else None)
        (head, manifest), upload = await asyncio.gather(self._manifest(ticket), self._upload(ticket))
        digest = head.response.header("docker-content-digest") if manifest.ok else None
        return self._tried(ticket, manifest, upload=upload, digest=digest)

    async def _ticket(self, scopes: tuple[Scope, ...], challenges: tuple[Challenge, ...]) -> Pass:
        if not challenges:
            return Pass(None, challenges, challenge_missing=self.reached.ping.status == 401, open=self._ping_is_fine)
        authorised, known = await self.talk.authorise(self.reached, challenges, scopes, self.credential)
        outcome, token = authorised.outcome, authorised.token
        if isinstance(outcome, Grant):
            kept = replace(token, ms=0.0, notes=("kept from before",)) if token is not None and known else token
            return Pass(outcome.authorization, challenges, kept, from_memory=known)
        if isinstance(outcome, UnsafeRealm):
            return Pass(None, challenges, unsafe_realm=(outcome.realm, outcome.why), open=False)
        return Pass(None, challenges, token, challenge_missing=isinstance(outcome, NoChallenge), open=False)

    @property
    def _ping_is_fine(self) -> bool:
        return self.reached.ping.status != 401

    async def _manifest(self, ticket: Pass) -> tuple[Answer, Answered]:
        """HEAD, which counts against nobody's limit; GET when refused, because only that has a body to read."""
        head = self._request("HEAD", f"manifests/{self.image.reference}", ticket)
        answer, answered = await self._ask(head)
        if answered.ok:
            return answer, answered
        full, told = await self._ask(self._request("GET", f"manifests/{self.image.reference}", ticket))
        return full, replace(told, ms=told.ms + answered.ms)

    async def _upload(self, ticket: Pass) -> Answered:
        answer, answered = await self._ask(self._request("POST", "blobs/uploads/", ticket, body=b""))
        location = answer.response.header("location")
        if answered.status == 202 and location:
            await self._cancel(urljoin(f"{self._base}/blobs/uploads/", location), ticket)
        return answered

    async def _cancel(self, session: str, ticket: Pass) -> None:
        """Best effort: the session ends by itself, and ghcr.io answers 405."""
        if urlsplit(session).netloc != urlsplit(self._base).netloc:
            return
        try:
            await self._ask(Request("DELETE", session, authorization=ticket.authorization))
        except HttpError:
            return

    async def platforms(self, digest: str) -> tuple[tuple[str, ...], float]:
        ticket = await self._ticket(pull_scopes(self.image.repository), self.reached.challenges)
        answer, told = await self._ask(self._request("GET", f"manifests/{digest}", ticket))
        manifest = answer.response.json()
        if not told.ok or not isinstance(manifest, dict):
            return (), told.ms
        if is_index(manifest):
            return platforms_of_index(manifest), told.ms
        config = config_digest(manifest)
        if config is None:
            return (), told.ms
        answer, blob = await self._ask(self._request("GET", f"blobs/{config}", ticket))
        data = answer.response.json()
        return (platform_of_config(data) if isinstance(data, dict) else ()), told.ms + blob.ms

    async def tags(self) -> tuple[tuple[str, ...] | None, bool]:
        """Some tags that exist, and whether the registry says that there is no such repository."""
        ticket = await self._ticket(pull_scopes(self.image.repository), self.reached.challenges)
        answer, told = await self._ask(self._request("GET", "tags/list?n=50", ticket))
        if told.status == 404:
            return None, True
        data = answer.response.json()
        names = data.get("tags") if told.ok and isinstance(data, dict) else None
        return (tuple(str(name) for name in names[:50]) if isinstance(names, list) else None), False

    def _request(self, method: str, path: str, ticket: Pass, *, body: bytes | None = None) -> Request:
        return Request(method, f"{self._base}/{path}", (("Accept", ACCEPT),), body, ticket.authorization)

    async def _ask(self, request: Request) -> tuple[Answer, Answered]:
        redirects = 4 if request.method in ("GET", "HEAD") else 0
        return await self.talk.ask(
            request, self.destination, self.credential, redirects=redirects, elsewhere=self.reached.origin.others
        )

    def _tried(
        self,
        ticket: Pass,
        manifest: Answered | None = None,
        *,
        upload: Answered | None = None,
        digest: str | None = None,
    ) -> Tried:
        return Tried(
            credential=self.credential.name if self.credential is not None else None,
            token=ticket.token,
            manifest=manifest,
            upload=upload,
            digest=digest,
            unsafe_realm=ticket.unsafe_realm,
            challenge_missing=ticket.challenge_missing,
        )
