"""Asking instances whether they serve, as the proxy would, and what is to be seen of one that does not."""

import asyncio

from seaway.core.app import HealthCheck
from seaway.core.finding import FindingError
from seaway.core.health import HealthEvidence, ProbeAnswer, explain_unhealthy, is_healthy
from seaway.core.ports import Instance
from seaway.deploy.run import Run

_PROBE_TIMEOUT_S = 5.0
_LINES = 12


async def wait_healthy(run: Run, instance: Instance) -> None:
    """Raises FindingError with the cause when it ends or does not answer in time."""
    health = run.deployment.settings.health
    loop = asyncio.get_running_loop()
    began = loop.time()
    answer = ProbeAnswer()
    current: Instance | None = instance
    while loop.time() - began < health.timeout_s:
        if current is None or not current.alive:
            break
        answer = await ask(run, current, health)
        if is_healthy(answer, health.path):
            run.say(f"{instance.name} answers after {loop.time() - began:.1f} s")
            return
        await asyncio.sleep(health.interval_s)
        current = await run.ports.engine.inspect(instance.id)
    seen = await evidence(run, current or instance, answer, loop.time() - began)
    raise FindingError(explain_unhealthy(seen))


async def ask(run: Run, instance: Instance, health: HealthCheck, timeout_s: float = _PROBE_TIMEOUT_S) -> ProbeAnswer:
    host = f"{run.key.slug}.localhost"
    address = instance.address or ""
    return await run.ports.probe.ask(address, instance.port, health.path or "/", host, timeout_s)


async def evidence(run: Run, instance: Instance, answer: ProbeAnswer, waited_s: float) -> HealthEvidence:
    engine = run.ports.engine
    return HealthEvidence(
        app=run.key.app,
        port=instance.port,
        path=run.deployment.settings.health.path or "/",
        waited_s=waited_s,
        state=instance.state,
        exit_code=instance.exit_code,
        oom_killed=instance.oom_killed,
        restarts=instance.restarts,
        memory_bytes=run.deployment.settings.limits.memory_bytes,
        listeners=await engine.listeners(instance.id) if instance.alive else (),
        last_probe=answer,
        last_lines=tuple(await engine.tail(instance.id, _LINES)),
    )
