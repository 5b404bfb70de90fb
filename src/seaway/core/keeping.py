"""Credentials as Seaway keeps them: how each fared, and which apps depend on it."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from seaway.core.app import check_app_name
from seaway.core.credential import Credential, Purpose, choose, parse_prefix
from seaway.core.errors import Conflict, Invalid, Missing
from seaway.core.finding import Finding, FindingError
from seaway.core.image import ImageRef
from seaway.core.proof import Proof
from seaway.core.secret import Secret

CredentialState = Literal["refused", "expired", "proved", "unproved"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@-]*(?:/[A-Za-z0-9][A-Za-z0-9._:@-]*)*\Z")
_LONGEST_NAME = 200


class UnknownCredential(Missing):
    code = "credential.unknown"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no credential {name}.", remedy="`seaway credentials list` shows those there are.")


class CredentialExists(Conflict):
    code = "credential.exists"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"There is a credential {name} already.",
            remedy=f"Renew it with `seaway credentials rotate {name}`, or give the new one another --name.",
        )


class NothingToUndo(Conflict):
    code = "credential.nothing_to_undo"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"There is no earlier secret of {name}.",
            remedy="It is kept for 24 hours after `seaway credentials rotate`. Rotate again with a secret that works.",
        )


class InvalidCredential(Invalid):
    code = "credential.invalid"


class CredentialRefused(FindingError, Invalid):
    """It was tried and did not open what it was tried on; the finding says why."""


@dataclass(frozen=True)
class KeptCredential:
    """A credential and what is known of it. `refused` is why it was refused last, None after it was proved again;
    `undo_until` is set while the secret before this one is still kept."""

    login: Credential
    created_at: datetime
    owner: str = ""
    last_proved_at: datetime | None = None
    last_refused_at: datetime | None = None
    refused: Finding | None = None
    last_used_at: datetime | None = None
    undo_until: datetime | None = None

    @property
    def name(self) -> str:
        return self.login.name

    def state(self, now: datetime) -> CredentialState:
        if self.refused is not None:
            return "refused"
        if self.login.expires_at is not None and self.login.expires_at <= now:
            return "expired"
        return "proved" if self.last_proved_at else "unproved"


@dataclass(frozen=True)
class WantedImage:
    """An image of a registry that an app is made of, by the journal of its deployments."""

    app: str
    image: ImageRef


def new_credential(
    prefix: str,
    username: str,
    secret: Secret,
    *,
    purpose: Purpose = Purpose.BOTH,
    app: str | None = None,
    expires_at: datetime | None = None,
    name: str | None = None,
) -> Credential:
    """Checked, with a name made of its prefix and app when none is given. Raises InvalidPrefix, InvalidCredential."""
    kept_prefix = parse_prefix(prefix)
    if app is not None:
        check_app_name(app)
    check_login(username, secret)
    default = f"{kept_prefix}@{app}" if app else kept_prefix
    return Credential(_checked_name(name or default), kept_prefix, username, secret, purpose, app, expires_at)


def check_login(username: str, secret: Secret) -> None:
    """Raises InvalidCredential. A colon in a user name would move the border between name and secret."""
    if not username or not username.isprintable() or ":" in username:
        raise InvalidCredential(
            f"{username!r} is no user name.", remedy="Give the name that the registry knows, without a colon."
        )
    text = secret.reveal()
    if not text:
        raise InvalidCredential("The secret is empty.", remedy="Send the password or token on standard input.")
    if "\n" in text and not text.lstrip().startswith("{"):
        raise InvalidCredential("The secret has several lines.", remedy="Send the token alone, without other output.")


def _checked_name(name: str) -> str:
    if len(name) <= _LONGEST_NAME and _NAME.match(name):
        return name
    raise InvalidCredential(
        f"{name!r} cannot be a credential's name.",
        remedy="Use letters, digits and . _ : @ / -, at most 200 of them, beginning with a letter or digit.",
    )


def dependents(name: str, credentials: Sequence[Credential], images: Iterable[WantedImage]) -> tuple[WantedImage, ...]:
    """The images that this credential is taken for."""

    def opens(wanted: WantedImage) -> bool:
        chosen = choose(credentials, wanted.image, wanted.app)
        return chosen is not None and chosen.name == name

    return tuple(wanted for wanted in images if opens(wanted))


def apps_of(images: Iterable[WantedImage]) -> tuple[str, ...]:
    return tuple(sorted({wanted.app for wanted in images}))


def images_of(images: Iterable[WantedImage]) -> tuple[ImageRef, ...]:
    return tuple(dict.fromkeys(wanted.image for wanted in images))


def opened_by(proof: Proof, name: str) -> bool:
    """True when it was this credential that opened the image; that anybody may pull it proves nothing."""
    return proof.allowed and proof.credential == name


def told_with_apps(finding: Finding, name: str, apps: Sequence[str]) -> Finding:
    """A finding about a kept credential: with who else depends on it, and with what to do here."""
    used = (f"apps that depend on {name}: {', '.join(apps)}",) if apps else ()
    commands = (f"seaway credentials rotate {name}", f"seaway credentials remove {name}")
    if finding.cause != "stale_credential_blocks_public":
        return replace(finding, evidence=(*finding.evidence, *used))
    remedy = f"Nothing is blocked. Renew the credential {name}, or remove it if it is needed no more."
    return replace(finding, evidence=(*finding.evidence, *used), remedy=remedy, commands=commands)


def not_stored(finding: Finding | None, name: str) -> CredentialRefused:
    """Why a new secret was not taken."""
    found = finding or Finding("credential.unproved", f"Nothing could be proved with {name}", (), "")
    remedy = f"Nothing was stored. {_own_remedy(found)} To store it all the same: --force."
    return CredentialRefused(replace(found, remedy=" ".join(remedy.split()), commands=()))


_OF_NEW_SECRETS = {
    "stale_credential_blocks_public": "The image is public, and this login is refused for it: check user and secret.",
    "credential_expired_or_revoked": "Issue a new token and try again.",
    "short_lived_token_expired": "It was good for minutes or hours only: use a token that lasts.",
    "bad_credentials": "Compare user and secret with the issuer's page, also for a cut-off paste.",
}


def _own_remedy(finding: Finding) -> str:
    return _OF_NEW_SECRETS.get(finding.cause, finding.remedy)
