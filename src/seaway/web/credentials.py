"""How credentials read on a page: their state as a mark, and how long they live."""

from datetime import datetime

from seaway.core.keeping import KeptCredential
from seaway.web.words import Mark, Shape

_SHAPES: dict[str, Shape] = {
    "proved": "done",
    "unproved": "waiting",
    "expired": "broken",
    "refused": "broken",
}
SOON_DAYS = 14


def credential_mark(state: str) -> Mark:
    return Mark(_SHAPES[state], state)


def life(kept: KeptCredential, now: datetime) -> Mark:
    """How long it is still good. A credential without an end is worth a look too."""
    end = kept.login.expires_at
    if end is None:
        return Mark("waiting", "no end known")
    days = (end - now).days
    if days < 0:
        return Mark("broken", f"ended {-days} d ago")
    return Mark("attention" if days <= SOON_DAYS else "live", f"{days} d left")
