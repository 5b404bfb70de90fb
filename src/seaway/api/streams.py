"""Server-sent events: a deployment's log and state, and an app's lines, as they come."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Protocol

from fastapi.responses import StreamingResponse

from seaway.actions.reading import InstanceLine
from seaway.api.resources import deployment_json
from seaway.core.events import LogLine, Progress

CHUNK_BYTES = 256 * 1024
KEEP_ALIVE_S = 15.0
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class Log(Protocol):
    def read(self, deployment: int, offset: int, limit_bytes: int) -> tuple[list[LogLine], int]: ...

    def last_progress(self, deployment: int) -> tuple[str, Progress] | None: ...

    def bell(self, deployment: int) -> asyncio.Event: ...


def response(events: AsyncIterator[str]) -> StreamingResponse:
    return StreamingResponse(events, media_type="text/event-stream", headers=_HEADERS)


async def deployment_events(
    deployment_id: int, offset: int, log: Log, seen: Callable[[], Awaitable[Any]], stopping: asyncio.Event
) -> AsyncIterator[str]:
    """State first, then lines as they are written; ends when the deployment has, or when Seaway stops."""
    told: dict[str, Any] = {}
    progress: tuple[str, Progress] | None = None
    while not stopping.is_set():
        bell = log.bell(deployment_id)
        state = deployment_json(await seen())
        if state != told:
            told = state
            yield _event("state", state, offset)
        lines, offset = log.read(deployment_id, offset, CHUNK_BYTES)
        if lines:
            yield _event("lines", [_line(x) for x in lines], offset)
        now = log.last_progress(deployment_id)
        if now is not None and now != progress:
            progress = now
            yield _event("progress", _progress(*now), None)
        if lines:
            continue
        if state["finished_at"] is not None:
            yield _event("end", state, offset)
            return
        if not await _wait(_rings(bell), stopping):
            yield ": still here\n\n"


async def app_lines(lines: AsyncIterator[InstanceLine], stopping: asyncio.Event) -> AsyncIterator[str]:
    """Each line as an event; a comment keeps a quiet stream open."""
    pending: asyncio.Task[InstanceLine] | None = None
    try:
        while not stopping.is_set():
            pending = pending or asyncio.ensure_future(anext(lines))
            if not await _wait(asyncio.wait([pending], timeout=KEEP_ALIVE_S), stopping) or not pending.done():
                yield ": still here\n\n"
                continue
            line = pending.result()
            pending = None
            yield _event("line", {"instance": line.instance, "stream": line.stream, "text": line.text}, None)
    except StopAsyncIteration:
        yield _event("end", {}, None)
    finally:
        if pending is not None:
            pending.cancel()


async def _rings(bell: asyncio.Event) -> bool:
    try:
        async with asyncio.timeout(KEEP_ALIVE_S):
            await bell.wait()
    except TimeoutError:
        return False
    return True


async def _wait(work: Any, stopping: asyncio.Event) -> bool:
    """Whether the work ended with something; a stop ends the wait at once."""
    task, stop = asyncio.ensure_future(work), asyncio.ensure_future(stopping.wait())
    done, _ = await asyncio.wait([task, stop], return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    if task not in done:
        task.cancel()
        return False
    return bool(task.result())


def _event(name: str, data: Any, event_id: int | None) -> str:
    head = "" if event_id is None else f"id: {event_id}\n"
    return f"{head}event: {name}\ndata: {json.dumps(data, ensure_ascii=False, separators=(',', ':'))}\n\n"


def _line(line: LogLine) -> dict[str, Any]:
    return {"t": line.at_ms, "step": line.step, "stream": line.stream, "text": line.text}


def _progress(step: str, progress: Progress) -> dict[str, Any]:
    return {"step": step, "done": progress.done, "total": progress.total, "text": progress.text}
