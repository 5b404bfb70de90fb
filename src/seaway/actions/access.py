"""Who calls: by the server's token, or by a browser's session that a one-time code or the token opened."""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from seaway.core.errors import Denied

SESSION_LIFE = timedelta(days=14)
CODE_LIFE = timedelta(minutes=10)


class TokenRequired(Denied):
    code = "access.token_required"

    def __init__(self) -> None:
        super().__init__(
            "This needs a token, and none that is valid was sent.",
            remedy="Set SEAWAY_TOKEN; the server keeps its own in SEAWAY_HOME/token.",
        )


@dataclass(frozen=True)
class Caller:
    """Whoever asks; recorded with what was asked for."""

    name: str


OWNER = Caller("owner")


class SessionStore(Protocol):
    async def create(self, kind: str, now: datetime, life: timedelta) -> str: ...

    async def is_valid(self, given: str, now: datetime) -> bool: ...

    async def redeem(self, code: str, now: datetime) -> bool: ...

    async def end(self, given: str) -> None: ...


class Access:
    def __init__(self, token_hash: str, sessions: SessionStore, clock: Callable[[], datetime]) -> None:
        self._token_hash = token_hash
        self._sessions = sessions
        self._clock = clock

    def by_token(self, token: str) -> Caller:
        """Raises TokenRequired."""
        if not hmac.compare_digest(token_hash(token), self._token_hash):
            raise TokenRequired
        return OWNER

    async def by_session(self, given: str) -> Caller:
        """Raises TokenRequired."""
        if not given or not await self._sessions.is_valid(given, self._clock()):
            raise TokenRequired
        return OWNER

    async def sign_in(self, token: str) -> str:
        """A session for whoever has the token. Raises TokenRequired."""
        self.by_token(token)
        return await self._sessions.create("session", self._clock(), SESSION_LIFE)

    async def sign_in_with_code(self, code: str) -> str:
        """A session for a code, which is good for once and ten minutes. Raises TokenRequired."""
        if not await self._sessions.redeem(code, self._clock()):
            raise TokenRequired
        return await self._sessions.create("session", self._clock(), SESSION_LIFE)

    async def make_code(self, _caller: Caller) -> str:
        return await self._sessions.create("code", self._clock(), CODE_LIFE)

    async def sign_out(self, given: str) -> None:
        await self._sessions.end(given)


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
