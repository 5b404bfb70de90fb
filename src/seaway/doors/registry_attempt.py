"""One identity's try at one image: the requests of a proof, in their order."""

import asyncio
from dataclasses import dataclass, replace
from hashlib import sha256
from urllib.parse import urljoin, urlsplit

from seaway.core.challenge import Challenge, parse_challenges
from seaway.core.credential import Credential
from seaway.core.destination import Destination
from seaway.core.exchange import Request
from seaway.core.image import ImageRef
from seaway.core.login import Grant, NoChallenge, Scope, UnsafeRealm, pull_scopes, push_scopes
from seaway.core.manifest import ACCEPT, config_digest, is_index, platform_of_config, platforms_of_index
from seaway.core.observed import Answered, Tried
from seaway.core.secret import Secret
from seaway.doors.http import Answer
from seaway.doors.http_errors import HttpError
from seaway.doors.registry_session import Reached, RegistryTalk


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

    @property
    def is_basic(self) -> bool:
        return self.authorization is not None and self.authorization.reveal().startswith("Basic ")


@dataclass(frozen=True)
class Attempt:
    """One identity's try at one image of a registry that was reached."""

    talk: RegistryTalk
    reached: Reached
    image: ImageRef
    credential: Credential | None
    destination: Destination
    closely: bool = False

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
        return await self._looked_closer(self._tried(ticket, manifest), ticket, answer)

    async def push(self) -> Tried:
        """The right to write first; what may be read only tells a narrow credential from a dead one."""
        scopes = push_scopes(self.image.repository)
        ticket = await self._ticket(scopes, self.reached.challenges)
        if not ticket.open:
            narrower = await self._narrower(ticket)
            return replace(self._tried(ticket), read_only=narrower)
        if ticket.is_basic or ticket.authorization is None:
            answer, manifest = await self._manifest(ticket)
            if manifest.status == 401:
                return self._tried(ticket, manifest)
            upload = await self._upload(ticket)
        else:
            (answer, manifest), upload = await asyncio.gather(self._manifest(ticket), self._upload(ticket))
        digest = answer.response.header("docker-content-digest") if manifest.ok else None
        return replace(self._tried(ticket, manifest), upload=upload, digest=digest)

    async def login(self) -> Tried:
        """Whether the login itself is taken: a token for nothing, or the ping again with the password."""
        ticket = await self._ticket((), self.reached.challenges)
        if not ticket.open or not ticket.is_basic:
            return self._tried(ticket)
        ping = Request("GET", f"{self.reached.origin.url}/v2/", authorization=ticket.authorization)
        _, answered = await self._ask(ping)
        return replace(self._tried(ticket), manifest=answered)

    async def _narrower(self, ticket: Pass) -> Answered | None:
        """What a token for pulling alone gets, when the refusal may have been for the scope and not for the login."""
        token = ticket.token
        about_scope = token is not None and (token.status == 403 or token.says("scope"))
        return (await self.pull()).last if self.credential is not None and about_scope else None

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
        """HEAD, which counts against nobody's limit; GET when refused, because only that has a body to read.

        A password that was refused is not sent again for that, and who looks closely needs the body anyway.
        """
        path = f"manifests/{self.image.reference}"
        if self.closely:
            return await self._ask(self._request("GET", path, ticket))
        answer, answered = await self._ask(self._request("HEAD", path, ticket))
        if answered.ok or (answered.status == 401 and ticket.is_basic):
            return answer, answered
        full, told = await self._ask(self._request("GET", path, ticket))
        return full, replace(told, ms=told.ms + answered.ms)

    async def _looked_closer(self, tried: Tried, ticket: Pass, answer: Answer) -> Tried:
        """The digest and the platforms of an image that may be read; what there is instead of one that is missing."""
        if tried.manifest is not None and tried.manifest.ok:
            tried = replace(tried, digest=await self._digest(ticket, answer))
            return await self._with_platforms(tried, ticket, answer) if self.closely else tried
        if tried.manifest is not None and tried.manifest.status == 404:
            tags, missing = await self._tags(ticket)
            return replace(tried, tags=tags, repository_missing=missing)
        return tried

    async def _digest(self, ticket: Pass, answer: Answer) -> str | None:
        """What the registry says, else the hash of the manifest itself."""
        told = answer.response.header("docker-content-digest")
        if told is not None and told.startswith(("sha256:", "sha512:")):
            return told
        full, read = await self._ask(self._request("GET", f"manifests/{self.image.reference}", ticket))
        return f"sha256:{sha256(full.response.body).hexdigest()}" if read.ok else None

    async def _with_platforms(self, tried: Tried, ticket: Pass, answer: Answer) -> Tried:
        """Of an index they are in it; of a single image in its configuration, which often lies at another host."""
        manifest = answer.response.json()
        if not isinstance(manifest, dict):
            return tried
        if is_index(manifest):
            return replace(tried, platforms=platforms_of_index(manifest))
        config = config_digest(manifest)
        if config is None:
            return tried
        try:
            blob, told = await self._ask(self._request("GET", f"blobs/{config}", ticket))
        except HttpError:
            return tried
        data = blob.response.json()
        platforms = platform_of_config(data) if told.ok and isinstance(data, dict) else ()
        return replace(tried, platforms=platforms, platforms_ms=told.ms)

    async def _upload(self, ticket: Pass) -> Answered:
        answer, answered = await self._ask(self._request("POST", "blobs/uploads/", ticket, body=b""))
        location = answer.response.header("location")
        if answered.status == 202 and location:
            await self._cancel(location, ticket)
        return answered

    async def _cancel(self, location: str, ticket: Pass) -> None:
        """Best effort: the session ends by itself, and ghcr.io answers 405."""
        try:
            session = urljoin(f"{self._base}/blobs/uploads/", location)
            if urlsplit(session)[:2] != urlsplit(self._base)[:2]:
                return
            await self._ask(Request("DELETE", session, authorization=ticket.authorization))
        except (HttpError, ValueError):
            return

    async def _tags(self, ticket: Pass) -> tuple[tuple[str, ...] | None, bool]:
        """Some tags that exist, and whether the registry says that there is no such repository."""
        try:
            answer, told = await self._ask(self._request("GET", "tags/list?n=50", ticket))
        except HttpError:
            return None, False
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

    def _tried(self, ticket: Pass, manifest: Answered | None = None) -> Tried:
        return Tried(
            credential=self.credential.name if self.credential is not None else None,
            token=ticket.token,
            manifest=manifest,
            unsafe_realm=ticket.unsafe_realm,
            challenge_missing=ticket.challenge_missing,
        )
