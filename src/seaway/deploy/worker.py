"""Works the queue: claims what may run, lets it run, cancels it, and goes on after a restart."""

import asyncio
import contextlib

import structlog

from seaway.core.deployment import Kind, Status
from seaway.core.errors import Missing, Unavailable
from seaway.core.finding import Finding
from seaway.deploy import flow
from seaway.deploy.ports import Ports
from seaway.deploy.run import Run

log = structlog.get_logger()

_RETRY_S = 1.0
_SETTLE_AGAIN_S = 2.0


class Worker:
    """At most `limit` deployments at once; the database sees to it that each environment has only one."""

    def __init__(self, ports: Ports, limit: int) -> None:
        self._ports = ports
        self._queue = ports.journal
        self._limit = limit
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._settling: set[asyncio.Task[None]] = set()
        self._cancelled: set[int] = set()
        self._wake = asyncio.Event()
        self._loop: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Put back what a stop cut off, then work until `stop`."""
        for deployment_id in await self._queue.requeue_running():
            self._cancelled.add(deployment_id)
            self._begin(deployment_id)
        for deployment_id in await self._queue.unsettled():
            self._settle(await flow.begin(deployment_id, self._ports))
        self._loop = asyncio.create_task(self._work())

    async def stop(self) -> None:
        """Let go of everything; what ran stays `running` in the journal and goes on at the next start."""
        tasks = [t for t in (self._loop, *self._tasks.values(), *self._settling) if t is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def busy(self) -> bool:
        return bool(self._tasks or self._settling)

    def wake(self) -> None:
        self._wake.set()

    async def cancel(self, deployment_id: int) -> Status:
        """Ask it to end. The environment is free only when the work has really stopped."""
        status = await self._queue.request_cancel(deployment_id, self._ports.clock())
        if status is Status.CANCELLING and (task := self._tasks.get(deployment_id)):
            self._cancelled.add(deployment_id)
            task.cancel()
        self._ports.log.ring(deployment_id)
        return status

    async def idle(self, deployment_id: int) -> None:
        """Wait until nothing works on this deployment any more."""
        if task := self._tasks.get(deployment_id):
            await asyncio.wait([task])

    async def _work(self) -> None:
        while True:
            self._wake.clear()
            try:
                await self._claim_all()
            except Exception:
                log.exception("the queue could not be read")
                await asyncio.sleep(_RETRY_S)
                continue
            await self._wake.wait()

    async def _claim_all(self) -> None:
        while len(self._tasks) < self._limit:
            deployment_id = await self._queue.claim(self._ports.clock())
            if deployment_id is None:
                return
            self._begin(deployment_id)

    def _begin(self, deployment_id: int) -> None:
        task = asyncio.create_task(self._perform(deployment_id))
        self._tasks[deployment_id] = task
        task.add_done_callback(lambda _: self._ended(deployment_id))

    def _ended(self, deployment_id: int) -> None:
        self._tasks.pop(deployment_id, None)
        self._cancelled.discard(deployment_id)
        self._wake.set()

    async def _perform(self, deployment_id: int) -> None:
        run = await self._begun(deployment_id)
        try:
            if deployment_id in self._cancelled:
                raise asyncio.CancelledError
            await flow.travel(run)
        except asyncio.CancelledError:
            if deployment_id not in self._cancelled:
                raise
            _uncancel()
            await flow.cancelled(run)
        except Exception as error:
            log.exception("a deployment broke", deployment=deployment_id)
            await flow.fail(run, _unforeseen(error))
        finally:
            self._ports.log.close(deployment_id)
        if run.deployment.status is Status.LIVE and run.deployment.kind is not Kind.STOP:
            self._settle(run)

    async def _begun(self, deployment_id: int) -> Run:
        """However long the database is away: what is claimed must not stay under way for ever."""
        while True:
            try:
                return await flow.begin(deployment_id, self._ports)
            except Unavailable as error:
                log.warning("a deployment cannot begin yet", deployment=deployment_id, why=error.what)
                await asyncio.sleep(_RETRY_S)

    def _settle(self, run: Run) -> None:
        task = asyncio.create_task(self._settled(run))
        self._settling.add(task)
        task.add_done_callback(self._settling.discard)

    async def _settled(self, run: Run) -> None:
        try:
            while not await self._has_settled(run):  # noqa: ASYNC110 - nobody tells when Docker is back
                await asyncio.sleep(_SETTLE_AGAIN_S)
        except Missing:
            log.info("destroyed before it had settled", deployment=run.deployment.id)
        except Exception:
            log.exception("settling failed; it is tried again at the next start", deployment=run.deployment.id)
        finally:
            self._ports.log.close(run.deployment.id)

    async def _has_settled(self, run: Run) -> bool:
        """False while something that it needs does not answer: Docker restarts, say."""
        try:
            await flow.settle(run)
        except Unavailable as error:
            log.warning("not settled yet", deployment=run.deployment.id, why=error.what, code=error.code)
            return False
        return True


def _uncancel() -> None:
    task = asyncio.current_task()
    with contextlib.suppress(AttributeError):
        while task is not None and task.cancelling():
            task.uncancel()


def _unforeseen(error: Exception) -> Finding:
    return Finding(
        "internal",
        "Seaway itself made a mistake",
        (f"{type(error).__name__}: {error}",),
        "Nothing of the running release was touched. Please report it with the server's log.",
    )
