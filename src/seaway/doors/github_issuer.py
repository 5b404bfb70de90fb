"""GitHub's own opinion of a token of its making: alive, which scopes, until when, and single sign-on."""

import re
from collections.abc import Collection
from datetime import UTC, datetime

from seaway.core.credential import Credential
from seaway.core.destination import PUBLIC_ONLY, Destination
from seaway.core.exchange import Request, Response
from seaway.core.observed import Issuer, read_answer
from seaway.core.secret import Secret
from seaway.doors.http import HttpPipe, Limits
from seaway.doors.http_errors import HttpError

_LIMITS = Limits(timeout_s=5.0, size_bytes=256 * 1024, truncate=True)
_EXPIRY = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (UTC|[+-]\d{4})\Z")
_SSO_URL = re.compile(r"url=(https://[^\s;,]+)")


class GithubIssuer:
    """Asks `GET /user`, which costs one request of the token's own limit."""

    def __init__(
        self,
        http: HttpPipe,
        base_url: str = "https://api.github.com",
        *,
        hosts: Collection[str] = ("ghcr.io",),
        destination: Destination = PUBLIC_ONLY,
    ) -> None:
        self._http, self._base_url, self._destination = http, base_url.rstrip("/"), destination
        self._hosts = frozenset(hosts)

    def knows(self, credential: Credential) -> bool:
        return credential.host in self._hosts and credential.kind.is_github

    async def ask(self, credential: Credential) -> Issuer:
        url = f"{self._base_url}/user"
        token = Secret(f"Bearer {credential.secret.reveal()}")
        request = Request("GET", url, (("Accept", "application/vnd.github+json"),), authorization=token)
        try:
            answer = await self._http.send(request, limits=_LIMITS, destination=self._destination)
        except HttpError:
            return Issuer("GitHub", alive=None)
        return read_opinion(url, answer.response, answer.ms)


def read_opinion(url: str, response: Response, ms: float) -> Issuer:
    """What the answer's status and headers say of the token; only 401 says that it is dead."""
    told = response.header("x-oauth-scopes")
    expiry = response.header("github-authentication-token-expiration")
    sso = _SSO_URL.search(response.header("x-github-sso") or "") if response.status == 403 else None
    alive = {200: True, 401: False}.get(response.status)
    return Issuer(
        "GitHub",
        alive=True if sso else alive,
        scopes=None if told is None else frozenset(filter(None, (scope.strip() for scope in told.split(",")))),
        expires_at=parse_expiry(expiry),
        never_expires=response.status == 200 and told is not None and expiry is None,
        sso_url=sso[1] if sso else None,
        answer=read_answer("GET", url, response, ms),
    )


def parse_expiry(text: str | None) -> datetime | None:
    """`2027-03-31 00:00:00 +0900` or `... UTC`; both forms occur."""
    found = _EXPIRY.match(text or "")
    if found is None:
        return None
    zone = "+0000" if found[2] == "UTC" else found[2]
    try:
        return datetime.strptime(f"{found[1]} {zone}", "%Y-%m-%d %H:%M:%S %z").astimezone(UTC)
    except (ValueError, OverflowError):
        return None
