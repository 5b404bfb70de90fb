"""The steps that put a release into service: release, check, route, settle; and undo."""

import asyncio
from collections.abc import Sequence

from seaway.core.app import HealthCheck
from seaway.core.build import exposed_port, port_of
from seaway.core.deployment import Kind, NothingReleased, Release
from seaway.core.finding import FindingError
from seaway.core.health import HealthEvidence, ProbeAnswer, explain_unhealthy, is_healthy
from seaway.core.ports import Instance, InstanceSpec
from seaway.core.retention import releases_to_forget
from seaway.core.rollout import Remove, Running, Start, next_move
from seaway.core.routing import route_of
from seaway.core.source import ReleaseSource
from seaway.deploy.routes import ensure_proxy
from seaway.deploy.run import Run, StepResult

_PROBE_TIMEOUT_S = 5.0
_STOP_GRACE_S = 10.0


async def release(run: Run) -> StepResult:
    """Record what shall run, and start as many instances as are missing."""
    wanted = await _release(run)
    await run.ports.journal.note(run.deployment.id, release_id=wanted.id, image=wanted.image)
    running = await run.ports.engine.instances(run.key)
    move = next_move(run.deployment.id, wanted.settings.instances, _running(running), ())
    if isinstance(move, Start):
        names = _free_names(run, running, move.count)
        await asyncio.gather(*(run.ports.engine.start(_spec(run, wanted, name)) for name in names))
        run.say(f"started {', '.join(names)}")
    return StepResult({"release": wanted.id, "image": wanted.image, "port": wanted.port})


async def check(run: Run) -> StepResult:
    """Wait until each instance answers from outside; the first that cannot ends the deployment with its cause."""
    mine = await _mine(run)
    await asyncio.gather(*(_wait_healthy(run, instance) for instance in mine))
    for instance in mine:
        await run.ports.engine.keep(instance.id)
    return StepResult({"healthy": [i.name for i in mine]})


async def route(run: Run) -> StepResult:
    """Move the traffic, and record whose instances get it."""
    stopping = run.deployment.kind is Kind.STOP
    await ensure_proxy(run.ports, run.say)
    mine = [] if stopping else await _mine(run)
    wanted = route_of(run.key, run.deployment.settings, mine)
    async with run.ports.routing:
        draining = await run.ports.proxy.switch(wanted)
        before = (await run.ports.environments.get(run.key)).current_deployment
        current = before if stopping else run.deployment.id
        await run.ports.environments.set_current(run.key, current, wanted_running=not stopping)
    run.say(f"{', '.join(wanted.hosts)} -> {', '.join(s.name for s in wanted.servers) or 'nothing'}")
    return StepResult({"hosts": list(wanted.hosts), "draining": list(draining)})


async def settle(run: Run) -> StepResult:
    """Let the old instances finish what they have, remove them, and forget releases beyond those kept."""
    stopping = run.deployment.kind is Kind.STOP
    running = await run.ports.engine.instances(run.key)
    routed = () if stopping else tuple(i.id for i in running if i.deployment == run.deployment.id)
    wanted = None if stopping else run.deployment.id
    move = next_move(wanted, len(routed), _running(running, healthy=True), routed)
    leaving = [i for i in running if isinstance(move, Remove) and i.id in move.instances]
    if leaving:
        await run.ports.proxy.drained(run.key.slug, [i.name for i in leaving], run.deployment.settings.drain_s)
        await asyncio.gather(*(run.ports.engine.retire(i.id, _STOP_GRACE_S) for i in leaving))
    forgotten = [] if stopping else await _forget_releases(run)
    return StepResult({"removed": [i.name for i in leaving], "forgotten": forgotten})


async def undo(run: Run) -> None:
    """Take away what this deployment started, unless the traffic goes there already."""
    environment = await run.ports.environments.get(run.key)
    if run.deployment.kind is Kind.STOP or environment.current_deployment == run.deployment.id:
        return
    mine = [i for i in await run.ports.engine.instances(run.key) if i.deployment == run.deployment.id]
    await asyncio.gather(*(run.ports.engine.retire(i.id, 0) for i in mine))
    if not isinstance(run.deployment.source, ReleaseSource):
        for made in await run.ports.releases.of(run.key):
            if made.deployment == run.deployment.id:
                await run.ports.releases.forget(made.id)


async def _release(run: Run) -> Release:
    if isinstance(run.deployment.source, ReleaseSource):
        found = await run.ports.releases.get(run.deployment.source.release)
        if found is None:
            raise NothingReleased(run.key.app)
        return found
    image = run.results["build"]["image"]
    facts = await run.ports.images.facts(image)
    recipe_port = run.results["plan"].get("port")
    wanted = Release(
        id=0,
        environment=run.key,
        deployment=run.deployment.id,
        image=image,
        port=port_of(run.deployment.settings, recipe_port, exposed_port(facts)),
        command=None,
        settings=run.deployment.settings,
        created_at=run.ports.clock(),
        source=run.deployment.source,
        commit=run.results["fetch"].get("commit"),
    )
    return await run.ports.releases.record(run.environment_id, wanted)


def _spec(run: Run, wanted: Release, name: str) -> InstanceSpec:
    return InstanceSpec(
        name=name,
        environment=run.key,
        release=wanted.id,
        deployment=run.deployment.id,
        image=wanted.image,
        port=wanted.port,
        env=wanted.settings.env,
        limits=wanted.settings.limits,
        command=wanted.command,
    )


def _free_names(run: Run, running: Sequence[Instance], count: int) -> list[str]:
    taken = {i.name for i in running if i.alive}
    names = (f"{run.ports.instance}-{run.key.slug}-{run.deployment.id}-{n}" for n in range(1, count + len(taken) + 1))
    return [name for name in names if name not in taken][:count]


def _running(instances: Sequence[Instance], *, healthy: bool = False) -> list[Running]:
    return [Running(i.id, i.deployment, healthy, i.alive) for i in instances]


async def _mine(run: Run) -> list[Instance]:
    return [i for i in await run.ports.engine.instances(run.key) if i.deployment == run.deployment.id]


async def _wait_healthy(run: Run, instance: Instance) -> None:
    health = run.deployment.settings.health
    loop = asyncio.get_running_loop()
    began = loop.time()
    answer = ProbeAnswer()
    current: Instance | None = instance
    while loop.time() - began < health.timeout_s:
        if current is None or not current.alive:
            break
        answer = await _ask(run, current, health)
        if is_healthy(answer, health.path):
            run.say(f"{instance.name} answers after {loop.time() - began:.1f} s")
            return
        await asyncio.sleep(health.interval_s)
        current = await run.ports.engine.inspect(instance.id)
    seen = await _evidence(run, current or instance, answer, loop.time() - began)
    raise FindingError(explain_unhealthy(seen))


async def _ask(run: Run, instance: Instance, health: HealthCheck) -> ProbeAnswer:
    host = f"{run.key.slug}.localhost"
    address = instance.address or ""
    return await run.ports.probe.ask(address, instance.port, health.path or "/", host, _PROBE_TIMEOUT_S)


async def _evidence(run: Run, instance: Instance, answer: ProbeAnswer, waited_s: float) -> HealthEvidence:
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
        last_lines=tuple(await engine.tail(instance.id, 12)),
    )


async def _forget_releases(run: Run) -> list[int]:
    kept = await run.ports.releases.of(run.key)
    forget = releases_to_forget(kept, run.deployment.release, run.ports.releases_kept)
    in_use = {r.image for r in kept if r not in forget}
    for old in forget:
        await run.ports.releases.forget(old.id)
        if old.image not in in_use:
            await run.ports.images.remove(old.image)
    return [r.id for r in forget]
