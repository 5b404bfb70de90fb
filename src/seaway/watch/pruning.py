"""Removes source trees that nothing needs, and watches the disk. What was removed is said."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from seaway.core.errors import SeawayError
from seaway.core.finding import Finding
from seaway.core.retention import explain_full_disk, trees_in_use, trees_to_remove
from seaway.deploy.ports import Ports

log = structlog.get_logger()

INTERVAL_S = 3600.0
# A large folder is sent and unpacked first; nothing is pruned while the server settles in.
FIRST_S = 60.0


@dataclass(frozen=True)
class Pruned:
    at: datetime
    trees: tuple[str, ...] = field(default=())


class Pruner:
    """`last` tells what the last round removed."""

    def __init__(self, ports: Ports, interval_s: float = INTERVAL_S) -> None:
        self._ports = ports
        self._interval_s = interval_s
        self._task: asyncio.Task[None] | None = None
        self.last: Pruned | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def finding(self) -> Finding | None:
        return explain_full_disk(*self._ports.machine.disk())

    async def prune(self) -> Pruned:
        ports = self._ports
        kept = await asyncio.to_thread(ports.trees.digests)
        # Looked at after the trees: what was sent in between is not among those to remove.
        deployments = [*(await ports.journal.latest()).values(), *await ports.journal.unfinished()]
        used = trees_in_use(await ports.releases.all(), deployments)
        gone = trees_to_remove(kept, used, ports.clock())
        for digest in gone:
            await asyncio.to_thread(ports.trees.remove, digest)
        self.last = Pruned(ports.clock(), tuple(gone))
        return self.last

    async def _run(self) -> None:
        await asyncio.sleep(FIRST_S)
        while True:
            try:
                pruned = await self.prune()
                if pruned.trees:
                    log.info("source trees removed", count=len(pruned.trees))
                if (finding := self.finding()) is not None:
                    log.warning(finding.title, code=finding.cause, remedy=finding.remedy)
            except SeawayError as error:
                log.warning(error.what, code=error.code, remedy=error.remedy)
            except Exception:
                log.exception("pruning failed")
            await asyncio.sleep(self._interval_s)
