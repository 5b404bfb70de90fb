"""Every door and plug-in as the rest of the house sees it, on one page.

A door acts on one outside system and turns that system's errors into ours. All calls may be repeated: a door finds
what is there already and adopts it.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from seaway.core.app import EnvironmentKey, EnvironmentSettings, Limits, Volume
from seaway.core.credential import Credential
from seaway.core.deployment import Deployment, Release, Status
from seaway.core.events import LogLine, Progress, Stream
from seaway.core.finding import Finding
from seaway.core.health import Listener, ProbeAnswer
from seaway.core.image import ImageRef
from seaway.core.keeping import KeptCredential, WantedImage
from seaway.core.proof import Proof
from seaway.core.recipe import Recipe, Toolchain
from seaway.core.secret import Secret
from seaway.core.tree import Tree

Say = Callable[[str], None]
"""Where a door says what it does, line by line."""


# Building -----------------------------------------------------------------------------------------------------------


class Pack(Protocol):
    """Knows one way to build: whether a tree is of its kind, and the recipe for it. Deterministic, no network."""

    name: str
    order: int

    def detects(self, tree: Tree) -> bool: ...

    def recipe(self, tree: Tree, wanted: "PlanRequest") -> "Planned": ...


@dataclass(frozen=True)
class PlanRequest:
    """What a pack may look at besides the tree. `env` are names and values; values never enter the recipe."""

    app: str
    env: Mapping[str, str]
    settings: EnvironmentSettings


@dataclass(frozen=True)
class Planned:
    """A recipe and how it came about: `plan` is Nixpacks' JSON where there is one, `notes` are for people."""

    pack: str
    recipe: Recipe
    plan: dict[str, Any] | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class BuildJob:
    """One build. `env` reaches the build as BuildKit secret ENV_SECRET only."""

    app: str
    deployment: int
    context: Path
    recipe: Recipe
    tag: str
    labels: Mapping[str, str]
    env: Mapping[str, Secret]


class Builder(Protocol):
    """BuildKit. `build` returns the image's id; cancelling the task stops the build and waits for its end."""

    async def build(
        self, job: BuildJob, line: Callable[[Stream, str], None], progress: Callable[[Progress], None]
    ) -> str: ...


class Bases(Protocol):
    """Images that this machine makes by itself, from the distribution's and the language's own packages."""

    async def ensure(self, toolchains: Sequence[Toolchain], say: Say) -> None:
        """Make the base images and these toolchains, if they are not here yet."""


class Images(Protocol):
    """The engine's image store."""

    async def find(self, labels: Mapping[str, str]) -> str | None:
        """The id of the newest image with these labels."""

    async def exists(self, image: str) -> bool: ...

    async def pull(self, image: ImageRef, credential: Credential | None, say: Say) -> str:
        """Pull with this credential, for this one call; returns the image's id."""

    async def facts(self, image: str) -> "ImageFacts": ...

    async def tag(self, image: str, tag: str) -> None: ...

    async def remove(self, image: str) -> None:
        """Also when it is gone already; an image in use stays."""


@dataclass(frozen=True)
class ImageFacts:
    id: str
    size_bytes: int
    exposed_ports: tuple[int, ...]
    labels: Mapping[str, str]
    command: tuple[str, ...]


# Running ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class InstanceSpec:
    """One instance to start. `name` is unique and says whose it is: a second start finds the first."""

    name: str
    environment: EnvironmentKey
    release: int
    deployment: int
    image: str
    port: int
    env: Mapping[str, Secret]
    limits: Limits
    command: tuple[str, ...] | None = None
    volumes: tuple[Volume, ...] = ()


@dataclass(frozen=True)
class Instance:
    """An instance as the engine confirms it; `address` None when it has none."""

    id: str
    name: str
    environment: EnvironmentKey
    release: int
    deployment: int
    image: str
    port: int
    state: str
    address: str | None
    exit_code: int | None = None
    oom_killed: bool = False
    restarts: int = 0
    started_at: str | None = None
    kept: bool = True
    """It was healthy once, and is started again whenever it ends."""

    @property
    def alive(self) -> bool:
        return self.state == "running" and self.address is not None

    @property
    def serves(self) -> bool:
        """It may get traffic."""
        return self.alive and self.kept


class Engine(Protocol):
    """Runs instances. Docker Engine on one machine; Swarm on several."""

    async def instances(self, environment: EnvironmentKey | None = None) -> list[Instance]:
        """Those of one environment, or all that are ours; by name."""

    async def start(self, spec: InstanceSpec) -> Instance: ...

    async def keep(self, instance: str) -> None:
        """From now on it is restarted when it ends: called once it was healthy, so that a crash before is seen."""

    async def retire(self, instance: str, grace_s: float) -> None:
        """Ask it to end, wait up to `grace_s`, remove it. Also when it is gone already."""

    async def inspect(self, instance: str) -> Instance | None: ...

    def changes(self) -> AsyncIterator[None]:
        """One each time that something of ours began or ended, for as long as it is listened to."""

    async def memory_bytes(self, instance: str) -> int | None: ...

    async def listeners(self, instance: str) -> tuple[Listener, ...]: ...

    async def tail(self, instance: str, lines: int) -> list[str]: ...

    def logs(self, instance: str, *, tail: int, follow: bool) -> AsyncIterator[tuple[Stream, str]]: ...


class Tasks(Protocol):
    """What runs once and ends, in an image of the app's and with its settings."""

    async def run(self, spec: InstanceSpec, command: str, line: Callable[[Stream, str], None]) -> int:
        """Run it to its end, for a shell; returns the exit code. A second call finds what the first one began."""

    async def forget(self, name: str) -> None:
        """It is done with; also when it is gone already."""

    async def ensure_volumes(self, spec: InstanceSpec, say: Say) -> None:
        """Let the volumes be there, and be writable for the image's user."""

    async def remove_volumes(self, environment: EnvironmentKey) -> None: ...


class Machine(Protocol):
    """The machine that instances run on."""

    def memory_available_bytes(self) -> int | None: ...

    def disk(self) -> tuple[int, int]:
        """Free and total bytes of the disk that has the images."""


class Probe(Protocol):
    """Asks an instance as the proxy would, over the network."""

    async def ask(self, address: str, port: int, path: str, host: str, timeout_s: float) -> ProbeAnswer: ...


# Routing ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Server:
    """Where an instance is reached; `name` is the instance's name."""

    name: str
    address: str
    port: int


@dataclass(frozen=True)
class Route:
    """`key` is the environment's slug. No server: the hosts are known, and nothing runs."""

    key: str
    hosts: tuple[str, ...]
    servers: tuple[Server, ...]


class Proxy(Protocol):
    """The proxy. It runs on while Seaway does not."""

    async def ensure(self, routes: Sequence[Route], say: Say) -> None:
        """Let it run, with these routes; changes nothing that is so already."""

    async def routes(self) -> dict[str, Route]:
        """What the running proxy confirms: servers that get new traffic."""

    async def switch(self, route: Route) -> tuple[str, ...]:
        """Send traffic of its hosts to its servers alone; returns the servers that now only finish what they have."""

    async def drained(self, key: str, servers: Sequence[str], drain_s: float) -> None:
        """Wait until these servers have no connection left, at most `drain_s`; then forget them."""

    async def remove(self, key: str) -> None: ...


# Sources ------------------------------------------------------------------------------------------------------------


class Git(Protocol):
    async def fetch(self, url: str, ref: str | None, into: Path, say: Say) -> str:
        """Check out a shallow copy without its .git; returns the commit."""


class Trees(Protocol):
    """Unpacked source trees, kept by digest."""

    async def receive(self, chunks: AsyncIterator[bytes]) -> str:
        """Unpack a gzipped tar stream; returns the tree's digest. Nothing stays behind when it is bad."""

    async def adopt(self, folder: Path) -> str:
        """Take over a folder made by us; returns its digest."""

    def path(self, digest: str) -> Path | None: ...

    def workspace(self) -> Path:
        """A new empty folder for a checkout, cleaned at the next start."""

    async def discard(self, folder: Path) -> None: ...

    def digests(self) -> list[tuple[str, float]]:
        """Those kept and when each was last received, as Unix time."""

    def remove(self, digest: str) -> None: ...


class Registry(Protocol):
    async def prove(
        self,
        image: ImageRef,
        credential: Credential | None,
        *,
        push: bool = False,
        platform: str | None = None,
        thorough: bool = False,
        fresh: bool = False,
    ) -> Proof:
        """Whether this image may be pulled (or pushed), by this credential or by anybody. `thorough` asks everything
        at once, its issuer too, for a person who wants the whole picture; `fresh` shows the credential itself again,
        although a token of it is still good."""

    async def ready(self, credential: Credential) -> Credential:
        """What is shown to the registry: the credential itself, or a short-lived login that is minted from it."""

    async def prove_login(self, credential: Credential) -> Proof:
        """Whether the credential is alive; what it may pull is not tried. A proof whose `credential` is None although
        it is allowed could not tell."""


# Remembering --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class EnvironmentRecord:
    """An environment as recorded: `current_deployment` is the one whose instances get the traffic, and
    `current_release` what they run."""

    id: int
    key: EnvironmentKey
    settings: EnvironmentSettings
    wanted_running: bool
    current_deployment: int | None
    current_release: int | None
    created_at: datetime
    destroying: bool


class Environments(Protocol):
    """Apps and their environments."""

    async def list(self) -> list[EnvironmentRecord]: ...

    async def get(self, key: EnvironmentKey) -> EnvironmentRecord:
        """Raises UnknownApp."""

    async def set_current(self, key: EnvironmentKey, deployment: int | None, *, wanted_running: bool) -> None: ...

    async def mark_destroying(self, name: str) -> None: ...

    async def delete(self, name: str) -> None:
        """The app and, with it, its environments, deployments and releases."""


class Deployments(Protocol):
    """Deployments and their steps: the queue and the journal. A finished step is never run again."""

    async def enqueue(self, wanted: Deployment) -> Deployment:
        """One transaction: the environment (made if it is new) takes the settings, and the deployment is queued.
        A newer deploy supersedes those that still wait."""

    async def claim(self, now: datetime) -> int | None:
        """Set the oldest queued one whose environment is free running; None when there is none."""

    async def requeue_running(self) -> list[int]:
        """After a stop: what ran is queued again. Returns those that were being cancelled."""

    async def unsettled(self) -> list[int]: ...

    async def request_cancel(self, deployment_id: int, now: datetime) -> Status:
        """A queued one is cancelled at once, a running one is asked to end; returns the status that results."""

    async def begin_step(self, deployment_id: int, name: str, now: datetime) -> None: ...

    async def finish_step(
        self, deployment_id: int, name: str, now: datetime, result: dict[str, Any], *, skipped: bool
    ) -> None: ...

    async def note(self, deployment_id: int, **values: Any) -> None: ...

    async def warn(self, deployment_id: int, warnings: Sequence[Finding]) -> None: ...

    async def finish(self, deployment_id: int, status: Status, now: datetime, finding: Finding | None) -> None: ...

    async def get(self, deployment_id: int) -> Deployment:
        """Raises UnknownDeployment."""

    async def status_of(self, deployment_id: int) -> Status | None:
        """None when there is no such deployment."""

    async def statuses_of(self, deployments: Sequence[int]) -> dict[int, Status | None]: ...

    async def unfinished(self) -> list[Deployment]:
        """Those of all environments that wait or run."""

    async def settled(self, deployments: Sequence[int]) -> set[int]:
        """Those of them that have let their predecessors go."""

    async def busy(self) -> set[EnvironmentKey]:
        """Environments that a deployment changes now."""

    async def went_back(self, deployment_id: int, to: int, now: datetime, finding: Finding) -> None:
        """One transaction: this one failed, its release is forgotten, and the environment is as `to` left it."""

    async def of(self, key: EnvironmentKey, limit: int = 50, before: int | None = None) -> list[Deployment]:
        """Newest first; `before` an id, to read on."""

    async def ids_of(self, key: EnvironmentKey) -> list[int]: ...

    async def latest(self) -> dict[EnvironmentKey, Deployment]:
        """The newest of each environment; its steps come without their results."""

    async def active(self, key: EnvironmentKey) -> list[Deployment]:
        """Those that wait or run."""

    async def settings_of(self, deployments: Sequence[int]) -> dict[int, EnvironmentSettings]: ...


class Credentials(Protocol):
    """Logins for registries, sealed at rest."""

    async def usable_by(self, app_name: str | None) -> list[Credential]:
        """Those that this app may use: its own and those for all."""

    async def all(self, now: datetime) -> list[KeptCredential]: ...

    async def get(self, name: str, now: datetime) -> KeptCredential:
        """Raises UnknownCredential."""

    async def add(self, kept: KeptCredential) -> None:
        """Raises CredentialExists."""

    async def replace(self, login: Credential, now: datetime, *, proved: bool) -> None:
        """A new user, secret and end in the place of the old, which are kept for a day. Raises UnknownCredential."""

    async def undo(self, name: str, now: datetime) -> None:
        """Raises UnknownCredential, NothingToUndo."""

    async def forget_previous(self, now: datetime) -> None:
        """What was replaced more than a day ago goes for good."""

    async def remove(self, name: str) -> None:
        """Raises UnknownCredential."""

    async def note_proved(self, name: str, now: datetime, expires_at: datetime | None = None) -> None: ...

    async def note_refused(self, name: str, now: datetime, finding: Finding) -> None: ...

    async def note_used(self, name: str, now: datetime) -> None: ...

    async def images(self) -> list[WantedImage]:
        """What each app wants of registries: by its last plan, and by that of the release that it runs."""


class SealedValues(Protocol):
    async def renew_key(self) -> tuple[str, int]:
        """Seal everything that is sealed with a new key; returns the key's name and the number of values."""


class Releases(Protocol):
    async def record(self, environment_id: int, wanted: Release) -> Release:
        """The release of its deployment: a second call finds the first one's."""

    async def get(self, release_id: int) -> Release | None: ...

    async def of(self, key: EnvironmentKey) -> list[Release]:
        """Newest first."""

    async def current(self) -> list[Release]:
        """Those that environments run, or would run when they are started."""

    async def all(self) -> list[Release]: ...

    async def forget(self, release_id: int) -> None: ...


# Telling ------------------------------------------------------------------------------------------------------------


class DeploymentLog(Protocol):
    """Append-only lines of a deployment; offsets are byte offsets of a file."""

    def append(self, deployment: int, step: str, stream: Stream, text: str) -> None: ...

    def progress(self, deployment: int, step: str, progress: Progress) -> None:
        """Told to those who listen now; not kept."""

    def read(self, deployment: int, offset: int, limit_bytes: int) -> tuple[list[LogLine], int]:
        """Lines from `offset` and the offset after them."""

    def ring(self, deployment: int) -> None:
        """Tell those who read along that the deployment changed."""

    def close(self, deployment: int) -> None:
        """No more lines will come for now."""

    def forget(self, deployments: Sequence[int]) -> None: ...
