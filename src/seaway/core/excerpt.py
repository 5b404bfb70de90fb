"""Reduces a log of any length to the lines that may explain a failure, in bounded memory.

The beginning is kept as it is, so that a short log is judged whole. After it a line is kept when it holds one of STEMS
and is not merely another one of its kind (equal but for numbers), with the lines before and after it.
"""

import re
from collections import deque

LONGEST_LINE = 4000
BEGINNING = 200
KEPT = 200
_MOST_KINDS = 5000

# Every line that a sign could be on holds one of these: errors, and what images are talked about with.
STEMS = (
    "error", "fail", "denied", "auth", "forbid", "invalid", "unknown", "not ", "no ", "cannot", "unable", "refused",
    "reset", "timeout", "timed", "exceed", "wrong", "missing", "unexpected", "expired", "rejected", "blocked", "limit",
    "many", "quota", "policy", "x509", "certif", "tls", "proxy", "lookup", "docker", "podman", "regist", "manifest",
    "pull", "push", "image", "blob", "layer", "token", "credential", "login", "secret", ".io/", "/v2/", "scope",
    "daemon", "schema", "media", "unavailable", "gateway", "moved", "immutable", "digest", "mismatch", "enospc",
    "lchown", "eof", "space", "unsupport", "incorrect", "reposit", "response", "large", "reach", "export", "getaddr",
    "eai_", "enotf", "logging", "retry-", "must be", "package", "throttl", "panic", "untrust", "illegal", "uid", "sans",
    "common name", "billing", "saml", "single sign", "clock", "precondition",
)  # fmt: skip
_NUMBERS = re.compile(r"[0-9a-fA-F]{6,}|\d+")


class Excerpt:
    """Is fed a log line by line."""

    def __init__(self) -> None:
        self._number = 0
        self._first: list[tuple[int, str]] = []
        self._last: deque[tuple[int, str]] = deque(maxlen=KEPT)
        self._kinds: set[int] = set()
        self._before: tuple[int, str] | None = None
        self._wants_next = False

    def feed(self, line: str) -> None:
        self._number += 1
        numbered = (self._number, line[:LONGEST_LINE])
        if self._number <= BEGINNING:
            self._first.append(numbered)
        elif self._matters(numbered[1]):
            self._last.extend((self._before, numbered) if self._before else (numbered,))
            self._before, self._wants_next = None, True
        elif self._wants_next:
            self._last.append(numbered)
            self._before, self._wants_next = None, False
        else:
            self._before = numbered

    def lines(self) -> list[tuple[int, str]]:
        """Numbers and lines, in the order of the log."""
        return [*self._first, *self._last]

    def _matters(self, line: str) -> bool:
        lowered = line.lower()
        return any(stem in lowered for stem in STEMS) and self._is_new(line)

    def _is_new(self, line: str) -> bool:
        kind = hash(_NUMBERS.sub("#", line))
        if kind in self._kinds:
            return False
        if len(self._kinds) < _MOST_KINDS:
            self._kinds.add(kind)
        return True
