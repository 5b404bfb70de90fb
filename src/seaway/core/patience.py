"""When a request is worth repeating, and after how long."""

from datetime import datetime
from email.utils import parsedate_to_datetime

TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
TRIES = 3
FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 5.0


def pause_before_retry(tries: int, status: int | None, retry_after: str | None, now: datetime) -> float | None:
    """Seconds to wait after `tries` tries, or None to give up. `status` is None when the connection broke.

    A server that asks for more patience than we have is not asked again: the caller is told its time instead.
    """
    if tries >= TRIES or (status is not None and status not in TRANSIENT):
        return None
    wait = FIRST_PAUSE_S * 2 ** (tries - 1)
    asked = _seconds(retry_after, now)
    if asked is not None:
        wait = max(wait, asked)
    return wait if wait <= LONGEST_PAUSE_S else None


def _seconds(retry_after: str | None, now: datetime) -> float | None:
    if retry_after is None:
        return None
    text = retry_after.strip()
    if text.isdecimal():
        return float(text[:9])
    try:
        return max(0.0, (parsedate_to_datetime(text) - now).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None
