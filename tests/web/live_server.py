"""The pages on a real uvicorn, with the event stream of `docs/api.md` for deployments whose log a test writes."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import PlainTextResponse, StreamingResponse

from seaway.core.deployment import Deployment
from seaway.core.events import LogLine
from seaway.web.access import session_of
from seaway.web.pages import router
from web.example_site import NOW, ExampleSite

BATCH = 2000


@dataclass
class Wire:
    """What the streams send; `cut` breaks them, and while `down` new ones are refused."""

    site: ExampleSite
    down: bool = False
    progress: dict[str, Any] | None = None
    asked_from: list[str | None] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    cuts: int = 0

    def say(self, deployment: int, lines: Sequence[LogLine]) -> None:
        self.site.logs.setdefault(deployment, []).extend(lines)
        self._ring()

    def become(self, deployment: Deployment) -> None:
        self.site.all_deployments[deployment.id] = deployment
        self._ring()

    def at(self, progress: dict[str, Any]) -> None:
        self.progress = progress
        self._ring()

    def cut(self) -> None:
        self.cuts += 1
        self._ring()

    def _ring(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()

    async def events(self, number: int, offset: int) -> AsyncIterator[str]:
        cuts, told, progress = self.cuts, None, None
        while self.cuts == cuts:
            waiting, deployment = self.changed, self.site.all_deployments[number]
            if deployment != told:
                told = deployment
                yield _event("state", {"id": number, "status": deployment.status}, offset)
            lines = self.site.logs.get(number, [])[offset : offset + BATCH]
            if lines:
                offset += len(lines)
                yield _event("lines", [_line(x) for x in lines], offset)
                continue
            if self.progress != progress:
                progress = self.progress
                yield _event("progress", progress, None)
            if deployment.status.is_final:
                yield _event("end", {"id": number, "status": deployment.status}, offset)
                return
            await waiting.wait()


def _event(name: str, data: Any, event_id: int | None) -> str:
    head = "" if event_id is None else f"id: {event_id}\n"
    return f"{head}event: {name}\ndata: {json.dumps(data)}\n\n"


def _line(line: LogLine) -> dict[str, Any]:
    return {"t": line.at_ms, "step": line.step, "stream": line.stream, "text": line.text}


def web_app(site: ExampleSite, wire: Wire) -> FastAPI:
    """The clock begins at the example's own time, and goes on."""
    app, began = FastAPI(), time.monotonic()

    @app.get("/api/v1/deployments/{number}/events")
    async def events(number: int, request: Request) -> Response:
        last = request.headers.get("last-event-id")
        wire.asked_from.append(last)
        if not await site.session_is_valid(session_of(request) or ""):
            return Response(status_code=401)
        if wire.down:
            return Response(status_code=503)
        return StreamingResponse(wire.events(number, int(last or 0)), media_type="text/event-stream")

    @app.get("/api/v1/deployments/{number}/log")
    async def log(number: int) -> Response:
        return PlainTextResponse("".join(f"{line.text}\n" for line in site.logs.get(number, [])))

    # Last: it answers every path that nobody else does.
    app.include_router(router(site, lambda: NOW + timedelta(seconds=time.monotonic() - began)))
    return app


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    """The address of a real server, on a port of the system's choice."""
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", timeout_graceful_shutdown=1, lifespan="off")
    )
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
