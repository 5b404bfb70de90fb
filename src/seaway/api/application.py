"""The web application: the calls, the health check, and how errors are answered."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from fastapi import APIRouter, FastAPI

from seaway import __version__
from seaway.api import problems, routes

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[Any]]


def application(actions: routes.Actions, pages: APIRouter | None, lifespan: Lifespan) -> FastAPI:
    app = FastAPI(title="Seaway", version=__version__, lifespan=lifespan, openapi_url=None)
    problems.install(app)

    @app.get("/health")
    async def health() -> dict[str, str]:
        """The only call that needs no token."""
        return {"status": "ok", "version": __version__}

    app.include_router(routes.router(actions))
    if pages is not None:
        app.include_router(pages)
    return app
