"""What the probes of one image saw, as plain values: the evidence that verdicts are made from."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import parsedate_to_datetime

from seaway.core.credential import TokenKind
from seaway.core.exchange import Response
from seaway.core.fault import Fault
from seaway.core.image import ImageRef
from seaway.core.login import without_query

REFUSALS = frozenset({400, 401, 402, 403, 412, 451})
_TAG = re.compile(r"<[^>]{0,200}>")
_LONGEST_MESSAGE = 240


@dataclass(frozen=True)
class Answered:
    """One answer of a registry or its token service; `code` and `message` are the first error of its body."""

    request: str
    status: int
    code: str | None = None
    message: str = ""
    ms: float = 0.0
    html: bool = False
    retry_after: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def refused(self) -> bool:
        return self.status in REFUSALS

    def says(self, *words: str) -> bool:
        """True when the code or the message contains one of the words, in any case."""
        text = f"{self.code or ''} {self.message}".lower()
        return any(word.lower() in text for word in words)

    def line(self) -> str:
        said = ": ".join(part for part in (self.code, self.message) if part)
        return f"{self.request} answered {self.status}" + (f" {said}" if said else "")


def read_answer(method: str, url: str, response: Response, ms: float, notes: Iterable[str] = ()) -> Answered:
    """Keep of an answer what a person or a rule needs; the URL loses its query."""
    code, message, html = _error_of(response)
    return Answered(
        f"{method} {without_query(url)}",
        response.status,
        code,
        message,
        ms,
        html,
        response.header("retry-after"),
        tuple(notes),
    )


def _error_of(response: Response) -> tuple[str | None, str, bool]:
    if response.status < 300:
        return None, "", False
    data = response.json()
    if isinstance(data, dict):
        errors = data.get("errors")
        if isinstance(errors, list) and errors and isinstance(errors[0], dict):
            return _word(errors[0].get("code")), _text(errors[0].get("message")), False
        for key in ("error_description", "details", "message", "error"):
            if isinstance(data.get(key), str):
                return None, _text(data[key]), False
    if data is not None:
        return None, "", False
    text = response.body[:4096].decode("utf-8", "replace")
    html = "<html" in text.lower() or "text/html" in (response.header("content-type") or "")
    return None, _text(_TAG.sub(" ", text) if html else text), html


def _word(value: object) -> str | None:
    return value[:60] if isinstance(value, str) and value else None


def _text(value: object) -> str:
    words = " ".join(str(value).split()) if isinstance(value, str) else ""
    return "".join(letter for letter in words if letter.isprintable())[:_LONGEST_MESSAGE]


def clock_skew_s(response: Response, now: datetime) -> float | None:
    """How far this machine is ahead of the server; None when the server does not say its time."""
    try:
        served = parsedate_to_datetime(response.header("date") or "")
        return (now - served).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None


@dataclass(frozen=True)
class Connection:
    """How the registry was reached; times are None when a connection was still open from before."""

    url: str
    addresses: tuple[str, ...] = ()
    address: str | None = None
    dns_ms: float | None = None
    tcp_ms: float | None = None
    tls_ms: float | None = None
    tls_version: str | None = None
    certificate_until: datetime | None = None
    certificate_issuer: str | None = None


@dataclass(frozen=True)
class Broken:
    """Where the chain broke before there was an answer. `at` is `registry`, `token` or `issuer`."""

    fault: Fault
    host: str
    detail: str
    at: str = "registry"


@dataclass(frozen=True)
class Shown:
    """What may be told of a credential."""

    name: str
    prefix: str
    username: str
    kind: TokenKind
    expires_at: datetime | None = None
    mistyped: bool = False

    def __str__(self) -> str:
        return f"{self.name} ({self.username} at {self.prefix}, {self.kind.value})"


@dataclass(frozen=True)
class Tried:
    """How one identity fared: a credential, or nobody (None). What was not asked is None.

    `token` is None too when no token service takes part. `read_only` is what the manifest answered to a token for
    pulling alone, asked after the one for pushing was refused.
    """

    credential: str | None = None
    token: Answered | None = None
    manifest: Answered | None = None
    upload: Answered | None = None
    read_only: Answered | None = None
    digest: str | None = None
    platforms: tuple[str, ...] = ()
    platforms_ms: float = 0.0
    tags: tuple[str, ...] | None = None
    repository_missing: bool = False
    broken: Broken | None = None
    unsafe_realm: tuple[str, str] | None = None
    challenge_missing: bool = False

    @property
    def pulls(self) -> bool:
        return self.manifest is not None and self.manifest.ok

    @property
    def pushes(self) -> bool:
        return self.upload is not None and self.upload.ok

    @property
    def token_refused(self) -> bool:
        return self.token is not None and self.token.refused

    @property
    def login_refused(self) -> bool:
        """The credential itself was not taken, as far as statuses tell: at the token service or by 401 without one."""
        return self.token_refused or (self.token is None and self.last is not None and self.last.status == 401)

    @property
    def refused(self) -> bool:
        return self.token_refused or (self.last is not None and self.last.refused)

    @property
    def last(self) -> Answered | None:
        """The answer that decided: the furthest that was reached."""
        return self.upload or self.manifest or self.token


@dataclass(frozen=True)
class Issuer:
    """What the issuer of a token says of it. `scopes` is None when it does not say."""

    name: str
    alive: bool | None
    scopes: frozenset[str] | None = None
    expires_at: datetime | None = None
    never_expires: bool = False
    sso_url: str | None = None
    answer: Answered | None = None


@dataclass(frozen=True)
class Observed:
    """Everything that was seen for one image."""

    image: ImageRef
    push: bool = False
    thorough: bool = False
    connection: Connection | None = None
    broken: Broken | None = None
    ping: Answered | None = None
    schemes: tuple[str, ...] = ()
    realm: str = ""
    service: str = ""
    credential: Shown | None = None
    with_credential: Tried | None = None
    anonymous: Tried | None = None
    issuer: Issuer | None = None
    clock_skew_s: float | None = None
    tags: tuple[str, ...] | None = None
    repository_missing: bool = False
    platforms: tuple[str, ...] = ()
    platforms_ms: float = 0.0
    wanted_platform: str | None = None
    near_keys: tuple[str, ...] = ()
    now: datetime | None = None

    @property
    def attempts(self) -> tuple[Tried, ...]:
        return tuple(tried for tried in (self.with_credential, self.anonymous) if tried is not None)

    @property
    def winner(self) -> Tried | None:
        """The attempt that may do what was asked for; never an anonymous one for a push with a credential."""
        if self.push:
            first = self.with_credential or self.anonymous
            return first if first is not None and first.pushes else None
        return next((tried for tried in self.attempts if tried.pulls), None)

    @property
    def answers(self) -> tuple[Answered, ...]:
        found = [self.ping] if self.ping is not None else []
        for tried in self.attempts:
            found += [each for each in (tried.token, tried.manifest, tried.upload, tried.read_only) if each is not None]
        return tuple(found)


def gathered(seen: Observed) -> Observed:
    """With what the attempts learned of the image itself: from the one that won, else from any that could look."""
    winner, told = seen.winner, [tried for tried in seen.attempts if tried.tags is not None or tried.repository_missing]
    return replace(
        seen,
        platforms=winner.platforms if winner is not None else (),
        platforms_ms=winner.platforms_ms if winner is not None else 0.0,
        tags=told[0].tags if told else None,
        repository_missing=told[0].repository_missing if told else False,
    )
