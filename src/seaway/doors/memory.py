"""In-memory twins of the doors, for tests of the flow: they keep the same promises and can be told to fail."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from seaway.core.app import EnvironmentKey
from seaway.core.credential import Credential
from seaway.core.events import Progress, Stream
from seaway.core.finding import Finding
from seaway.core.health import Listener, ProbeAnswer
from seaway.core.image import ImageRef
from seaway.core.ports import BuildJob, ImageFacts, Instance, InstanceSpec, Planned, PlanRequest, Route, Say
from seaway.core.proof import Proof
from seaway.core.recipe import Recipe, Toolchain
from seaway.core.tree import Tree


class MemoryEngine:
    """Instances live in a dictionary; `crash` names images whose instances end at once."""

    def __init__(self) -> None:
        self.running: dict[str, Instance] = {}
        self.crash: set[str] = set()
        self.started: list[str] = []
        self.kept: list[str] = []
        self.changed = asyncio.Event()

    async def instances(self, environment: EnvironmentKey | None = None) -> list[Instance]:
        found = [i for i in self.running.values() if environment in (None, i.environment)]
        return sorted(found, key=lambda i: i.name)

    async def start(self, spec: InstanceSpec) -> Instance:
        if spec.name in self.running and self.running[spec.name].alive:
            return self.running[spec.name]
        crashes = spec.image in self.crash
        made = Instance(
            id=f"id-{spec.name}",
            name=spec.name,
            environment=spec.environment,
            release=spec.release,
            deployment=spec.deployment,
            image=spec.image,
            port=spec.port,
            state="exited" if crashes else "running",
            address=None if crashes else f"10.0.0.{len(self.started) + 2}",
            exit_code=1 if crashes else None,
            kept=False,
        )
        self.running[spec.name] = made
        self.started.append(spec.name)
        return made

    async def keep(self, instance: str) -> None:
        self.kept.append(instance)
        self.running = {name: replace(i, kept=True) if i.id == instance else i for name, i in self.running.items()}

    async def retire(self, instance: str, grace_s: float) -> None:
        self.running = {name: i for name, i in self.running.items() if i.id != instance}

    async def inspect(self, instance: str) -> Instance | None:
        return next((i for i in self.running.values() if i.id == instance), None)

    async def changes(self) -> AsyncIterator[None]:
        while True:
            await self.changed.wait()
            self.changed.clear()
            yield None

    async def memory_bytes(self, instance: str) -> int | None:
        return 50 * 1024**2 if await self.inspect(instance) else None

    async def listeners(self, instance: str) -> tuple[Listener, ...]:
        return ()

    async def tail(self, instance: str, lines: int) -> list[str]:
        return ["the last line"]

    async def logs(self, instance: str, *, tail: int, follow: bool) -> AsyncIterator[tuple[Stream, str]]:
        yield "out", "the last line"

    def end(self, name: str) -> None:
        self.running[name] = replace(self.running[name], state="exited", address=None, exit_code=1)
        self.changed.set()


class MemoryProxy:
    def __init__(self) -> None:
        self.table: dict[str, Route] = {}
        self.switches: list[Route] = []

    async def ensure(self, routes: Sequence[Route], say: Say) -> None:
        changed = [route for route in routes if self.table.get(route.key) != route]
        gone = self.table.keys() - {route.key for route in routes}
        self.table = {route.key: route for route in routes}
        if changed or gone:
            say(f"The proxy gets {len(changed) + len(gone)} changed routes.")

    async def routes(self) -> dict[str, Route]:
        return dict(self.table)

    async def switch(self, route: Route) -> tuple[str, ...]:
        before = self.table.get(route.key)
        self.table[route.key] = route
        self.switches.append(route)
        return tuple(s.name for s in before.servers if s not in route.servers) if before else ()

    async def drained(self, key: str, servers: Sequence[str], drain_s: float) -> None:
        return None

    async def remove(self, key: str) -> None:
        self.table.pop(key, None)


class MemoryImages:
    """Also the builder: an image's id comes from the labels that it was built with."""

    def __init__(self) -> None:
        self.built: dict[str, Mapping[str, str]] = {}
        self.pulled: list[tuple[str, str | None]] = []
        self.jobs: list[BuildJob] = []
        self.fails: Exception | None = None
        self.gate: asyncio.Event | None = None

    async def build(
        self, job: BuildJob, line: Callable[[Stream, str], None], progress: Callable[[Progress], None]
    ) -> str:
        self.jobs.append(job)
        line("out", "building")
        progress(Progress(1, 2))
        if self.gate is not None:
            await self.gate.wait()
        if self.fails is not None:
            raise self.fails
        image = f"sha256:{len(self.jobs) - 1:064x}"
        self.built[image] = job.labels
        return image

    async def find(self, labels: Mapping[str, str]) -> str | None:
        found = [image for image, has in self.built.items() if labels.items() <= has.items()]
        return found[-1] if found else None

    async def exists(self, image: str) -> bool:
        return image in self.built

    async def pull(self, image: ImageRef, credential: Credential | None, say: Say) -> str:
        self.pulled.append((str(image), credential.name if credential else None))
        self.built.setdefault(image.digest or "", {})
        return image.digest or ""

    async def facts(self, image: str) -> ImageFacts:
        return ImageFacts(image, 100, (8080,), self.built.get(image, {}), ())

    async def tag(self, image: str, tag: str) -> None:
        return None

    async def remove(self, image: str) -> None:
        self.built.pop(image, None)


@dataclass
class MemoryTasks:
    """Each command ends with `code`; `ran` has them in order."""

    code: int = 0
    ran: list[str] = field(default_factory=list)
    volumes: set[str] = field(default_factory=set)

    async def run(self, spec: InstanceSpec, command: str, line: Callable[[Stream, str], None]) -> int:
        self.ran.append(command)
        line("out", f"ran {command}")
        return self.code

    async def forget(self, name: str) -> None:
        return None

    async def ensure_volumes(self, spec: InstanceSpec, say: Say) -> None:
        self.volumes |= {volume.name for volume in spec.volumes}

    async def remove_volumes(self, environment: EnvironmentKey) -> None:
        self.volumes.clear()


@dataclass
class MemoryMachine:
    available: int | None = 1024**3
    free: int = 50 * 1024**3
    total: int = 100 * 1024**3

    def memory_available_bytes(self) -> int | None:
        return self.available

    def disk(self) -> tuple[int, int]:
        return self.free, self.total


@dataclass
class MemoryProbe:
    """Answers with `status` for everybody, or with what `answers` says for an address."""

    status: int | None = 200
    answers: dict[str, ProbeAnswer] = field(default_factory=dict)

    async def ask(self, address: str, port: int, path: str, host: str, timeout_s: float) -> ProbeAnswer:
        return self.answers.get(address, ProbeAnswer(status=self.status, error=None if self.status else "refused"))


@dataclass
class MemoryRegistry:
    """Allows everything but what `refused` has a finding for; `dead` are names of credentials that it does not take,
    also for images that are public, and `private` are images that only a credential opens."""

    refused: dict[str, Finding] = field(default_factory=dict)
    dead: set[str] = field(default_factory=set)
    private: set[str] = field(default_factory=set)
    asked: list[tuple[str, str | None]] = field(default_factory=list)

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
        name = credential.name if credential is not None else None
        self.asked.append((str(image), name))
        dead = name in self.dead or (credential is not None and credential.secret.reveal() in self.dead)
        finding = self.refused.get(str(image))
        if dead and finding is None:
            private = str(image) in self.private
            cause = "credential_expired_or_revoked" if private else "stale_credential_blocks_public"
            finding = Finding(cause, f"{name} is refused", ("403 DENIED",), "Renew it.")
        elif name is None and str(image) in self.private:
            finding = Finding("no_credential_sent", f"{image} is private", ("401",), "Add a credential.")
        allowed = finding is None or finding.cause == "stale_credential_blocks_public"
        return Proof(
            image,
            allowed,
            "sha256:" + "d" * 64 if allowed else None,
            credential=name if allowed and not dead else None,
            refused=name if dead else None,
            finding=finding,
        )

    async def ready(self, credential: Credential) -> Credential:
        return credential

    async def prove_login(self, credential: Credential) -> Proof:
        star = ImageRef(credential.host, "*")
        if credential.name not in self.dead and credential.secret.reveal() not in self.dead:
            return Proof(star, True, credential=credential.name)
        finding = Finding(
            "credential_expired_or_revoked", f"{credential.name} is refused", ("403 DENIED",), "Renew it."
        )
        return Proof(star, False, refused=credential.name, finding=finding)


class MemoryBases:
    async def ensure(self, toolchains: Sequence[Toolchain], say: Say) -> None:
        return None


@dataclass
class MemoryPack:
    """Takes every tree and makes the same recipe of it."""

    recipe_made: Recipe = field(default_factory=lambda: Recipe("FROM scratch", wants_env=True))
    name: str = "memory"
    order: int = 0

    def detects(self, tree: Tree) -> bool:
        return True

    def recipe(self, tree: Tree, wanted: PlanRequest) -> Planned:
        return Planned(self.name, self.recipe_made, notes=("a note",))


class MemoryGit:
    async def fetch(self, url: str, ref: str | None, into: Path, say: Say) -> str:
        (into / "index.html").write_text(f"{url} {ref}")
        return "c0ffee" * 6 + "c0ff"
