"""Errors as problem details (RFC 9457), with the stable code and the remedy."""

from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from seaway.core.errors import Conflict, Denied, Invalid, Missing, SeawayError, Unavailable
from seaway.core.finding import finding_of

log = structlog.get_logger()

_STATUS: tuple[tuple[type[SeawayError], int], ...] = (
    (Invalid, 422),
    (Missing, 404),
    (Conflict, 409),
    (Denied, 401),
    (Unavailable, 503),
)


def status_of(error: SeawayError) -> int:
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def problem(
    status: int,
    title: str,
    code: str,
    remedy: str,
    evidence: tuple[str, ...] = (),
    commands: tuple[str, ...] = (),
) -> JSONResponse:
    body: dict[str, Any] = {"type": "about:blank", "title": title, "status": status, "code": code, "remedy": remedy}
    if commands:
        body |= {"commands": list(commands)}
    headers = {"WWW-Authenticate": 'Bearer realm="seaway"'} if status == 401 else None
    return JSONResponse(
        body | {"evidence": list(evidence)}, status, headers=headers, media_type="application/problem+json"
    )


def install(app: FastAPI) -> None:
    @app.exception_handler(SeawayError)
    async def _ours(_request: Request, error: SeawayError) -> JSONResponse:
        found = finding_of(error)
        return problem(status_of(error), found.title, found.cause, found.remedy, found.evidence, found.commands)

    @app.exception_handler(RequestValidationError)
    async def _invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        # The input itself is left out: it may hold values of variables.
        said = tuple(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        return problem(
            422, "The request is not as it must be.", "request.invalid", "docs/api.md says what is sent.", said
        )

    @app.exception_handler(HTTPException)
    async def _http(_request: Request, error: HTTPException) -> JSONResponse:
        return problem(error.status_code, str(error.detail), "request.refused", "docs/api.md lists the calls.")

    @app.exception_handler(Exception)
    async def _unforeseen(request: Request, error: Exception) -> JSONResponse:
        log.exception("a request broke", path=request.url.path)
        return problem(
            500,
            "Seaway itself made a mistake.",
            "internal",
            "Please report it with the server's log.",
            (type(error).__name__,),
        )
