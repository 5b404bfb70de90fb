"""The steps that put a release into service: release, check, route."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import replace

from seaway.core.build import exposed_port, port_of
from seaway.core.deployment import Kind, NothingReleased, Release, release_wanted
from seaway.core.events import Stream
from seaway.core.finding import FindingError
from seaway.core.ports import Instance, InstanceSpec
from seaway.core.replacing import explain_failed_command, explain_no_room, fits, release_command
from seaway.core.rollout import Running, Start, names_for, next_move
from seaway.core.routing import route_of
from seaway.core.source import ReleaseSource
from seaway.deploy.checking import wait_healthy
from seaway.deploy.dismissing import dismiss
from seaway.deploy.routes import put_right
from seaway.deploy.run import Run, StepResult, task_name

_LINES_KEPT = 50


async def release(run: Run) -> StepResult:
    """Record what shall run, and start as many instances as are missing."""
    wanted = await _release(run)
    await run.ports.journal.note(run.deployment.id, release_id=wanted.id, image=wanted.image)
    running = await run.ports.engine.instances(run.key)
    move = next_move(run.deployment.id, run.deployment.settings.instances, _running(running), ())
    if isinstance(move, Start):
        await _make_ready(run, wanted, running)
        taken = [i.name for i in running if i.alive]
        names = names_for(run.ports.instance, run.key, run.deployment.id, taken, move.count)
        await asyncio.gather(*(run.ports.engine.start(spec_of(run, wanted, name)) for name in names))
        run.say(f"started {', '.join(names)}")
    return StepResult({"release": wanted.id, "image": wanted.image, "port": wanted.port})


async def _make_ready(run: Run, wanted: Release, running: Sequence[Instance]) -> None:
    """What must be so before the first new instance starts: volumes, the release command, and room for it."""
    spec = spec_of(run, wanted, task_name(run))
    if spec.volumes:
        await run.ports.tasks.ensure_volumes(spec, run.say)
    command = release_command(run.deployment.kind, wanted.settings, run.results.get("plan", {}))
    if command is not None and run.step == "release":
        await _run_command(run, spec, command)
    old = [i for i in running if i.deployment < run.deployment.id]
    why = wanted.settings.why_stop_first
    if why is not None and old:
        await _stop_first(run, old, why)
    elif old:
        await _check_room(run, old)


async def _run_command(run: Run, spec: InstanceSpec, command: str) -> None:
    lines: deque[str] = deque(maxlen=_LINES_KEPT)

    def line(stream: Stream, text: str) -> None:
        lines.append(text)
        run.line(stream, text)

    run.say(f"release command: {command}")
    code = await run.ports.tasks.run(spec, command, line)
    if code != 0:
        raise FindingError(explain_failed_command(run.key.app, command, code, list(lines)))


async def _stop_first(run: Run, old: Sequence[Instance], why: str) -> None:
    """The old instances end now; if the new ones fail, the old release is started again as one that is missing."""
    run.say(f"stopping the old release first, since {why}: there is a short gap")
    async with run.ports.routing:
        await run.ports.proxy.switch(route_of(run.key, run.deployment.settings, ()))
    await dismiss(run.ports, run.key.slug, old, run.deployment.settings.drain_s)


async def _check_room(run: Run, old: Sequence[Instance]) -> None:
    used = await asyncio.gather(*(run.ports.engine.memory_bytes(i.id) for i in old if i.alive))
    available = run.ports.machine.memory_available_bytes()
    if available is not None and not fits(available, used):
        raise FindingError(explain_no_room(run.key.app, available, used))


async def check(run: Run) -> StepResult:
    """Wait until each instance answers from outside; the first that cannot ends the deployment with its cause."""
    await run.ports.tasks.forget(task_name(run))
    if run.deployment.attempt > 1:
        await release(run)  # a machine that went down has ended them
    mine = await _mine(run)
    await asyncio.gather(*(wait_healthy(run, instance) for instance in mine))
    for instance in mine:
        await run.ports.engine.keep(instance.id)
    return StepResult({"healthy": [i.name for i in mine]})


async def route(run: Run) -> StepResult:
    """Move the traffic, and record whose instances get it."""
    stopping = run.deployment.kind is Kind.STOP
    await put_right(run.ports, run.say)
    mine = [] if stopping else await _serving(run)
    wanted = route_of(run.key, run.deployment.settings, mine)
    async with run.ports.routing:
        draining = await run.ports.proxy.switch(wanted)
        before = (await run.ports.environments.get(run.key)).current_deployment
        current = before if stopping else run.deployment.id
        await run.ports.environments.set_current(run.key, current, wanted_running=not stopping)
    run.say(f"{', '.join(wanted.hosts)} -> {', '.join(s.name for s in wanted.servers) or 'nothing'}")
    return StepResult({"hosts": list(wanted.hosts), "draining": list(draining)})


async def _release(run: Run) -> Release:
    if isinstance(run.deployment.source, ReleaseSource):
        return await _earlier_release(run)
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


async def _earlier_release(run: Run) -> Release:
    current = (await run.ports.environments.get(run.key)).current_release
    number = release_wanted(run.deployment, current)
    found = None if number is None else await run.ports.releases.get(number)
    if found is None:
        raise NothingReleased(run.key.app)
    if not run.deployment.kind.makes_release:
        return found
    settings = run.deployment.settings
    now = run.ports.clock()
    wanted = replace(
        found, deployment=run.deployment.id, settings=settings, port=settings.port or found.port, created_at=now
    )
    return await run.ports.releases.record(run.environment_id, wanted)


def spec_of(run: Run, wanted: Release, name: str) -> InstanceSpec:
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
        volumes=wanted.settings.volumes,
    )


def _running(instances: Sequence[Instance]) -> list[Running]:
    return [Running(i.id, i.deployment, False, i.alive) for i in instances]


async def _serving(run: Run) -> list[Instance]:
    """All of them, each healthy; what ended since it was checked, say with Docker itself, is started once more."""
    mine = [i for i in await _mine(run) if i.serves]
    if len(mine) < run.deployment.settings.instances:
        await release(run)
        await check(run)
        mine = await _mine(run)
    return mine


async def _mine(run: Run) -> list[Instance]:
    return [i for i in await run.ports.engine.instances(run.key) if i.deployment == run.deployment.id]
