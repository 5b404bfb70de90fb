"""The calls of docs/api.md, each a line or two over an action."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from seaway.actions.access import Access, Caller, TokenRequired
from seaway.actions.credentials import Keeping
from seaway.actions.deploying import Deploying
from seaway.actions.destroying import Destroying
from seaway.actions.reading import Reading
from seaway.api import credentials, streams
from seaway.api.resources import ChangeBody, DeployBody, RollbackBody, app_json, app_with_releases_json, deployment_json
from seaway.core.deployment import Deployment
from seaway.core.errors import Missing
from seaway.core.ports import Trees

SESSION_COOKIES = ("__Host-seaway_session", "seaway_session")
"""Over https and on loopback; web/access.py sets them."""


class NoSuchCall(Missing):
    code = "request.no_such_call"

    def __init__(self, path: str) -> None:
        super().__init__(f"There is no call /api/v1/{path}.", remedy="docs/api.md lists the calls.")


@dataclass(frozen=True)
class Actions:
    """What the calls call."""

    access: Access
    reading: Reading
    deploying: Deploying
    destroying: Destroying
    keeping: Keeping
    trees: Trees
    log: streams.Log
    stopping: asyncio.Event


def router(actions: Actions) -> APIRouter:
    async def caller(request: Request, authorization: Annotated[str, Header()] = "") -> Caller:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() == "bearer":
            return actions.access.by_token(token.strip())
        session = next((request.cookies[name] for name in SESSION_COOKIES if name in request.cookies), None)
        if session is None or request.method != "GET":
            raise TokenRequired
        return await actions.access.by_session(session)

    api = APIRouter(prefix="/api/v1", dependencies=[Depends(caller)])
    who = Annotated[Caller, Depends(caller)]
    _add_app_calls(api, actions, who)
    _add_deployment_calls(api, actions, who)
    credentials.add_calls(api, actions.keeping, who)

    @api.get("/{path:path}")
    async def nothing_here(path: str) -> None:
        raise NoSuchCall(path)

    return api


def _add_app_calls(api: APIRouter, actions: Actions, who: Any) -> None:
    @api.get("/apps")
    async def list_apps() -> JSONResponse:
        return JSONResponse({"apps": [app_json(view) for view in await actions.reading.apps()]})

    @api.get("/apps/{app}")
    async def show_app(app: str) -> dict[str, Any]:
        return app_with_releases_json(await actions.reading.app(app))

    @api.delete("/apps/{app}", status_code=204)
    async def destroy_app(app: str, caller: who) -> Response:
        await actions.destroying.destroy(caller, app)
        return Response(status_code=204)

    @api.post("/apps/{app}/deployments", status_code=202)
    async def deploy_app(app: str, body: DeployBody, caller: who) -> dict[str, Any]:
        made = await actions.deploying.deploy(caller, app, body.wanted_source(), body.settings.change())
        return await shown(made)

    @api.get("/apps/{app}/deployments")
    async def list_deployments(
        app: str, limit: Annotated[int, Query(ge=1, le=200)] = 50, before: int | None = None
    ) -> JSONResponse:
        found = await actions.reading.deployments(app, limit, before)
        return JSONResponse({"deployments": [deployment_json(view) for view in found]})

    @api.patch("/apps/{app}/settings", status_code=202)
    async def configure(app: str, body: ChangeBody, caller: who) -> dict[str, Any]:
        return await shown(await actions.deploying.configure(caller, app, body.change()))

    @api.post("/apps/{app}/rollback", status_code=202)
    async def roll_back(app: str, body: RollbackBody, caller: who) -> dict[str, Any]:
        return await shown(await actions.deploying.roll_back(caller, app, body.deployment))

    @api.post("/apps/{app}/restart", status_code=202)
    async def restart(app: str, caller: who) -> dict[str, Any]:
        return await shown(await actions.deploying.restart(caller, app))

    @api.post("/apps/{app}/stop", status_code=202)
    async def stop(app: str, caller: who) -> dict[str, Any]:
        return await shown(await actions.deploying.stop(caller, app))

    @api.post("/apps/{app}/start", status_code=202)
    async def start(app: str, caller: who) -> dict[str, Any]:
        return await shown(await actions.deploying.start(caller, app))

    @api.get("/apps/{app}/logs")
    async def logs(
        app: str, tail: Annotated[int, Query(ge=0, le=100_000)] = 100, follow: bool = False
    ) -> StreamingResponse:
        await actions.reading.app(app)
        lines = actions.reading.logs(app, tail, follow)
        return streams.response(streams.app_lines(lines, actions.stopping))

    async def shown(made: Deployment) -> dict[str, Any]:
        return deployment_json(await actions.reading.deployment(made.id))


def _add_deployment_calls(api: APIRouter, actions: Actions, who: Any) -> None:
    @api.post("/trees", status_code=201)
    async def receive_tree(request: Request) -> dict[str, str]:
        return {"digest": await actions.trees.receive(request.stream())}

    @api.get("/deployments/{deployment}")
    async def show_deployment(deployment: int) -> dict[str, Any]:
        return deployment_json(await actions.reading.deployment(deployment))

    @api.post("/deployments/{deployment}/cancel", status_code=202)
    async def cancel_deployment(deployment: int, caller: who) -> dict[str, Any]:
        await actions.deploying.cancel(caller, deployment)
        return deployment_json(await actions.reading.deployment(deployment))

    @api.get("/deployments/{deployment}/events")
    async def events(
        deployment: int,
        begin: Annotated[int, Query(alias="from", ge=0)] = 0,
        last_event_id: Annotated[str, Header()] = "",
    ) -> StreamingResponse:
        await actions.reading.deployment(deployment)
        offset = int(last_event_id) if last_event_id.isascii() and last_event_id.isdigit() else begin

        async def seen() -> Any:
            return await actions.reading.deployment(deployment)

        return streams.response(streams.deployment_events(deployment, offset, actions.log, seen, actions.stopping))

    @api.get("/deployments/{deployment}/log")
    async def whole_log(deployment: int) -> StreamingResponse:
        await actions.reading.deployment(deployment)
        return StreamingResponse(_text(actions.log, deployment), media_type="text/plain; charset=utf-8")

    @api.post("/sign-in-codes", status_code=201)
    async def make_code(caller: who) -> dict[str, str]:
        return {"code": await actions.access.make_code(caller)}


async def _text(log: streams.Log, deployment: int) -> AsyncIterator[str]:
    offset = 0
    while True:
        lines, offset = log.read(deployment, offset, streams.CHUNK_BYTES)
        if not lines:
            return
        yield "".join(f"{line.step:8} {line.text}\n" for line in lines)
        await asyncio.sleep(0)
