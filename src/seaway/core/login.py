"""Registry login as a conversation: it yields requests, is sent responses, and ends in a grant or a refusal.

No I/O happens here. The rules a change must keep:

1. A secret leaves only towards a realm that was checked: https, or the plain http that the registry itself speaks,
   and never a literal address further inside the network than the registry.
2. A refused credential (401, 403) is not shown again, in no other form either.
3. The scope is made from the image's name; what a challenge says about it is a placeholder with some registries.
4. A token is opaque. What it allows is found out by using it.
"""

import base64
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode, urljoin, urlsplit

from seaway.core.challenge import Challenge
from seaway.core.credential import Credential, TokenKind
from seaway.core.destination import Destination, Zone, bare_host, is_loopback_host, literal_address
from seaway.core.exchange import Request, Response
from seaway.core.secret import Secret

CLIENT_ID = "seaway"
SHORTEST_LIFE_S = 60.0
_FORM = ("Content-Type", "application/x-www-form-urlencoded")
_NO_SUCH_METHOD = frozenset({404, 405, 501})


@dataclass(frozen=True)
class Scope:
    """Rights on one repository, as `repository:NAME:ACTIONS`."""

    repository: str
    actions: tuple[str, ...] = ("pull",)

    def __str__(self) -> str:
        return f"repository:{self.repository}:{','.join(self.actions)}"


def pull_scopes(repository: str) -> tuple[Scope, ...]:
    return (Scope(repository),)


def push_scopes(repository: str) -> tuple[Scope, ...]:
    return (Scope(repository, ("pull", "push")),)


def mount_scopes(repository: str, source: str) -> tuple[Scope, ...]:
    """The wanted repository first: some servers look at the first scope only."""
    return (*push_scopes(repository), Scope(source))


@dataclass(frozen=True)
class RegistryOrigin:
    """The registry as it was reached: its base URL and how deep inside the network it was found."""

    url: str
    zone: Zone = Zone.PUBLIC

    @property
    def plain(self) -> bool:
        return self.url.startswith("http://")

    @property
    def others(self) -> Destination:
        """Where hosts that the registry names may be: no deeper inside than the registry itself, never link-local."""
        return Destination(min(self.zone, Zone.LOOPBACK))


@dataclass(frozen=True)
class Grant:
    """What to send with requests from now on; None means nothing. `lifetime_s` None: as long as the login lives."""

    authorization: Secret | None
    lifetime_s: float | None = None
    refresh_token: Secret | None = None


@dataclass(frozen=True)
class Refusal:
    """The token service said no. `form` is how it was asked."""

    url: str
    response: Response
    form: str = "GET"


@dataclass(frozen=True)
class UnsafeRealm:
    """The registry sends logins to a place where none may go; nothing was sent."""

    realm: str
    why: str


@dataclass(frozen=True)
class NoChallenge:
    """The registry wants a login and does not say which one it takes."""

    schemes: tuple[str, ...] = field(default=())


Outcome = Grant | Refusal | UnsafeRealm | NoChallenge
Conversation = Generator[Request, Response, Outcome]


def login(
    challenges: Sequence[Challenge],
    scopes: Sequence[Scope],
    credential: Credential | None,
    registry: RegistryOrigin,
) -> Conversation:
    """Talk to whom the challenges name until it is known what may be sent to the registry."""
    bearer = next((c for c in challenges if c.scheme == "bearer" and c.get("realm")), None)
    if bearer is not None:
        return (yield from _bearer(bearer, scopes, credential, registry))
    if any(c.scheme == "basic" for c in challenges):
        return Grant(None if credential is None else basic(credential))
    return NoChallenge(tuple(c.scheme for c in challenges))


def _bearer(
    challenge: Challenge, scopes: Sequence[Scope], credential: Credential | None, registry: RegistryOrigin
) -> Conversation:
    realm = _resolved(challenge.parameters["realm"], registry)
    why = realm_objection(realm, registry)
    if why is not None:
        return UnsafeRealm(without_query(realm), why)
    service = challenge.get("service")
    if credential is not None and credential.kind is TokenKind.IDENTITY:
        request = _refresh_request(realm, service, scopes, credential)
        return _outcome(request, (yield request))
    request = _get_request(realm, service, scopes, credential)
    response = yield request
    if credential is not None and response.status in _NO_SUCH_METHOD:
        request = _password_request(realm, service, scopes, credential)
        response = yield request
    return _outcome(request, response)


def _resolved(realm: str, registry: RegistryOrigin) -> str:
    """A realm may be relative; what is no address at all stays as it is and is objected to."""
    try:
        return urljoin(registry.url + "/v2/", realm)
    except ValueError:
        return realm


def realm_objection(realm: str, registry: RegistryOrigin) -> str | None:
    """Why no request may go to this realm, or None."""
    try:
        parts = urlsplit(realm)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "it is not an address"
    if not host or parts.username is not None or not realm.isascii():
        return "it is not an address"
    own = urlsplit(registry.url)
    if parts.scheme not in ("https", "http"):
        return f"its scheme is {parts.scheme or 'missing'}"
    if parts.scheme == "http" and not (registry.plain and (host == own.hostname or is_loopback_host(host))):
        return "it is not https"
    if host == own.hostname:
        return None
    if is_loopback_host(host) and registry.zone < Zone.LOOPBACK:
        return "it is this very machine, and the registry is not"
    address = literal_address(host)
    if address is not None and not registry.others.allows(address):
        return "it is an address inside the network, and the registry is not"
    return None if port != 0 else "it is not an address"


def _get_request(realm: str, service: str | None, scopes: Sequence[Scope], credential: Credential | None) -> Request:
    query = [("service", service)] if service else []
    query += [("scope", str(scope)) for scope in scopes]
    if credential is not None:
        query += [("account", credential.username), ("client_id", CLIENT_ID)]
    joint = "&" if urlsplit(realm).query else "?"
    url = realm + (joint + urlencode(query) if query else "")
    return Request("GET", url, authorization=None if credential is None else basic(credential))


def _password_request(realm: str, service: str | None, scopes: Sequence[Scope], credential: Credential) -> Request:
    secret = {"grant_type": "password", "username": credential.username, "password": credential.secret.reveal()}
    return _post_request(realm, service, scopes, secret)


def _refresh_request(realm: str, service: str | None, scopes: Sequence[Scope], credential: Credential) -> Request:
    return _post_request(
        realm, service, scopes, {"grant_type": "refresh_token", "refresh_token": credential.secret.reveal()}
    )


def _post_request(realm: str, service: str | None, scopes: Sequence[Scope], secret: dict[str, str]) -> Request:
    form = {**secret, "service": service or bare_host(urlsplit(realm).netloc), "client_id": CLIENT_ID}
    if scopes:
        form["scope"] = " ".join(map(str, scopes))
    return Request("POST", realm, (_FORM,), urlencode(form).encode())


def _outcome(request: Request, response: Response) -> Outcome:
    grant = _read_grant(response) if response.status == 200 else None
    return grant or Refusal(request.url, response, request.method)


def _read_grant(response: Response) -> Grant | None:
    answer = response.json()
    if not isinstance(answer, dict):
        return None
    token = answer.get("access_token") or answer.get("token")
    if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable():
        return None
    refresh = answer.get("refresh_token")
    return Grant(
        Secret(f"Bearer {token}"),
        max(SHORTEST_LIFE_S, _seconds(answer.get("expires_in"))),
        Secret(refresh) if isinstance(refresh, str) and refresh else None,
    )


def _seconds(value: object) -> float:
    """A number, also written as text; anything else is the specification's default."""
    try:
        seconds = float(value) if isinstance(value, int | float | str) else SHORTEST_LIFE_S
    except (ValueError, OverflowError):
        return SHORTEST_LIFE_S
    return seconds if 0 < seconds < 366 * 86400 else SHORTEST_LIFE_S


def basic(credential: Credential) -> Secret:
    pair = f"{credential.username}:{credential.secret.reveal()}".encode()
    return Secret("Basic " + base64.b64encode(pair).decode())


def without_query(url: str) -> str:
    """The URL as it may be shown: what a query or a user part holds is nobody's business."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "an unreadable address"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
