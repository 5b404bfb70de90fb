"""Challenges as RFC 9110 writes them: how a server says which logins it takes."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

_TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_TOKEN68 = _TOKEN | frozenset("/+=")


@dataclass(frozen=True)
class Challenge:
    """`scheme` and the names of parameters are lower case; a token68 value is dropped, no registry sends one."""

    scheme: str
    parameters: Mapping[str, str] = field(default_factory=dict)

    def get(self, name: str) -> str | None:
        return self.parameters.get(name)


def parse_challenges(fields: Iterable[str]) -> tuple[Challenge, ...]:
    """Every challenge of every `WWW-Authenticate` field, in order. Never fails: what cannot be read is skipped."""
    return tuple(challenge for text in fields for challenge in _parse(text))


def _parse(text: str) -> Iterator[Challenge]:
    scheme: str | None = None
    parameters: dict[str, str] = {}
    for word, value in _items(text):
        if value is not None:
            if scheme is not None:
                parameters.setdefault(word.lower(), value)
            continue
        if scheme is not None:
            yield Challenge(scheme, parameters)
        scheme, parameters = word.lower(), {}
    if scheme is not None:
        yield Challenge(scheme, parameters)


def _items(text: str) -> Iterator[tuple[str, str | None]]:
    """A scheme as `(word, None)`, a parameter as `(name, value)`.

    A word followed by `=` is a parameter, any other word begins a challenge. That is what makes the commas between
    parameters and those between challenges tell apart.
    """
    at, end = 0, len(text)
    after_scheme = False
    while at < end:
        if text[at] not in _TOKEN:
            at += 1
            continue
        start = at
        at = _skip(text, at, _TOKEN)
        word = text[start:at]
        equals = _skip(text, at, frozenset(" \t"))
        if equals < end and text[equals] == "=":
            value, stop = _value(text, equals + 1)
            if value is not None:
                yield word, value
                after_scheme = False
                at = stop
                continue
        if after_scheme and text[start - 1] in " \t" and _skip(text, at, _TOKEN68) > at:
            at = _skip(text, at, _TOKEN68)
            after_scheme = False
            continue
        yield word, None
        after_scheme = True


def _value(text: str, at: int) -> tuple[str | None, int]:
    at = _skip(text, at, frozenset(" \t"))
    if at < len(text) and text[at] == '"':
        return _quoted(text, at + 1)
    # Some servers leave the quotes off an address, which is no token by the rules; it ends at a comma or a space.
    stop = at
    while stop < len(text) and text[stop] not in ', \t"' and text[at] != "=":
        stop += 1
    return (text[at:stop], stop) if stop > at else (None, at)


def _quoted(text: str, at: int) -> tuple[str, int]:
    """The text up to the closing quote, or to the end when there is none."""
    found: list[str] = []
    while at < len(text) and text[at] != '"':
        if text[at] == "\\" and at + 1 < len(text):
            at += 1
        found.append(text[at])
        at += 1
    return "".join(found), at + 1


def _skip(text: str, at: int, allowed: frozenset[str]) -> int:
    while at < len(text) and text[at] in allowed:
        at += 1
    return at
