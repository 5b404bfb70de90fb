"""Asks issuers for short-lived logins, and remembers each until shortly before its end; one request at a time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from seaway.core.credential import Credential
from seaway.core.destination import PUBLIC_ONLY, Destination
from seaway.core.exchange import Request, Response
from seaway.core.minting import Minter
from seaway.core.observed import Answered, read_answer
from seaway.doors.http import HttpPipe, Limits
from seaway.doors.one_in_flight import OneInFlight
from seaway.doors.registry_session import Now, utc_now

_LIMITS = Limits(timeout_s=10.0, size_bytes=256 * 1024, truncate=True)
# A login must outlive the pull that begins with it.
_EARLY_S = 600.0


@dataclass(frozen=True)
class NotMinted:
    """What the issuer answered instead of a login."""

    answer: Answered


class Minting:
    """`minters` are the plug-ins that know how; all others' credentials are shown as they are."""

    def __init__(
        self,
        http: HttpPipe,
        minters: Sequence[object] = (),
        destination: Destination = PUBLIC_ONLY,
        now: Now = utc_now,
    ) -> None:
        self._http, self._destination, self._now = http, destination, now
        self._minters = [each for each in minters if isinstance(each, Minter)]
        self._kept: OneInFlight[Credential, Credential | NotMinted] = OneInFlight()

    async def ready(self, credential: Credential) -> Credential | NotMinted:
        """What is shown to the registry. Raises HttpError when the issuer is out of reach."""
        for minter in self._minters:
            request = minter.mint(credential, self._now())
            if request is not None:
                return (await self._kept.get(credential, partial(self._ask, minter, request, credential)))[0]
        return credential

    async def _ask(
        self, minter: Minter, request: Request, credential: Credential
    ) -> tuple[Credential | NotMinted, float]:
        answer = await self._http.send(request, limits=_LIMITS, destination=self._destination)
        found = minter.minted(answer.response, self._now())
        if found is None:
            told = _told(read_answer(request.method, request.url, answer.response, answer.ms), answer.response)
            return NotMinted(told), 0.0
        login = replace(credential, username=found.username, secret=found.secret)
        return login, max(0.0, found.life_s - _EARLY_S)


def _told(answer: Answered, response: Response) -> Answered:
    """Amazon names the error in `__type`, of which the part after the # counts."""
    data = response.json()
    name = data.get("__type") if isinstance(data, dict) else None
    if not isinstance(name, str):
        return answer
    return replace(answer, code=name.rpartition("#")[2][:60])
