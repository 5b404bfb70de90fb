"""Docker Engine's API over its socket: calls, streams, and the image store.

1. Calls and streams use separate clients: a hundred followed logs must not keep a call waiting for a connection.
2. Every login travels with the one call that needs it; the daemon keeps none.
3. The daemon reports a failed pull inside an answer of 200. Such a failure is raised like any other.
"""

import base64
import json
from collections.abc import AsyncIterable, AsyncIterator, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2

from seaway.core.credential import IDENTITY_TOKEN_USER, Credential
from seaway.core.errors import Failed, SeawayError, Unavailable
from seaway.core.image import ImageRef
from seaway.core.ports import ImageFacts, Say

SOCKET = Path("/var/run/docker.sock")
WANTED_API = (1, 45)
OLDEST_API = (1, 43)
CALL_TIMEOUT_S = 60.0
START_REMEDY = "Start it with `systemctl start docker`; its log is in `journalctl -u docker`."

Params = Mapping[str, str | int | Sequence[str]]


class DockerNotRunning(Unavailable):
    code = "docker.not_running"

    def __init__(self, socket: Path, remedy: str, evidence: str) -> None:
        super().__init__(f"Docker does not answer on {socket}.", remedy=remedy, evidence=(evidence,))


class NoDockerPermission(Unavailable):
    code, temporary = "docker.no_permission", False

    def __init__(self, socket: Path, evidence: str) -> None:
        super().__init__(
            f"Seaway may not open Docker's socket {socket}.",
            remedy="Run Seaway as root, or add its user to the group docker (`usermod -aG docker USER`) and restart.",
            evidence=(evidence,),
        )


class DockerTooOld(Unavailable):
    code, temporary = "docker.too_old", False

    def __init__(self, version: str, api: str) -> None:
        oldest = ".".join(map(str, OLDEST_API))
        super().__init__(
            f"Docker {version} speaks the Engine API {api}; Seaway needs {oldest} or newer.",
            remedy="Upgrade Docker Engine to version 24 or newer.",
        )


class DockerSlow(Unavailable):
    code = "docker.timed_out"

    def __init__(self, what: str) -> None:
        super().__init__(
            f"Docker did not answer in time: {what}.", remedy="See whether the machine is overloaded; then try again."
        )


class DockerRefused(Failed):
    """The daemon's own answer: its status and its words."""

    code = "docker.refused"

    def __init__(self, what: str, status: int, message: str) -> None:
        super().__init__(
            f"Docker refused: {what}.", remedy="Its answer says why; put that right and try again.", evidence=(message,)
        )
        self.status = status
        self.message = message


class DockerDiskFull(Failed):
    code = "docker.disk_full"

    def __init__(self, what: str, message: str) -> None:
        super().__init__(
            f"The disk that Docker keeps its data on is full: {what}.",
            remedy="`docker system df` shows what takes the space; `docker builder prune` and `docker image prune` "
            "free what nothing uses. Then try again.",
            evidence=(message,),
        )


class PullRefused(Failed):
    """`evidence` holds the daemon's words, which name the link of the chain that broke."""

    code = "docker.pull_refused"

    def __init__(self, image: ImageRef, message: str) -> None:
        super().__init__(
            f"{image} could not be pulled.",
            remedy=f"`seaway doctor {image}` says which part fails.",
            evidence=(message,),
        )
        self.message = message


class DockerDoor:
    """Implements core.ports.Images; `call` and `stream` are for the engine and the proxy's container."""

    def __init__(self, socket: Path = SOCKET, *, start_remedy: str = START_REMEDY) -> None:
        self._socket = socket
        self._start_remedy = start_remedy
        self._calls = self._client(httpx2.Limits(max_connections=32, max_keepalive_connections=8), CALL_TIMEOUT_S)
        self._streams = self._client(httpx2.Limits(max_connections=None, max_keepalive_connections=0), None)
        self._api: str | None = None

    def _client(self, limits: httpx2.Limits, timeout_s: float | None) -> httpx2.AsyncClient:
        transport = httpx2.AsyncHTTPTransport(uds=str(self._socket), limits=limits)
        timeout = httpx2.Timeout(timeout_s, connect=10.0)
        return httpx2.AsyncClient(transport=transport, base_url="http://docker", trust_env=False, timeout=timeout)

    async def close(self) -> None:
        await self._calls.aclose()
        await self._streams.aclose()

    # The API ---------------------------------------------------------------------------------------------------------

    async def version(self) -> str:
        """The daemon's version; also the check that it runs, may be used and is new enough."""
        with self._ours("asking for its version"):
            answer = await self._calls.get("/version")
        told = answer.json()
        self._api = _chosen_api(told["Version"], told["ApiVersion"], told.get("MinAPIVersion", told["ApiVersion"]))
        return str(told["Version"])

    async def call(
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        body: Mapping[str, Any] | None = None,
        allow: Collection[int] = (),
        timeout_s: float = CALL_TIMEOUT_S,
    ) -> tuple[int, Any]:
        """One request: status and parsed answer. A status from 400 up is raised unless it is in `allow`."""
        what = f"{method} {path}"
        url = await self._url(path)
        with self._ours(what):
            answer = await self._calls.request(method, url, params=params, json=body, timeout=timeout_s)
        if answer.status_code >= 400 and answer.status_code not in allow:
            raise _refusal(what, answer.status_code, _message(answer.content))
        return answer.status_code, _parsed(answer.content)

    @asynccontextmanager
    async def stream(
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        body: Mapping[str, Any] | None = None,
        content: AsyncIterable[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """One request whose answer is read as it comes, for as long as it lasts."""
        what = f"{method} {path}"
        url = await self._url(path)
        with self._ours(what):
            request = self._streams.build_request(
                method, url, params=params, json=body, content=content, headers=headers
            )
            answer = await self._streams.send(request, stream=True)
        try:
            if answer.status_code >= 400:
                raise _refusal(what, answer.status_code, _message(await answer.aread()))
            yield self._chunks(what, answer)
        finally:
            await answer.aclose()

    async def _chunks(self, what: str, answer: httpx2.Response) -> AsyncIterator[bytes]:
        with self._ours(what):
            async for chunk in answer.aiter_raw():
                yield chunk

    async def _url(self, path: str) -> str:
        if self._api is None:
            await self.version()
        return f"/v{self._api}{path}"

    @contextmanager
    def _ours(self, what: str) -> Iterator[None]:
        try:
            yield
        except httpx2.TimeoutException as error:
            raise DockerSlow(what) from error
        except (httpx2.TransportError, httpx2.StreamError) as error:
            raise self._unreachable(error) from error

    def _unreachable(self, error: Exception) -> SeawayError:
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, PermissionError):
                return NoDockerPermission(self._socket, str(cause))
            cause = cause.__cause__ or cause.__context__
        return DockerNotRunning(self._socket, self._start_remedy, str(error) or type(error).__name__)

    # The image store -------------------------------------------------------------------------------------------------

    async def find(self, labels: Mapping[str, str]) -> str | None:
        filters = json.dumps({"label": [f"{k}={v}" for k, v in labels.items()]})
        _, found = await self.call("GET", "/images/json", params={"filters": filters})
        newest = max(found, key=lambda image: image["Created"], default=None)
        return str(newest["Id"]) if newest else None

    async def exists(self, image: str) -> bool:
        status, _ = await self.call("GET", f"/images/{_segment(image)}/json", allow=(404,))
        return status == 200

    async def facts(self, image: str) -> ImageFacts:
        _, told = await self.call("GET", f"/images/{_segment(image)}/json")
        config = told.get("Config") or {}
        return ImageFacts(
            told["Id"],
            told["Size"],
            tuple(sorted(int(p.partition("/")[0]) for p in config.get("ExposedPorts") or {} if p.endswith("/tcp"))),
            config.get("Labels") or {},
            (*(config.get("Entrypoint") or ()), *(config.get("Cmd") or ())),
        )

    async def tag(self, image: str, tag: str) -> None:
        name, version = _name_and_tag(tag)
        await self.call("POST", f"/images/{_segment(image)}/tag", params={"repo": name, "tag": version})

    async def remove(self, image: str) -> None:
        await self.call("DELETE", f"/images/{_segment(image)}", allow=(404, 409))

    async def pull(self, image: ImageRef, credential: Credential | None, say: Say) -> str:
        """By digest if there is one; a tag beside it is then set, so that `FROM name:tag` means what was proved."""
        params = {"fromImage": image.name, "tag": image.reference}
        headers = {"X-Registry-Auth": _registry_auth(credential)}
        try:
            async with self.stream("POST", "/images/create", params=params, headers=headers) as chunks:
                async for told in _objects(chunks):
                    _tell_pull(told, say)
        except DockerRefused as error:
            raise PullRefused(image, error.message) from error
        wanted = f"{image.name}@{image.digest}" if image.digest else str(image)
        if image.digest and image.tag:
            await self.tag(wanted, f"{image.name}:{image.tag}")
        return (await self.facts(wanted)).id

    async def import_tar(self, stream: AsyncIterable[bytes], tag: str, changes: Sequence[str] = ()) -> str:
        """Make an image of one layer from a root filesystem; `changes` are Dockerfile lines such as `ENV A=1`."""
        name, version = _name_and_tag(tag)
        params: Params = {"fromSrc": "-", "repo": name, "tag": version, "changes": list(changes)}
        headers = {"Content-Type": "application/x-tar"}
        last: dict[str, Any] = {}
        async with self.stream("POST", "/images/create", params=params, content=stream, headers=headers) as chunks:
            async for told in _objects(chunks):
                last = told
        return str(last["status"])


def _chosen_api(version: str, newest: str, oldest: str) -> str:
    """The version that Seaway was written for, or the nearest one that the daemon speaks."""
    low, high = _numbers(oldest), _numbers(newest)
    if high < OLDEST_API:
        raise DockerTooOld(version, newest)
    return ".".join(map(str, max(low, min(high, WANTED_API))))


def _numbers(version: str) -> tuple[int, int]:
    major, _, minor = version.partition(".")
    return int(major), int(minor)


def _refusal(what: str, status: int, message: str) -> SeawayError:
    if "no space left on device" in message:
        return DockerDiskFull(what, message)
    return DockerRefused(what, status, message)


def _message(content: bytes) -> str:
    told = _parsed(content)
    if isinstance(told, dict) and isinstance(told.get("message"), str):
        return str(told["message"])
    return content.decode(errors="replace").strip()[:2000]


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content) if content else None
    except ValueError:
        return None


async def _objects(chunks: AsyncIterator[bytes]) -> AsyncIterator[dict[str, Any]]:
    """The JSON objects of a stream, one per line; an error among them is raised."""
    rest = b""
    async for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in filter(bytes.strip, lines):
            yield _checked(json.loads(line))
    if rest.strip():
        yield _checked(json.loads(rest))


def _checked(told: dict[str, Any]) -> dict[str, Any]:
    if "error" in told:
        raise _refusal("the transfer of an image", 200, str(told["error"]))
    return told


def _tell_pull(told: Mapping[str, Any], say: Say) -> None:
    if told.get("progressDetail") or not told.get("status"):
        return
    layer = f"{told['id']}: " if told.get("id") else ""
    say(f"{layer}{told['status']}")


def _registry_auth(credential: Credential | None) -> str:
    login: dict[str, str] = {}
    if credential is not None and credential.username == IDENTITY_TOKEN_USER:
        login = {"identitytoken": credential.secret.reveal(), "serveraddress": credential.host}
    elif credential is not None:
        secret = credential.secret.reveal()
        login = {"username": credential.username, "password": secret, "serveraddress": credential.host}
    return base64.urlsafe_b64encode(json.dumps(login).encode()).decode()


def _name_and_tag(tag: str) -> tuple[str, str]:
    head, colon, tail = tag.rpartition(":")
    return (head, tail) if colon and "/" not in tail else (tag, "latest")


def _segment(image: str) -> str:
    return quote(image, safe="/:@")
