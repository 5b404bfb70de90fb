"""A whole control plane over in-memory doors and a real database."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from seaway.actions.access import OWNER
from seaway.actions.deploying import Deploying
from seaway.actions.destroying import Destroying
from seaway.core.app import EnvironmentKey, SettingsChange
from seaway.core.deployment import Deployment
from seaway.core.source import FolderSource, Source
from seaway.deploy.ports import Ports
from seaway.deploy.worker import Worker
from seaway.doors.database.apps import Apps
from seaway.doors.database.credentials import Credentials
from seaway.doors.database.deployments import Deployments
from seaway.doors.database.releases import Releases
from seaway.doors.deployment_log import FileLog
from seaway.doors.folder import FolderTree
from seaway.doors.memory import (
    MemoryBases,
    MemoryEngine,
    MemoryGit,
    MemoryImages,
    MemoryMachine,
    MemoryPack,
    MemoryProbe,
    MemoryProxy,
    MemoryRegistry,
    MemoryTasks,
)
from seaway.doors.trees import FolderTrees

SHOP = EnvironmentKey("shop")


@dataclass
class House:
    ports: Ports
    worker: Worker
    deploying: Deploying
    destroying: Destroying
    engine: MemoryEngine
    proxy: MemoryProxy
    images: MemoryImages
    probe: MemoryProbe
    registry: MemoryRegistry
    pack: MemoryPack

    async def tree(self, text: str = "1") -> FolderSource:
        folder = self.ports.trees.workspace()
        (folder / "index.html").write_text(text)
        return FolderSource(await self.ports.trees.adopt(folder))

    async def deploy(self, source: Source | None = None, **change) -> Deployment:
        change.setdefault("health_timeout_s", 1.0)
        made = await self.deploying.deploy(OWNER, "shop", source or await self.tree(), SettingsChange(**change))
        return await self.ended(made.id)

    async def ended(self, deployment_id: int) -> Deployment:
        """The deployment when nothing works on it any more, settling included."""
        for _ in range(500):
            found = await self.ports.journal.get(deployment_id)
            if found.status.is_final and not self.worker.busy:
                return await self.ports.journal.get(deployment_id)
            await asyncio.sleep(0.01)
        raise AssertionError(f"{deployment_id} does not end: {found.status}")

    def restarted(self) -> "House":
        """The same state and the same outside world with a new control plane."""
        worker = Worker(self.ports, 8)
        return House(**{**self.__dict__, "worker": worker, "deploying": _deploying(self.ports, worker)})

    def log_texts(self, deployment_id: int) -> list[str]:
        return [line.text for line in self.ports.log.read(deployment_id, 0, 10**6)[0]]


def _deploying(ports: Ports, worker: Worker) -> Deploying:
    return Deploying(ports.environments, ports.journal, ports.releases, worker, ports.clock)


@pytest.fixture
async def house(database, vault, tmp_path: Path):
    engine, proxy, images, probe = MemoryEngine(), MemoryProxy(), MemoryImages(), MemoryProbe()
    registry, pack = MemoryRegistry(), MemoryPack()
    ports = Ports(
        instance="test",
        clock=lambda: datetime.now(UTC),
        mac=vault.mac,
        environments=Apps(database, vault),
        journal=Deployments(database, vault),
        releases=Releases(database, vault),
        log=FileLog(tmp_path / "logs"),
        trees=FolderTrees(tmp_path / "sources"),
        read_tree=FolderTree,
        git=MemoryGit(),
        packs={"memory": pack},
        registry=registry,
        credentials=Credentials(database, vault),
        bases=MemoryBases(),
        images=images,
        builder=images,
        engine=engine,
        tasks=MemoryTasks(),
        machine=MemoryMachine(),
        probe=probe,
        proxy=proxy,
        releases_kept=3,
        builds=asyncio.Semaphore(2),
    )
    worker = Worker(ports, 8)
    destroying = Destroying(
        "test", ports.environments, ports.journal, ports.releases, worker, engine, proxy, images, ports.log, ports.tasks
    )
    made = House(ports, worker, _deploying(ports, worker), destroying, engine, proxy, images, probe, registry, pack)
    await worker.start()
    yield made
    await worker.stop()
