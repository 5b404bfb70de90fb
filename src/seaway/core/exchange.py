"""One HTTP request and its answer as plain values: what a conversation yields and is sent back."""

import json
from dataclasses import dataclass, field
from typing import Any

from seaway.core.secret import Secret

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Request:
    """What to ask. A secret travels in `authorization` or `body` only, and neither is ever printed."""

    method: str
    url: str
    headers: Headers = ()
    body: bytes | None = field(default=None, repr=False)
    authorization: Secret | None = None


@dataclass(frozen=True)
class Response:
    """What was answered, with its header fields in the order and number in which they came."""

    status: int
    headers: Headers = ()
    body: bytes = b""

    def header(self, name: str) -> str | None:
        found = self.header_fields(name)
        return found[0] if found else None

    def header_fields(self, name: str) -> tuple[str, ...]:
        """Every field of that name; a server may send several `WWW-Authenticate`."""
        return tuple(value for key, value in self.headers if key.lower() == name.lower())

    def json(self) -> Any:
        """The body as JSON, or None when it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None
        except RecursionError:
            return None
