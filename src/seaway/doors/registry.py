"""The registry door: proves that an image may be pulled or pushed, by this credential or by anybody.

A proof is about six requests: ping, token, manifest, and for a push an upload session that is opened and cancelled.
None of them writes, and none repeats a refusal.
"""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Protocol
from urllib.parse import urlsplit

from seaway.core.chain import conclude, conclude_login
from seaway.core.credential import Credential, is_mistyped, normalised_prefix
from seaway.core.destination import ANY_MACHINE, Destination
from seaway.core.image import ImageRef
from seaway.core.observed import Broken, Issuer, Observed, Shown, Tried, gathered
from seaway.core.proof import Proof
from seaway.core.registry_kind import RegistryKind, Sign, kind_of
from seaway.doors.http import HttpPipe, Limits
from seaway.doors.http_errors import HttpError
from seaway.doors.minting import Minting, NotMinted
from seaway.doors.registry_attempt import Attempt
from seaway.doors.registry_session import Now, Reached, RegistryTalk, connection_of, utc_now

_PROBE = Limits(timeout_s=10.0, size_bytes=4 * 1024 * 1024)


class IssuerDoor(Protocol):
    """Whoever issued a credential, and may be asked about it."""

    def knows(self, credential: Credential) -> bool: ...

    async def ask(self, credential: Credential) -> Issuer: ...


class RegistryDoor:
    """Keep one for the life of the process: tokens and addresses are remembered between proofs."""

    def __init__(
        self,
        http: HttpPipe,
        *,
        kinds: Sequence[RegistryKind] = (),
        issuers: Sequence[IssuerDoor] = (),
        minting: Minting | None = None,
        insecure: Collection[str] = (),
        destination: Destination = ANY_MACHINE,
        limits: Limits = _PROBE,
        now: Now = utc_now,
    ) -> None:
        self._kinds, self._issuers, self._now = tuple(kinds), tuple(issuers), now
        self._destination = destination
        self._minting = minting or Minting(http, kinds)
        self._talk = RegistryTalk(http, destination, frozenset(insecure), limits, now)

    async def prove(
        self,
        image: ImageRef,
        credential: Credential | None,
        *,
        push: bool = False,
        platform: str | None = None,
        thorough: bool = False,
        fresh: bool = False,
        near_keys: tuple[str, ...] = (),
    ) -> Proof:
        """Try this image with this credential, and as anybody when the credential is refused for a pull.

        `platform` (`linux/amd64`) also proves that there is a variant for it. `thorough` asks everything at once, for
        a person who wants the whole picture. `fresh` shows the credential itself again, since a token may outlive it.
        Never raises for what a registry does: it is in the proof.
        """
        shown = None if credential is None else shown_of(credential)
        seen, reached = await self._reached(
            Observed(
                image,
                push=push,
                thorough=thorough,
                credential=shown,
                near_keys=near_keys,
                now=self._now(),
                wanted_platform=platform,
            )
        )
        if reached is None:
            return conclude(seen, self._kind(seen))
        if fresh and credential is not None:
            self._talk.forget_tokens_of(credential)
        attempts = self._attempts_at_once if thorough else self._attempts_in_turn
        seen = gathered(await attempts(seen, reached, credential))
        return conclude(seen, self._kind(seen))

    async def prove_login(self, credential: Credential) -> Proof:
        """Whether it is alive: a token without any right, or the ping with a password; its issuer's word counts too.

        What it may pull is not tried. The proof's image is the credential's prefix and a star.
        """
        host, _, path = normalised_prefix(credential.prefix).partition("/")
        image = ImageRef(host, f"{path}/*" if path else "*")
        seen, reached = await self._reached(Observed(image, credential=shown_of(credential), now=self._now()))
        if reached is None:
            return conclude_login(seen, self._kind(seen))
        self._talk.forget_tokens_of(credential)
        tried, issuer = await asyncio.gather(
            self._try(seen, reached, credential, login_only=True), self._ask_issuer(credential)
        )
        seen = replace(seen, with_credential=tried, issuer=issuer)
        return conclude_login(seen, self._kind(seen))

    async def ready(self, credential: Credential) -> Credential:
        """What is shown to the registry: the credential itself, or a short-lived login that is minted from it.

        When nothing can be minted it is the credential itself, which the registry will refuse.
        """
        try:
            found = await self._minting.ready(credential)
        except HttpError:
            return credential
        return credential if isinstance(found, NotMinted) else found

    async def _reached(self, seen: Observed) -> tuple[Observed, Reached | None]:
        """With how the registry was reached; None when it was not."""
        host = seen.image.api_host
        try:
            reached = await self._talk.reach(host)
        except HttpError as error:
            broken = Broken(error.fault, error.host, error.detail)
            way = connection_of(f"https://{host}", error.way) if error.way is not None else None
            return replace(seen, broken=broken, connection=way), None
        found = replace(
            seen,
            connection=reached.connection,
            ping=reached.ping,
            schemes=tuple(challenge.scheme for challenge in reached.challenges),
            realm=_parameter(reached, "realm"),
            service=_parameter(reached, "service"),
            clock_skew_s=reached.clock_skew_s,
        )
        return found, reached

    def _kind(self, seen: Observed) -> RegistryKind:
        return kind_of(Sign(seen.image.registry, seen.realm, seen.service), self._kinds)

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

    async def _try(
        self, seen: Observed, reached: Reached, credential: Credential | None, *, login_only: bool = False
    ) -> Tried:
        name = credential.name if credential is not None else None
        if credential is not None and is_mistyped(credential.secret):
            return Tried(name)
        closely = seen.thorough or seen.wanted_platform is not None
        try:
            ready = credential if credential is None else await self._minting.ready(credential)
        except HttpError as error:
            return Tried(name, broken=Broken(error.fault, error.host, error.detail, "issuer"))
        if isinstance(ready, NotMinted):
            return Tried(name, token=ready.answer)
        attempt = Attempt(self._talk, reached, seen.image, ready, self._destination, closely)
        try:
            if login_only:
                return await attempt.login()
            return await (attempt.push() if seen.push else attempt.pull())
        except HttpError as error:
            own = error.host.partition(":")[0] == urlsplit(reached.origin.url).hostname
            return Tried(name, broken=Broken(error.fault, error.host, error.detail, "registry" if own else "token"))


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
