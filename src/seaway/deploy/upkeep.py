"""Looks at everything that runs, and starts again what is missing of a release: no registry, no git, no credential."""

import asyncio
from collections.abc import Sequence

from seaway.core.app import EnvironmentKey
from seaway.core.deployment import NothingReleased
from seaway.core.ports import Instance
from seaway.core.rollout import names_for
from seaway.core.upkeep import Need, Observed
from seaway.deploy.checking import wait_healthy
from seaway.deploy.dismissing import dismiss
from seaway.deploy.ports import Ports
from seaway.deploy.run import Run
from seaway.deploy.serving import spec_of


async def observe(ports: Ports) -> Observed:
    # Instances first: what is started after that belongs to a deployment that the later look sees as busy.
    instances = await ports.engine.instances()
    records, busy = await ports.environments.list(), await ports.journal.busy()
    current = [r.current_deployment for r in records if r.current_deployment is not None]
    others = sorted({i.deployment for i in instances} - set(current))
    return Observed(
        records=records,
        instances=instances,
        settings=await ports.journal.settings_of(current),
        busy=busy,
        settled=await ports.journal.settled(current),
        ended=await ports.journal.statuses_of(others),
    )


async def mend(ports: Ports, need: Need) -> None:
    """Start what is missing and see it answer. Raises the finding when it cannot be done."""
    deployment = await ports.journal.get(need.deployment)
    release = None if deployment.release is None else await ports.releases.get(deployment.release)
    if release is None:
        raise NothingReleased(need.key.app)
    environment = await ports.environments.get(need.key)
    run = Run(deployment, ports, environment.id, step="upkeep")
    try:
        mine = await _mine(ports, need)
        names = names_for(ports.instance, need.key, need.deployment, [i.name for i in mine if i.alive], need.missing)
        started = [await ports.engine.start(spec_of(run, release, name)) for name in names]
        if started:
            run.say(f"started again: {', '.join(names)}")
        unproven = [i for i in mine if i.id in need.unproven]
        await asyncio.gather(*(_prove(run, each) for each in (*started, *unproven)))
    finally:
        ports.log.close(need.deployment)


async def _prove(run: Run, instance: Instance) -> None:
    await wait_healthy(run, instance)
    await run.ports.engine.keep(instance.id)


async def _mine(ports: Ports, need: Need) -> list[Instance]:
    return [i for i in await ports.engine.instances(need.key) if i.deployment == need.deployment]


async def remove(ports: Ports, strays: Sequence[Instance]) -> None:
    """Let them finish what they have, then end them."""
    by_key: dict[EnvironmentKey, list[Instance]] = {}
    for each in strays:
        by_key.setdefault(each.environment, []).append(each)
    settings = await ports.journal.settings_of([i.deployment for i in strays])
    drain_s = max((s.drain_s for s in settings.values()), default=0.0)
    await asyncio.gather(*(dismiss(ports, key.slug, each, drain_s) for key, each in by_key.items()))
