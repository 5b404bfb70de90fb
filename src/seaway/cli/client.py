"""The API's client: calls, uploads and event streams, with each failure turned into one of our errors."""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx2

from seaway.cli.address import Server
from seaway.cli.answers import AppAnswer, DeploymentAnswer, read_app, read_deployment
from seaway.core.errors import Denied, SeawayError, Unavailable
from seaway.core.finding import Finding, FindingError

PATIENCE_S = 60.0
"""How long a lost server is looked for before we give up: it may be restarted in the middle of a deployment."""

_MAX_EVENT_BYTES = 64 * 1024**2
_PAUSES_S = (0.1, 0.2, 0.5, 1.0, 2.0)
# The server sends a comment every 15 s, so three of them missing means that the connection is dead.
_STREAM_TIMEOUT = httpx2.Timeout(5.0, read=45.0)
_CALL_TIMEOUT = httpx2.Timeout(5.0, read=60.0, write=60.0)
# Proofs of many images, each with the patience that a registry in trouble deserves.
_PROOF_TIMEOUT = httpx2.Timeout(5.0, read=300.0, write=60.0)
# After the last byte the server still unpacks the folder.
_UPLOAD_TIMEOUT = httpx2.Timeout(5.0, read=600.0, write=60.0)

_T = TypeVar("_T")


class Unreachable(Unavailable):
    code = "cli.unreachable"


class TokenRefused(Denied):
    code = "access.denied"


class NotSeaway(Unavailable):
    code = "cli.not_seaway"


class ServerSaid(FindingError):
    """The server's own error, as it told it."""

    def __init__(self, status: int, finding: Finding) -> None:
        super().__init__(finding)
        self.status = status


@dataclass(frozen=True)
class Event:
    name: str
    data: Any
    id: str = ""


class Client:
    def __init__(self, server: Server) -> None:
        self.server = server
        self._http = httpx2.Client(
            base_url=server.url,
            headers={"Authorization": f"Bearer {server.token.reveal()}"},
            timeout=_CALL_TIMEOUT,
            # A proxy of the environment is for the network, not for this machine.
            trust_env=not server.is_here,
            # Loading the certificates takes longer than most calls; without TLS there is nothing to verify.
            verify=server.url.startswith("https:"),
        )

    def close(self) -> None:
        self._http.close()

    def apps(self) -> tuple[list[AppAnswer], Mapping[str, Any]]:
        answer = self._call("GET", "/apps")
        return self._parsed(lambda: [read_app(each) for each in answer["apps"]]), answer

    def app(self, app: str) -> AppAnswer:
        answer = self._call("GET", f"/apps/{app}")
        return self._parsed(lambda: read_app(answer))

    def destroy(self, app: str) -> None:
        self._call("DELETE", f"/apps/{app}")

    def send_folder(self, packed: Iterable[bytes]) -> str:
        headers = {"Content-Type": "application/gzip"}
        answer = self._call("POST", "/trees", content=packed, headers=headers, timeout=_UPLOAD_TIMEOUT)
        return self._parsed(lambda: str(answer["digest"]))

    def deploy(self, app: str, body: Mapping[str, Any]) -> DeploymentAnswer:
        return self._deployment("POST", f"/apps/{app}/deployments", body)

    def deployments(self, app: str) -> tuple[list[DeploymentAnswer], Mapping[str, Any]]:
        answer = self._call("GET", f"/apps/{app}/deployments")
        return self._parsed(lambda: [read_deployment(each) for each in answer["deployments"]]), answer

    def deployment(self, deployment: int) -> DeploymentAnswer:
        return self._deployment("GET", f"/deployments/{deployment}")

    def rollback(self, app: str, deployment: int | None) -> DeploymentAnswer:
        return self._deployment("POST", f"/apps/{app}/rollback", {"deployment": deployment})

    def configure(self, app: str, change: Mapping[str, Any]) -> DeploymentAnswer:
        return self._deployment("PATCH", f"/apps/{app}/settings", change)

    def restart(self, app: str) -> DeploymentAnswer:
        return self._deployment("POST", f"/apps/{app}/restart")

    def stop(self, app: str) -> DeploymentAnswer:
        return self._deployment("POST", f"/apps/{app}/stop")

    def start(self, app: str) -> DeploymentAnswer:
        return self._deployment("POST", f"/apps/{app}/start")

    def cancel(self, deployment: int) -> DeploymentAnswer:
        return self._deployment("POST", f"/deployments/{deployment}/cancel")

    def events(self, deployment: int) -> "EventStream":
        return EventStream(self, f"/deployments/{deployment}/events")

    def log(self, app: str, *, tail: int, follow: bool) -> Iterator[Event]:
        """One connection's worth of an app's log; ends when the server ends it, raises when it is lost."""
        yield from self._stream(f"/apps/{app}/logs", params={"tail": str(tail), "follow": str(follow).lower()})

    def sign_in_link(self) -> str:
        """Signs a browser in once, within ten minutes."""
        told = self._call("POST", "/sign-in-codes")
        return f"{self.server.url}/login?code={told['code']}"

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None, *, patient: bool = False) -> Any:
        """One call of docs/api.md, as it is answered; `patient` for those that ask registries."""
        return self._call(method, path, json=body, timeout=_PROOF_TIMEOUT if patient else _CALL_TIMEOUT)

    def page_of(self, deployment: int) -> str:
        return f"{self.server.url}/deployments/{deployment}"

    def _deployment(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> DeploymentAnswer:
        answer = self._call(method, path, json=body)
        return self._parsed(lambda: read_deployment(answer))

    def _call(self, method: str, path: str, **request: Any) -> Any:
        with self._told():
            response = self._http.request(method, f"/api/v1{path}", **request)
            self._refuse_error(response)
            return response.json() if response.content else None

    def _stream(
        self, path: str, *, params: Mapping[str, str], headers: Mapping[str, str] | None = None
    ) -> Iterator[Event]:
        url = f"/api/v1{path}"
        with (
            self._told(),
            self._http.sse(
                url, params=params, headers=headers, timeout=_STREAM_TIMEOUT, max_event_size=_MAX_EVENT_BYTES
            ) as source,
        ):
            if source.response.status_code != httpx2.codes.OK:
                source.response.read()
                self._refuse_error(source.response)
            for event in source:
                yield Event(event.event, json.loads(event.data) if event.data else None, event.id)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turns the library's errors into ours."""
        try:
            yield
        except httpx2.ConnectError as error:
            raise self._unreachable(str(error)) from None
        except httpx2.TimeoutException as error:
            raise self._unreachable(f"no answer in time ({type(error).__name__})") from None
        except httpx2.TransportError as error:
            raise self._unreachable(str(error) or type(error).__name__) from None
        except ValueError:
            raise self._not_seaway("something that is not JSON") from None

    def _unreachable(self, why: str) -> Unreachable:
        here = "Start it: seaway serve. As a service: systemctl status seaway tells why it is down."
        away = f"Check the address in {self.server.source}, and on the server: systemctl status seaway."
        return Unreachable(
            f"Seaway is unreachable at {self.server.url}.", remedy=here if self.server.is_here else away, evidence=[why]
        )

    def _not_seaway(self, what: str) -> NotSeaway:
        return NotSeaway(
            f"{self.server.url} answered {what}.",
            remedy=f"Check the address in {self.server.source}, and whether another program answers there.",
        )

    def _parsed(self, parse: Callable[[], _T]) -> _T:
        try:
            return parse()
        except (KeyError, TypeError, ValueError, AttributeError):
            raise self._not_seaway("in a way that this command does not understand") from None

    def _refuse_error(self, response: httpx2.Response) -> None:
        if response.is_success:
            return
        if response.status_code == httpx2.codes.UNAUTHORIZED:
            raise TokenRefused(
                f"{self.server.url} refused the token.",
                remedy=f"Renew the token beside the address in {self.server.source}.",
            )
        raise self._problem(response)

    def _problem(self, response: httpx2.Response) -> SeawayError:
        kind = response.headers.get("content-type", "").partition(";")[0].strip()
        if kind != "application/problem+json":
            return self._not_seaway(f"{response.status_code} {response.reason_phrase}".strip())
        told = response.json()
        finding = Finding(
            cause=str(told.get("code") or "internal"),
            title=str(told.get("title") or f"Seaway answered {response.status_code}."),
            evidence=tuple(map(str, told.get("evidence") or ())),
            remedy=str(told.get("remedy") or ""),
            commands=tuple(map(str, told.get("commands") or ())),
        )
        return ServerSaid(response.status_code, finding)


class EventStream:
    """A deployment's events, across as many connections as it takes: each goes on from the last id that was seen.

    It can be iterated again after it was interrupted, and goes on from there too.
    """

    def __init__(self, client: Client, path: str) -> None:
        self._client, self._path = client, path
        self._last_id = ""

    def __iter__(self) -> Iterator[Event]:
        lost_at: float | None = None
        tries = 0
        while True:
            try:
                for event in self._connect():
                    lost_at, tries = None, 0
                    yield event
                    if event.name == "end":
                        return
                problem: SeawayError = self._client._unreachable("the stream ended too early")
            except (Unreachable, NotSeaway, ServerSaid) as error:
                if isinstance(error, ServerSaid) and error.status < httpx2.codes.INTERNAL_SERVER_ERROR:
                    raise
                problem = error
            lost_at = lost_at or time.monotonic()
            if time.monotonic() - lost_at > PATIENCE_S:
                raise problem
            time.sleep(_PAUSES_S[min(tries, len(_PAUSES_S) - 1)])
            tries += 1

    def _connect(self) -> Iterator[Event]:
        headers = {"Last-Event-ID": self._last_id} if self._last_id else {}
        for event in self._client._stream(self._path, params={}, headers=headers):
            # A new connection begins with no id of its own, and must not forget the last one's.
            self._last_id = event.id or self._last_id
            yield event
