"""Templates and static files, and the headers that every page carries."""

import hashlib
import mimetypes
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from seaway.web import access, words

_HERE = Path(__file__).parent

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    # With `no-referrer` browsers would send forms with `Origin: null`.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}

_FILTERS: tuple[Callable[..., Any], ...] = (
    words.exact, words.machine_time, words.ago, words.duration, words.megabytes, words.short_digest,
    words.clock, words.plain, words.prose, words.engine_time, words.source_words, words.source_digest, words.report,
)  # fmt: skip
_MARKS: tuple[Callable[..., words.Mark], ...] = (
    words.app_mark, words.deployment_mark, words.step_mark, words.instance_mark,
)  # fmt: skip


@dataclass(frozen=True)
class StaticFile:
    content: bytes
    media_type: str


@cache
def static_files() -> dict[str, StaticFile]:
    """All of them, read once; a name that is not here is not served."""
    found = sorted(path for path in (_HERE / "static").iterdir() if path.is_file())
    return {path.name: StaticFile(path.read_bytes(), _media_type(path)) for path in found}


def _media_type(path: Path) -> str:
    if path.suffix == ".js":
        return "text/javascript"
    return mimetypes.guess_type(path.name)[0] or "application/octet-stream"


@cache
def static_version() -> str:
    """Part of every static URL, so that browsers may keep the files for ever."""
    digest = hashlib.sha256()
    for name, file in static_files().items():
        digest.update(name.encode() + b"\0" + file.content)
    return digest.hexdigest()[:12]


def static_response(name: str, version: str) -> Response:
    file = static_files().get(name)
    if file is None:
        return Response(status_code=404, headers=HEADERS)
    keep = "public, max-age=31536000, immutable" if version == static_version() else "no-cache"
    return Response(file.content, media_type=file.media_type, headers=HEADERS | {"Cache-Control": keep})


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters.update({each.__name__: each for each in _FILTERS})
    made.globals.update({each.__name__: each for each in _MARKS})
    made.globals["static"] = f"/static/{static_version()}"
    return made


def text_of(template: str, request: Request, now: datetime, values: dict[str, Any]) -> str:
    session = access.session_of(request)
    known = {
        "now": now,
        "signed_in": session is not None,
        "form_token": access.form_token(session) if session else "",
    }
    return _environment().get_template(template).render(known | values)


def page(template: str, request: Request, now: datetime, *, status: int = 200, **values: Any) -> HTMLResponse:
    return HTMLResponse(text_of(template, request, now, values), status, headers=HEADERS)
