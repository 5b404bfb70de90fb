"""The durable journey of a deployment: read this first.

1. A step is journaled when it begins and when it is finished; a finished step is never run again.
2. A step may be cut off anywhere and run again: it looks for its own finished work first and adopts it. All that it
   makes in the engine, the image store and the proxy carries the deployment's id.
3. A deployment that fails or is cancelled takes away what it made, and nothing else. The old release goes on.
4. It is live when the proxy confirms the new route. Settling (draining and removing the old instances) comes after
   that, and is done again at the next start if it was cut off.
"""

import asyncio
from dataclasses import replace

from seaway.core.deployment import Kind, Status, steps_of
from seaway.core.errors import SeawayError
from seaway.core.finding import Finding, finding_of
from seaway.deploy.ports import Ports
from seaway.deploy.run import Run
from seaway.deploy.steps import STEPS, undo


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
    outcome = await STEPS[name](run)
    run.results[name] = outcome.facts
    if len(run.warnings) > known:
        await ports.journal.warn(deployment_id, run.warnings)
    await ports.journal.finish_step(deployment_id, name, ports.clock(), outcome.facts, skipped=outcome.skipped)
    ports.log.ring(deployment_id)


async def settle(run: Run) -> None:
    """After it is live: let the old instances finish and go."""
    run.deployment = await run.ports.journal.get(run.deployment.id)
    await take(run, "settle")


async def fail(run: Run, finding: Finding) -> None:
    run.line("err", finding.title)
    await _take_away(run)
    await finish(run, Status.FAILED, run.cleaned(finding))


async def cancelled(run: Run) -> None:
    run.say("cancelled")
    await _take_away(run)
    await finish(run, Status.CANCELLED, None)


async def _take_away(run: Run) -> None:
    """What cannot be taken away now, say because Docker is down, the reconciler takes away later as a stray."""
    try:
        await undo(run)
    except SeawayError as error:
        run.line("err", f"not cleaned up yet: {error.what}")


async def finish(run: Run, status: Status, finding: Finding | None) -> None:
    run.deployment = replace(run.deployment, status=status, finding=finding)
    await run.ports.journal.finish(run.deployment.id, status, run.ports.clock(), finding)
    run.ports.log.ring(run.deployment.id)
    await asyncio.sleep(0)
