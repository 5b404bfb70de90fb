"""Takes secrets out of text before anybody sees it: tokens by their shape, values by the name before them.

The name before a secret stays, so that the line can still be understood. Too much is better than too little, but the
words of an error and the name of an image must survive.
"""

import re
from collections.abc import Iterable
from functools import cache

MASK = "•••"

_NAME = (
    r"(?:[a-z0-9]+[_-])*(?:passwords?|passwd|passphrase|pwd|secret|token|auth|api_?-?key|access_?-?key(?:_?-?id)?"
    r"|secret_?-?key|private_?-?key|credentials?|signature|sig|verify|identitytoken|registrytoken|refreshtoken"
    r"|accesstoken|secretaccesskey|sessiontoken|clientsecret|session|cookie)"
)
_HINTS = ("pass", "pwd", "secret", "token", "auth", "key", "credential", "sig", "verify", "session", "cookie")
# What follows `password:` in an error's own words.
_PROSE = r"(?!unauthorized|denied|invalid|incorrect|error|authentication|the\b|a\b|no\b|not\b|is\b|failed|requested)"

# Substrings of which one must be there (lower case, cheap), then the pattern: its first group stays, the rest goes.
_ROWS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("-----begin",), r"(?s)(-----BEGIN [A-Z ]*PRIVATE KEY-----).*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"),
    # Logins in URLs; a password may hold an `@` or a `/`, but `host:5000/name@sha256:...` is an image.
    (("@",), r"(\b[A-Za-z][A-Za-z0-9+.-]{0,20}://)[^\s/\"'`<>]+(?=@)"),
    (
        ("@",),
        r"(\b[A-Za-z][A-Za-z0-9+.-]{0,20}://)[^\s/:@\"'`<>]{1,80}:(?!\d+/)[^\s@/\"'`<>]{0,80}/[^\s\"'`<>]{0,200}"
        r"(?=@(?!sha\d))",
    ),
    (
        ("authorization", "x-registry-", "-token", "api-key", "cookie"),
        r"(?i)((?:proxy-)?authorization[^\w\n]{1,6}(?:(?:basic|bearer|token|digest)\s+)?|x-registry-(?:auth|config)"
        r"[^\w\n]{1,6}|(?:private|job|deploy)-token[^\w\n]{1,6}|x-api-key[^\w\n]{1,6}|(?:set-)?cookie:\s*)[^\s\"',;]+",
    ),
    (("bearer ", "basic "), r"(?i)(\b(?:bearer|basic)\s+)(?=[^\s\"',;]*[0-9+/._-])[A-Za-z0-9+/=._~-]{12,}"),
    (_HINTS, rf"(?i)(\b{_NAME}[\"'\\]*\s*[=:]\s*\\?\")[^\"\\\n]+"),
    (_HINTS, rf"(?i)(\b{_NAME}[\"'\\]*\s*[=:]\s*')[^'\n]+"),
    (_HINTS, rf"(?i)(\b{_NAME}\s*=\s*)[^\s\"'\\,;&<>}}]+"),
    (("password", "passwd", "pwd"), rf"(?i)(\b(?:password|passwd|pwd)\s*:\s+){_PROSE}[^\s\"',;]+"),
    (
        ("--",),
        r"(?i)(--(?:[a-z]+-)*(?:password|passwd|token|secret|pass|creds|api-key)[ =]+)(?!-)"
        r"(?:\"[^\"\n]*|'[^'\n]*|[^\s\"']+)",
    ),
    (("login",), r"(\blogin\b[^\n]*?\s-p[ =]?[\"']?)[^\s\"'-][^\s\"']*"),
    (
        (
            "gh", "github_", "gl", "dckr_", "akia", "asia", "aroa", "aida", "eyj", "xox", "sk-", "sk_", "rk_", "npm_",
            "aiza", "ya29", "hvs.", "_v1_", "pypi-",
        ),
        r"()(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{8,}|github_pat_[A-Za-z0-9_]{8,}"
        r"|gl(?:pat|dt|cbt|rt|ptt|agent|oas|soat|ffct)-[A-Za-z0-9_.-]{8,}|dckr_[a-z]+_[A-Za-z0-9_-]{8,}"
        r"|(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{12,}|eyJ[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_=+/-]+){0,4}"
        r"|xox[a-z]-[A-Za-z0-9-]{8,}|(?:sk|rk)[-_](?:live|test|ant|proj)[-_][A-Za-z0-9_-]{8,}|sk-[A-Za-z0-9_-]{20,}"
        r"|npm_[A-Za-z0-9]{20,}|AIza[A-Za-z0-9_-]{20,}|ya29\.[A-Za-z0-9_.-]{8,}|hvs\.[A-Za-z0-9_-]{8,}"
        r"|do[opr]_v1_[a-f0-9]{16,}|pypi-[A-Za-z0-9_-]{16,})",
    ),
)  # fmt: skip


def redact(text: str) -> str:
    """The text without its secrets."""
    lowered = text.lower()
    for hints, pattern in _ROWS:
        if any(hint in lowered for hint in hints):
            text = _compiled(pattern).sub(rf"\1{MASK}", text)
    return text


# Values of variables that logs are full of and that give nothing away.
_ORDINARY = frozenset({"production", "development", "staging", "testing", "verbose", "localhost", "127.0.0.1"})
_SHORTEST = 6


def telling(values: Iterable[str]) -> tuple[str, ...]:
    """What of known secrets must not be read anywhere: their lines, the longest first; short words are left alone."""
    lines = {line.strip() for value in values for line in value.splitlines()}
    found = (line for line in lines if len(line) >= _SHORTEST and line.lower() not in _ORDINARY)
    return tuple(sorted(found, key=lambda line: (-len(line), line)))


def without(text: str, secrets: Iterable[str]) -> str:
    """The text without these; `telling` says which they are."""
    for secret in secrets:
        text = text.replace(secret, MASK)
    return text


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
