"""The API of docs/api.md on a real socket, for the command line's tests: it tells a journey that the test wrote.

It checks the token, unpacks what is uploaded, and tells a deployment's events with ids that `Last-Event-ID` goes on
from. `cut_after` breaks the connection off, once for each id, the way a killed server does; `wait_after` holds the
stream until the deployment is cancelled. `stop` and `start` are a restart on the same port.
"""

import io
import json
import re
import tarfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "seaway_test_token"
STEPS = ("fetch", "plan", "prove", "build", "release", "check", "route", "settle")
Event = tuple[str, Any]


def deployment(status: str = "queued", *, ended: int = 0, running: int | None = None, **more: Any) -> dict[str, Any]:
    """A Deployment with its first `ended` steps done."""
    states = ["done" if at < ended else "running" if at == running else "waiting" for at in range(len(STEPS))]
    if status == "failed":
        states[ended:] = ["failed", *["skipped"] * (len(STEPS) - ended - 1)]
    steps = [
        {"name": name, "state": state, "seconds": 0.5 if state in ("done", "failed") else None, "started_at": None}
        for name, state in zip(STEPS, states, strict=True)
    ]
    base = {
        "id": 7,
        "app": "shop",
        "environment": "production",
        "kind": "deploy",
        "status": status,
        "source": {"kind": "folder", "digest": "sha256:" + "ab" * 32},
        "by": "owner",
        "created_at": "2026-11-24T12:00:00+00:00",
        "started_at": None,
        "finished_at": None,
        "release": 3 if status == "live" else None,
        "image": "sha256:" + "cd" * 32 if status == "live" else None,
        "url": "http://shop.localhost",
        "finding": None,
        "warnings": [],
        "steps": steps,
        "seconds": {"fetch": 0.5, "total": 4.2} if status == "live" else {},
    }
    return base | more


def lines(step: str, *texts: str, stream: str = "out") -> Event:
    return "lines", [{"t": 0, "step": step, "stream": stream, "text": text} for text in texts]


def app(**more: Any) -> dict[str, Any]:
    base = {
        "name": "shop",
        "state": "live",
        "url": "http://shop.localhost",
        "urls": ["http://shop.localhost"],
        "release": 3,
        "image": "sha256:" + "cd" * 32,
        "port": 3000,
        "instances": [
            {"name": "shop-7-1", "state": "running", "address": "10.1.1.2:3000", "restarts": 0, "started_at": None}
        ],
        "env": ["DATABASE_URL"],
        "domains": [],
        "builder": "debian",
        "last_deployment": deployment("live"),
        "memory_bytes": 61 * 1024**2,
        "created_at": "2026-11-24T12:00:00+00:00",
        "releases": [],
    }
    return base | more


@dataclass
class Journey:
    """What deployment 7 tells. Each event's id is its place in the list, from 1."""

    events: list[Event] = field(default_factory=list)
    end: dict[str, Any] = field(default_factory=lambda: deployment("live", ended=8))
    cut_after: set[int] = field(default_factory=set)
    wait_after: int | None = None


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body) if self.body else None


class ApiSimulator:
    def __init__(self, journey: Journey | None = None) -> None:
        self.journey = journey or Journey()
        self.requests: list[Request] = []
        self.uploaded: list[tarfile.TarInfo] = []
        self.answers: dict[tuple[str, str], tuple[int, Any]] = {
            ("GET", "/api/v1/apps"): (200, {"apps": [app()]}),
            ("GET", "/api/v1/apps/shop"): (200, app()),
            ("DELETE", "/api/v1/apps/shop"): (204, None),
            ("GET", "/api/v1/apps/shop/deployments"): (200, {"deployments": [deployment("live", ended=8)]}),
            ("GET", "/api/v1/deployments/7"): (200, deployment("live", ended=8)),
        }
        for call in ("deployments", "rollback", "restart", "stop", "start"):
            self.answers["POST", f"/api/v1/apps/shop/{call}"] = (202, deployment())
        self.log_connections: list[list[str]] = [["hello", "world"]]
        self.cancelled = threading.Event()
        self.told = threading.Condition()
        self.told_up_to = 0
        self._port = 0
        self._server: ThreadingHTTPServer | None = None

    def start(self) -> None:
        self._server = _Server(("127.0.0.1", self._port), _handler(self))
        self._port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def calls(self) -> list[str]:
        return [f"{request.method} {request.path.removeprefix('/api/v1')}" for request in self.requests]

    def wait_until_told(self, event_id: int) -> None:
        with self.told:
            assert self.told.wait_for(lambda: self.told_up_to >= event_id, timeout=20)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False


def _handler(sim: ApiSimulator) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def do_DELETE(self) -> None:
            self._serve()

        def _serve(self) -> None:
            path = self.path.partition("?")[0]
            request = Request(self.command, path, {k.lower(): v for k, v in self.headers.items()}, self._body())
            sim.requests.append(request)
            if request.headers.get("authorization") != f"Bearer {TOKEN}":
                self._answer(401, {"title": "The token is unknown.", "status": 401, "code": "access.denied"})
            elif path == "/api/v1/trees":
                with tarfile.open(fileobj=io.BytesIO(request.body), mode="r:gz") as archive:
                    sim.uploaded = archive.getmembers()
                self._answer(201, {"digest": "sha256:" + "ab" * 32})
            elif re.fullmatch(r"/api/v1/deployments/\d+/cancel", path):
                sim.cancelled.set()
                self._answer(202, deployment("cancelling"))
            elif path.endswith("/events"):
                self._stream(lambda: self._tell_journey(int(request.headers.get("last-event-id", "0"))))
            elif path.endswith("/logs"):
                self._stream(self._tell_log)
            else:
                self._answer(*sim.answers.get((self.command, path), (404, _unknown(path))))

        def _body(self) -> bytes:
            if self.headers.get("Transfer-Encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length", "0")))
            whole = b""
            while size := int(self.rfile.readline(), 16):
                whole += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return whole

        def _answer(self, status: int, value: Any) -> None:
            body = value if isinstance(value, bytes) else b"" if value is None else json.dumps(value).encode()
            problem = status >= 400 and not isinstance(value, bytes)
            self.send_response(status)
            self.send_header("Content-Type", "application/problem+json" if problem else "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _stream(self, tell: Callable[[], bool]) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.close_connection = True
            try:
                if tell():
                    self.wfile.write(b"0\r\n\r\n")
            except ConnectionError:
                pass  # the command line went away

        def _tell_journey(self, after: int) -> bool:
            journey = sim.journey
            self._send("state", deployment("running", running=0))
            for number, (name, data) in enumerate(journey.events, 1):
                if number <= after:
                    continue
                self._send(name, data, None if name == "progress" else number)
                with sim.told:
                    sim.told_up_to = number
                    sim.told.notify_all()
                if number in journey.cut_after:
                    journey.cut_after.discard(number)
                    return False
                if number == journey.wait_after:
                    while not sim.cancelled.wait(0.05):
                        self._write(b": still here\n\n")
                    self._send("end", deployment("cancelled"), number + 1)
                    return True
            self._send("end", journey.end, len(journey.events) + 1)
            return True

        def _tell_log(self) -> bool:
            for text in sim.log_connections.pop(0) if sim.log_connections else []:
                self._send("line", {"instance": "shop-7-1", "stream": "out", "text": text})
            return True

        def _send(self, name: str, data: Any, number: int | None = None) -> None:
            ident = "" if number is None else f"id: {number}\n"
            self._write(f"{ident}event: {name}\ndata: {json.dumps(data)}\n\n".encode())

        def _write(self, piece: bytes) -> None:
            self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            time.sleep(0)

        def log_message(self, *args: Any) -> None:
            pass

    return Handler


def _unknown(path: str) -> dict[str, Any]:
    return {
        "type": "about:blank",
        "title": f"There is no app named {path.rpartition('/')[2]!r}.",
        "status": 404,
        "code": "app.unknown",
        "remedy": "`seaway apps` lists those there are.",
        "evidence": [],
    }
