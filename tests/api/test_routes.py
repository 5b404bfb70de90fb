import asyncio
import io
import json
import tarfile

import pytest
from fastapi.routing import APIRoute
from tests.api.conftest import TOKEN

from seaway.core.deployment import STEPS

DIGEST = "sha256:" + "a" * 64


def packed(**files: str) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as made:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text.encode())
            made.addfile(info, io.BytesIO(text.encode()))
    return out.getvalue()


async def deploy(owner, house, app="shop", **settings):
    sent = await owner.post("/api/v1/trees", content=packed(index="1"))
    body = {"source": {"kind": "folder", "digest": sent.json()["digest"]}, "settings": settings}
    made = await owner.post(f"/api/v1/apps/{app}/deployments", json=body)
    if made.status_code == 202:
        await house.ended(made.json()["id"])
    return made


async def test_only_the_health_check_needs_no_token(app, anybody):
    assert (await anybody.get("/health")).status_code == 200
    calls = [route for route in _routes(app) if route.path != "/health"]
    assert len(calls) >= 15
    for route in calls:
        path = route.path.replace("{app}", "shop").replace("{deployment}", "1").replace("{path:path}", "nothing")
        for method in route.methods:
            answer = await anybody.request(method, path)
            assert (answer.status_code, answer.json()["code"]) == (401, "access.token_required"), (method, path)


def _routes(app) -> list[APIRoute]:
    from starlette.routing import BaseRoute

    def walk(routes: list[BaseRoute], prefix: str = ""):
        for route in routes:
            if isinstance(route, APIRoute):
                yield route
            else:
                inner = getattr(route, "original_router", None) or getattr(route, "router", None)
                if inner is not None:
                    yield from walk(inner.routes)

    return list(walk(app.routes))


@pytest.mark.parametrize("header", ["Bearer nope", "Basic " + TOKEN, TOKEN, ""])
async def test_a_wrong_token_is_no_token(anybody, header):
    assert (await anybody.get("/api/v1/apps", headers={"Authorization": header})).status_code == 401


async def test_a_folder_is_deployed_and_shown(owner, house):
    made = await deploy(owner, house, env={"A": "hunter2"}, port=8080)
    assert made.status_code == 202
    done = (await owner.get(f"/api/v1/deployments/{made.json()['id']}")).json()
    assert (done["status"], done["url"], done["finding"]) == ("live", "http://shop.localhost", None)
    assert [s["name"] for s in done["steps"]] == list(STEPS)
    assert set(done["seconds"]) == {*STEPS, "total"}
    shown = (await owner.get("/api/v1/apps/shop")).json()
    assert (shown["state"], shown["env"], shown["port"]) == ("live", ["A"], 8080)
    assert [r["current"] for r in shown["releases"]] == [True]
    assert [a["name"] for a in (await owner.get("/api/v1/apps")).json()["apps"]] == ["shop"]


async def test_no_answer_holds_the_value_of_a_variable(owner, house):
    made = await deploy(owner, house, env={"A": "hunter2"})
    paths = ["apps", "apps/shop", "apps/shop/deployments", f"deployments/{made.json()['id']}/log"]
    for path in paths:
        assert "hunter2" not in (await owner.get(f"/api/v1/{path}")).text


@pytest.mark.parametrize(
    "body",
    [
        {"source": {"kind": "folder", "digest": "sha256:x"}},
        {"source": {"kind": "cvs"}},
        {"source": {"kind": "git", "url": "https://u:hunter2@example.org/a.git"}},
        {"source": {"kind": "image", "image": "Upper/Case"}},
        {"source": {"kind": "folder", "digest": DIGEST}, "settings": {"port": "80"}},
        {"source": {"kind": "folder", "digest": DIGEST}, "settings": {"env": {"A": 7, "B": "hunter2"}}},
        {"source": {"kind": "folder", "digest": DIGEST}, "settings": {"prot": 80}},
        {"source": {"kind": "folder", "digest": DIGEST}, "settings": {"port": 0}},
    ],
)
async def test_a_bad_request_is_one_sentence_and_a_remedy_and_changes_nothing(owner, body):
    answer = await owner.post("/api/v1/apps/shop/deployments", json=body)
    problem = answer.json()
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["code"]
    assert problem["remedy"]
    assert "hunter2" not in answer.text
    assert (await owner.get("/api/v1/apps")).json() == {"apps": []}


async def test_without_a_source_what_was_deployed_last_is_deployed_again(owner, house):
    refused = await owner.post("/api/v1/apps/shop/deployments", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "deployment.nothing_released")
    first = (await deploy(owner, house)).json()
    made = (await owner.post("/api/v1/apps/shop/deployments", json={"settings": {"port": 8081}})).json()
    assert made["source"] == first["source"]
    await house.ended(made["id"])
    assert (await owner.get("/api/v1/apps/shop")).json()["port"] == 8081


async def test_a_bad_app_name_is_refused_with_one_that_would_do(owner, house):
    answer = await deploy(owner, house, app="My_Shop")
    assert (answer.status_code, answer.json()["code"]) == (422, "app.invalid_name")
    assert "my-shop" in answer.json()["remedy"]


async def test_a_domain_leads_to_one_app_only(owner, house):
    await deploy(owner, house, domains=["shop.example.org"])
    answer = await deploy(owner, house, app="other", domains=["shop.example.org"])
    assert (answer.status_code, answer.json()["code"]) == (422, "app.invalid_setting")


@pytest.mark.parametrize(
    "path", ["apps/nobody", "apps/nobody/deployments", "apps/nobody/logs", "deployments/99", "nothing"]
)
async def test_what_is_not_there_is_said_to_be_missing(owner, path):
    answer = await owner.get(f"/api/v1/{path}")
    assert (answer.status_code, bool(answer.json()["remedy"])) == (404, True)


async def test_rollback_restart_stop_start_and_destroy(owner, house):
    await deploy(owner, house)
    for call, status in (("restart", "live"), ("stop", "stopped"), ("start", "live")):
        made = await owner.post(f"/api/v1/apps/shop/{call}")
        await house.ended(made.json()["id"])
        assert (await owner.get(f"/api/v1/deployments/{made.json()['id']}")).json()["status"] == status
    refused = await owner.post("/api/v1/apps/shop/rollback", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "deployment.nothing_to_roll_back_to")
    assert (await owner.delete("/api/v1/apps/shop")).status_code == 204
    assert (await owner.get("/api/v1/apps/shop")).status_code == 404


async def test_a_stream_tells_the_state_the_lines_and_the_end(owner, house):
    made = await deploy(owner, house)
    events = parse((await owner.get(f"/api/v1/deployments/{made.json()['id']}/events")).text)
    assert [e["event"] for e in events] == ["state", "lines", "end"]
    assert events[-1]["data"]["status"] == "live"
    assert any("shop.localhost" in line["text"] for line in events[1]["data"])


async def test_a_stream_goes_on_from_the_event_seen_last(owner, house):
    made = await deploy(owner, house)
    path = f"/api/v1/deployments/{made.json()['id']}/events"
    first = parse((await owner.get(path)).text)
    again = parse((await owner.get(path, headers={"Last-Event-ID": first[1]["id"]})).text)
    assert [e["event"] for e in again] == ["state", "end"]
    assert parse((await owner.get(path, headers={"Last-Event-ID": "x"})).text)[1]["event"] == "lines"


async def test_a_stream_ends_when_the_server_stops(owner, house, actions):
    house.images.gate = asyncio.Event()
    sent = await owner.post("/api/v1/trees", content=packed(index="1"))
    body = {"source": {"kind": "folder", "digest": sent.json()["digest"]}}
    made = (await owner.post("/api/v1/apps/shop/deployments", json=body)).json()
    actions.stopping.set()
    events = parse((await owner.get(f"/api/v1/deployments/{made['id']}/events")).text)
    assert all(e["event"] != "end" for e in events)
    house.images.gate.set()


async def test_lines_of_the_app_are_streamed(owner, house):
    await deploy(owner, house)
    events = parse((await owner.get("/api/v1/apps/shop/logs")).text)
    assert events[0]["data"] == {"instance": "test-shop-1-1", "stream": "out", "text": "the last line"}
    assert events[-1]["event"] == "end"


async def test_a_code_signs_a_browser_in_once_and_only_to_look(owner, actions):
    code = (await owner.post("/api/v1/sign-in-codes")).json()["code"]
    session = await actions.access.sign_in_with_code(code)
    del owner.headers["Authorization"]
    owner.cookies.set("seaway_session", session)
    assert (await owner.get("/api/v1/apps")).status_code == 200
    assert (await owner.post("/api/v1/apps/shop/restart")).status_code == 401


def parse(text: str) -> list[dict]:
    events = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if fields:
            events.append(fields | {"data": json.loads(fields["data"])})
    return events
