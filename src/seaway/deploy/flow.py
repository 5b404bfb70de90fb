"""The durable journey of a deployment: read this first.

1. A step is journaled when it begins and when it is finished; a finished step is never run again.
2. A step may be cut off anywhere and run again: it looks for its own finished work first and adopts it. All that it
   makes in the engine, the image store and the proxy carries the deployment's id.
3. A deployment that fails or is cancelled takes away what it made, and nothing else. The old release goes on. Once
   the traffic has moved it is too late for both: it is finished.
4. It is live when the proxy confirms the new route. Settling (draining and removing the old instances) comes after
   that, and is done again at the next start if it was cut off. A release that fails while it is watched makes way
   for the one before: then, and only then, a live deployment becomes a failed one.
5. How it ended is recorded, however long that takes: a full disk must not leave it under way for ever.
"""

import asyncio
from dataclasses import replace

import structlog

from seaway.core.deployment import MAX_ATTEMPTS, Kind, Status, has_switched, steps_of
from seaway.core.errors import SeawayError, Unavailable
from seaway.core.finding import Finding, FindingError, finding_of
from seaway.core.step_limits import explain_giving_up, explain_timeout, limit_s
from seaway.core.trial import WentBack
from seaway.deploy.ports import Ports
from seaway.deploy.run import Run, StepResult
from seaway.deploy.steps import STEPS, undo

log = structlog.get_logger()

_RECORD_AGAIN_S = 1.0


async def begin(deployment_id: int, ports: Ports) -> Run:
    """The run as its journal tells it: a new one, or one that was cut off."""
    deployment = await ports.journal.get(deployment_id)
    environment = await ports.environments.get(deployment.environment)
    run = Run(deployment, ports, environment.id, warnings=list(deployment.warnings))
    if deployment.attempt > 1:
        ports.log.append(deployment_id, "", "say", f"Seaway was restarted; going on (attempt {deployment.attempt})")
    return run


async def travel(run: Run) -> None:
    """Take the steps up to the new route, and say how it ended. Only a cancellation is raised."""
    if run.deployment.attempt > MAX_ATTEMPTS:
        await fail(run, explain_giving_up(run.deployment))
        return
    try:
        for name in steps_of(run.deployment.kind, run.deployment.source):
            if name != "settle" or run.deployment.kind is Kind.STOP:
                await take(run, name)
    except SeawayError as error:
        await fail(run, finding_of(error))
    else:
        await finish(run, run.deployment.kind.success, None)


async def take(run: Run, name: str) -> None:
    """One step, unless the journal has it."""
    run.step = name
    record = run.deployment.step(name)
    if record is not None and record.finished_at is not None:
        run.results[name] = dict(record.result or {})
        return
    ports, deployment_id = run.ports, run.deployment.id
    await ports.journal.begin_step(deployment_id, name, ports.clock())
    ports.log.ring(deployment_id)
    known = len(run.warnings)
    outcome = await _in_time(run, name)
    run.results[name] = outcome.facts
    if len(run.warnings) > known:
        await ports.journal.warn(deployment_id, run.warnings)
    await ports.journal.finish_step(deployment_id, name, ports.clock(), outcome.facts, skipped=outcome.skipped)
    ports.log.ring(deployment_id)


async def _in_time(run: Run, name: str) -> StepResult:
    run.limit_s = limit_s(name, run.ports.build_timeout_s)
    try:
        async with asyncio.timeout(run.limit_s) as run.timer:
            return await STEPS[name](run)
    except TimeoutError:
        if run.limit_s is None or run.timer is None or not run.timer.expired():
            raise
        raise FindingError(explain_timeout(run.deployment, name, run.limit_s)) from None


async def settle(run: Run) -> None:
    """After it is live: let the old instances finish and go."""
    run.deployment = await run.ports.journal.get(run.deployment.id)
    try:
        await take(run, "settle")
    except WentBack as error:
        run.line("err", error.finding.title)
        await _take_away(run)


async def fail(run: Run, finding: Finding) -> None:
    run.line("err", finding.title)
    if run.deployment.kind is not Kind.STOP and await _has_switched(run):
        await finish(run, run.deployment.kind.success, None)
        return
    await _take_away(run)
    await finish(run, Status.FAILED, run.cleaned(finding))


async def cancelled(run: Run) -> None:
    if await _has_switched(run):
        run.say("too late to cancel: the traffic has moved")
        await travel(run)
        return
    run.say("cancelled")
    await _take_away(run)
    await finish(run, Status.CANCELLED, None)


async def _has_switched(run: Run) -> bool:
    try:
        found = await run.ports.environments.get(run.key)
    except Unavailable:
        return "route" in run.results
    asked = run.deployment
    return has_switched(asked.kind, asked.id, found.current_deployment, wanted_running=found.wanted_running)


async def _take_away(run: Run) -> None:
    """What cannot be taken away now, say because Docker is down, the reconciler takes away later as a stray."""
    try:
        await undo(run)
    except SeawayError as error:
        run.line("err", f"not cleaned up yet: {error.what}")


async def finish(run: Run, status: Status, finding: Finding | None) -> None:
    run.deployment = replace(run.deployment, status=status, finding=finding)
    while not await _is_recorded(run):  # noqa: ASYNC110 - nobody tells when the disk has space again
        await asyncio.sleep(_RECORD_AGAIN_S)
    run.ports.log.ring(run.deployment.id)


async def _is_recorded(run: Run) -> bool:
    ended = run.deployment
    try:
        await run.ports.journal.finish(ended.id, ended.status, run.ports.clock(), ended.finding)
    except Unavailable as error:
        log.warning("how it ended cannot be recorded yet", deployment=ended.id, why=error.what, code=error.code)
        return False
    return True
