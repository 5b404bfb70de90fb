"""Credentials: what opens a registry, for which names, and which one of several is taken."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zlib import crc32

from seaway.core.errors import Invalid
from seaway.core.image import DOCKER_HUB, ImageRef, canonical_registry
from seaway.core.secret import Secret

# Docker's mark for "the secret is an identity (refresh) token, not a password".
IDENTITY_TOKEN_USER = "<token>"  # noqa: S105

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CLASSIC_PAT = re.compile(r"ghp_([0-9A-Za-z]{30})([0-9A-Za-z]{6})\Z")
_PREFIX = re.compile(
    r"(?:\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?::[0-9]{1,5})?(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*\Z"
)


class Purpose(StrEnum):
    PULL = "pull"
    PUSH = "push"
    BOTH = "both"

    def covers(self, wanted: "Purpose") -> bool:
        return self is Purpose.BOTH or self is wanted


class TokenKind(StrEnum):
    """What a secret is, as far as its own text tells."""

    GITHUB_CLASSIC = "GitHub personal access token (classic)"
    GITHUB_FINE_GRAINED = "GitHub fine-grained personal access token"
    GITHUB_OAUTH = "GitHub OAuth token"
    GITHUB_APP_USER = "GitHub App user token"
    GITHUB_INSTALLATION = "GitHub App installation token"
    GITHUB_REFRESH = "GitHub refresh token"
    GITLAB_PERSONAL = "GitLab personal access token"
    GITLAB_DEPLOY = "GitLab deploy token"
    GITLAB_JOB = "GitLab CI job token"
    DOCKER_PERSONAL = "Docker personal access token"
    DOCKER_ORGANISATION = "Docker organisation access token"
    ECR_PASSWORD = "ECR login password"  # noqa: S105
    AWS_KEY = "AWS access key"
    GOOGLE_ACCESS = "Google access token"
    GOOGLE_KEY = "Google service account key"
    IDENTITY = "identity token"
    PASSWORD = "password or token"  # noqa: S105

    @property
    def is_short_lived(self) -> bool:
        return self in _SHORT_LIVED

    @property
    def is_github(self) -> bool:
        return self.name.startswith("GITHUB_")


_SHORT_LIVED = frozenset(
    {
        TokenKind.GITHUB_INSTALLATION,
        TokenKind.GITHUB_APP_USER,
        TokenKind.GITLAB_JOB,
        TokenKind.ECR_PASSWORD,
        TokenKind.GOOGLE_ACCESS,
        TokenKind.IDENTITY,
    }
)
_KIND_BY_USER = {
    IDENTITY_TOKEN_USER: TokenKind.IDENTITY,
    "00000000-0000-0000-0000-000000000000": TokenKind.IDENTITY,
    "AWS": TokenKind.ECR_PASSWORD,
    "oauth2accesstoken": TokenKind.GOOGLE_ACCESS,
    "_json_key": TokenKind.GOOGLE_KEY,
    "_json_key_base64": TokenKind.GOOGLE_KEY,
    "gitlab-ci-token": TokenKind.GITLAB_JOB,
}
_AWS_KEY_ID = re.compile(r"AKIA[A-Z0-9]{12,28}\Z")
_KIND_BY_PREFIX = {
    "ghp_": TokenKind.GITHUB_CLASSIC,
    "github_pat_": TokenKind.GITHUB_FINE_GRAINED,
    "gho_": TokenKind.GITHUB_OAUTH,
    "ghu_": TokenKind.GITHUB_APP_USER,
    "ghs_": TokenKind.GITHUB_INSTALLATION,
    "ghr_": TokenKind.GITHUB_REFRESH,
    "glpat-": TokenKind.GITLAB_PERSONAL,
    "gldt-": TokenKind.GITLAB_DEPLOY,
    "glcbt-": TokenKind.GITLAB_JOB,
    "dckr_pat_": TokenKind.DOCKER_PERSONAL,
    "dckr_oat_": TokenKind.DOCKER_ORGANISATION,
}


class InvalidPrefix(Invalid):
    """The text names no registry."""

    code = "credential.invalid_prefix"


@dataclass(frozen=True)
class Credential:
    """One login. `prefix` is `host` or `host/path`; `app` is the only app that may use it, None for all."""

    name: str
    prefix: str
    username: str
    secret: Secret
    purpose: Purpose = Purpose.BOTH
    app: str | None = None
    expires_at: datetime | None = None

    @property
    def kind(self) -> TokenKind:
        return kind_of(self.username, self.secret)

    @property
    def host(self) -> str:
        return normalised_prefix(self.prefix).partition("/")[0]


def kind_of(username: str, secret: Secret) -> TokenKind:
    if username in _KIND_BY_USER:
        return _KIND_BY_USER[username]
    if _AWS_KEY_ID.match(username):
        return TokenKind.AWS_KEY
    text = secret.reveal()
    return next((kind for start, kind in _KIND_BY_PREFIX.items() if text.startswith(start)), TokenKind.PASSWORD)


def choose(
    credentials: Iterable[Credential], image: ImageRef, app: str | None, purpose: Purpose = Purpose.PULL
) -> Credential | None:
    """The credential for this image: an app's own before all others, then the longest prefix.

    Of two that are equal so far the one kept for just this purpose wins, then the first by name.
    """
    usable = [c for c in credentials if c.app in (None, app) and c.purpose.covers(purpose) and matches(c, image)]
    return min(usable, key=lambda c: _rank(c, app), default=None)


def _rank(credential: Credential, app: str | None) -> tuple[bool, int, bool, str]:
    own = credential.app is not None and credential.app == app
    depth = normalised_prefix(credential.prefix).count("/")
    return not own, -depth, credential.purpose is Purpose.BOTH, credential.name


def matches(credential: Credential, image: ImageRef) -> bool:
    """True when the prefix ends at the end of the name or at a slash of it: `a/b` covers `a/b/c`, not `a/bc`."""
    prefix = normalised_prefix(credential.prefix)
    name = f"{canonical_registry(image.registry)}/{image.repository}"
    return name == prefix or name.startswith(prefix + "/")


def parse_prefix(text: str) -> str:
    """The prefix as it is kept. Raises InvalidPrefix when the text names no registry."""
    prefix = normalised_prefix(text)
    if not _PREFIX.match(prefix):
        raise InvalidPrefix(
            f"{text!r} names no registry.", remedy="Write host[:port] or host/owner, e.g. ghcr.io/acme."
        )
    return prefix


def normalised_prefix(text: str) -> str:
    """`https://index.docker.io/v1/` and its kin become `docker.io`; schemes and outer slashes go, case too."""
    host, _, path = text.strip().removeprefix("https://").removeprefix("http://").strip("/").lower().partition("/")
    registry = canonical_registry(host)
    if path in ("v1", "v2") or (registry == DOCKER_HUB and path.startswith(("v1/", "v2/"))):
        path = ""
    return f"{registry}/{path}" if path else registry


def is_mistyped(secret: Secret) -> bool:
    """True when a classic GitHub token's checksum does not fit, so that no request is needed to refuse it."""
    found = _CLASSIC_PAT.match(secret.reveal())
    return found is not None and github_checksum(found[1]) != found[2]


def github_checksum(random_part: str) -> str:
    rest, digits = crc32(random_part.encode()), ""
    while rest:
        rest, digit = divmod(rest, 62)
        digits = _BASE62[digit] + digits
    return digits.rjust(6, "0")
