"""Who may see the pages: the session cookie, forms that only our own pages can send, and where to go after signing in.

1. The session is an opaque id. On https its cookie carries the `__Host-` prefix; plain http is for loopback.
2. SameSite=Strict keeps the cookie from requests that other sites cause, a click on a link included: such a visit
   is sent once more from a page of our own (`bounce.html`), and then carries it.
3. A form is taken only from our own origin and with a token that is derived from the session.
"""

import hmac
from collections.abc import Awaitable, Callable
from typing import Annotated
from urllib.parse import parse_qsl, quote, urlsplit

from fastapi import Depends, Request, Response

from seaway.core.errors import Denied, Invalid
from seaway.web.site import Site

COOKIE = "seaway_session"
SECURE_COOKIE = f"__Host-{COOKIE}"
FORM_TOKEN = "form_token"  # noqa: S105 - the name of a form's field
MAX_FORM_BYTES = 64 * 1024
_LIFETIME_S = 14 * 86400
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class SignInNeeded(Denied):
    """No valid session: the visitor is sent to the sign-in page."""

    code = "web.sign_in_needed"

    def __init__(self) -> None:
        super().__init__("This page needs you to be signed in.", remedy="Sign in.")


class FormRefused(Denied):
    code = "web.form_refused"

    def __init__(self) -> None:
        super().__init__(
            "This form did not come from a page of this server, or its page is too old.",
            remedy="Nothing was changed. Open the page again and repeat.",
        )


class FormTooLarge(Invalid):
    code = "web.form_too_large"


def session_of(request: Request) -> str | None:
    """The session that the browser shows; the API takes it for reading, too."""
    return request.cookies.get(_cookie_name(request)) or None


def give_session(request: Request, response: Response, session: str) -> None:
    response.set_cookie(
        _cookie_name(request),
        session,
        max_age=_LIFETIME_S,
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )


def take_session(request: Request, response: Response) -> None:
    secure = request.url.scheme == "https"
    response.delete_cookie(_cookie_name(request), path="/", secure=secure, httponly=True, samesite="strict")


def _cookie_name(request: Request) -> str:
    return SECURE_COOKIE if request.url.scheme == "https" else COOKIE


def is_exposed(request: Request) -> bool:
    """Plain http over a network: what is typed can be read on the way."""
    host = request.url.hostname or ""
    return request.url.scheme != "https" and host not in _LOOPBACK and not host.endswith(".localhost")


def local_path(wanted: str | None) -> str:
    """Where to go next: a path of this server, or home."""
    if (
        not wanted
        or not wanted.startswith("/")
        or wanted.startswith("//")
        or "\\" in wanted
        or not wanted.isprintable()
    ):
        return "/"
    parts = urlsplit(wanted)
    return "/" if parts.scheme or parts.netloc or parts.path.startswith("/login") else wanted


def sign_in_path(request: Request) -> str:
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return "/login" if here == "/" or request.method != "GET" else f"/login?next={quote(here, safe='/')}"


def comes_from_elsewhere(request: Request) -> bool:
    """A navigation that another site caused, to which the browser adds no Strict cookie."""
    headers = request.headers
    crossed = headers.get("sec-fetch-site") == "cross-site" and headers.get("sec-fetch-mode") == "navigate"
    return crossed and request.method == "GET"


def form_token(session: str) -> str:
    return hmac.digest(session.encode(), b"a form of this session", "sha256").hex()


async def read_form(request: Request) -> dict[str, str]:
    """The fields of an urlencoded form, at most MAX_FORM_BYTES of them."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_FORM_BYTES:
            raise FormTooLarge("The form is too large.", remedy="Nothing was changed.")
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


def check_origin(request: Request) -> None:
    """Browsers say where a request comes from; a request that says nothing is judged by its token alone."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None and site != "same-origin":
        raise FormRefused
    if site is None and origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise FormRefused


def session_required(site: Site) -> Callable[[Request], Awaitable[str]]:
    async def required(request: Request) -> str:
        session = session_of(request)
        if session is None or not await site.session_is_valid(session):
            raise SignInNeeded
        return session

    return required


async def checked_form(request: Request) -> dict[str, str]:
    """The form of a signed-in visitor, once it is certain that one of our pages sent it."""
    check_origin(request)
    fields, session = await read_form(request), session_of(request)
    if session is None or not hmac.compare_digest(fields.get(FORM_TOKEN, "").encode(), form_token(session).encode()):
        raise FormRefused
    return fields


Form = Annotated[dict[str, str], Depends(checked_form)]
