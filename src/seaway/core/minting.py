"""Short-lived logins that are made anew from a long-lived parent for each use; a registry plug-in says how.

No I/O happens here: the plug-in gives a request and reads its answer, a door sends it in between.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from seaway.core.credential import Credential
from seaway.core.exchange import Request, Response
from seaway.core.secret import Secret


@dataclass(frozen=True)
class Minted:
    """What to show to the registry instead of the parent, and for how long it is good."""

    username: str
    secret: Secret
    life_s: float


@runtime_checkable
class Minter(Protocol):
    """The part of a registry plug-in that mints."""

    def mint(self, credential: Credential, now: datetime) -> Request | None:
        """What to ask the issuer; None when this credential is shown as it is."""

    def minted(self, response: Response, now: datetime) -> Minted | None:
        """None when the answer holds no login."""
