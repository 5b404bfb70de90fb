"""Watches a release for a while after the switch, and goes back to the one before when it fails."""

import asyncio
from collections.abc import Sequence

from seaway.core.errors import Unavailable
from seaway.core.finding import Finding
from seaway.core.health import ProbeAnswer, explain_unhealthy, is_healthy
from seaway.core.ports import Instance
from seaway.core.routing import route_of
from seaway.core.trial import LOOK_EVERY_S, Look, WentBack, explain_return, fallback, has_failed, time_left_s
from seaway.deploy.checking import ask, evidence
from seaway.deploy.run import Run

_LOOK_TIMEOUT_S = 2.0


async def stand_trial(run: Run, instances: Sequence[Instance]) -> None:
    """Return when the watch is over or another release has taken over. Raises WentBack."""
    switched_at = run.deployment.finished_at or run.ports.clock()
    left_s = time_left_s(switched_at, run.ports.clock(), run.ports.watch_s)
    loop = asyncio.get_running_loop()
    until = loop.time() + left_s
    looks: dict[str, list[Look]] = {instance.id: [] for instance in instances}
    while loop.time() < until and await _serves(run):
        answers = await asyncio.gather(*(_look(run, each.id, looks[each.id]) for each in instances))
        failed = next((each for each in instances if has_failed(looks[each.id])), None)
        if failed is not None:
            answer = answers[list(instances).index(failed)]
            await _go_back(run, failed, answer, run.ports.watch_s - (until - loop.time()))
        await asyncio.sleep(LOOK_EVERY_S)


async def _serves(run: Run) -> bool:
    return (await run.ports.environments.get(run.key)).current_deployment == run.deployment.id


async def _look(run: Run, instance: str, looks: list[Look]) -> ProbeAnswer:
    """One that was removed by hand is no failure of the release, nor is a Docker that does not answer."""
    health = run.deployment.settings.health
    try:
        now = await run.ports.engine.inspect(instance)
    except Unavailable:
        return ProbeAnswer()
    if now is None:
        return ProbeAnswer()
    answer = await ask(run, now, health, _LOOK_TIMEOUT_S) if now.alive else ProbeAnswer()
    looks.append(Look(now.state, now.restarts, is_healthy(answer, health.path)))
    return answer


async def _go_back(run: Run, failed: Instance, answer: ProbeAnswer, after_s: float) -> None:
    """Nothing happens when there is nothing to go back to: what serves badly is better than nothing."""
    running = await run.ports.engine.instances(run.key)
    back_to = fallback(running, run.deployment.id)
    if back_to is None:
        return
    cause = explain_unhealthy(await evidence(run, await run.ports.engine.inspect(failed.id) or failed, answer, after_s))
    finding = run.cleaned(explain_return(cause, run.key.app, after_s, back_to))
    if await _switched_back(run, [i for i in running if i.deployment == back_to and i.serves], back_to, finding):
        raise WentBack(finding)


async def _switched_back(run: Run, old: Sequence[Instance], back_to: int, finding: Finding) -> bool:
    """Under the lock, since a newer deployment may have switched in the meantime."""
    ports = run.ports
    settings = (await ports.journal.settings_of([back_to]))[back_to]
    async with ports.routing:
        if not await _serves(run):
            return False
        await ports.proxy.switch(route_of(run.key, settings, old))
        await ports.journal.went_back(run.deployment.id, back_to, ports.clock(), finding)
    return True
