"""After the switch: the new release stands its trial, the old instances finish and go; and undoing what failed."""

import asyncio
from collections.abc import Sequence

from seaway.core.deployment import Kind
from seaway.core.errors import Unavailable
from seaway.core.ports import Instance
from seaway.core.retention import images_of_failures, releases_to_forget
from seaway.core.rollout import leaving
from seaway.deploy.dismissing import dismiss
from seaway.deploy.routes import put_right
from seaway.deploy.run import Run, StepResult, task_name
from seaway.deploy.trial import stand_trial


async def settle(run: Run) -> StepResult:
    """Let the old instances finish what they have, remove them, and forget releases beyond those kept."""
    stopping = run.deployment.kind is Kind.STOP
    if not stopping:
        mine = [i for i in await run.ports.engine.instances(run.key) if i.deployment == run.deployment.id]
        await stand_trial(run, mine)
    old = leaving(await run.ports.engine.instances(run.key), None if stopping else run.deployment.id)
    await dismiss(run.ports, run.key.slug, old, run.deployment.settings.drain_s)
    forgotten = [] if stopping else await _forget_releases(run)
    return StepResult({"removed": [i.name for i in old], "forgotten": forgotten})


async def undo(run: Run) -> None:
    """Take away what this deployment started, unless the traffic goes there already."""
    environment = await run.ports.environments.get(run.key)
    if run.deployment.kind is Kind.STOP or environment.current_deployment == run.deployment.id:
        return
    mine = [i for i in await run.ports.engine.instances(run.key) if i.deployment == run.deployment.id]
    await _withdraw(run, mine)
    await run.ports.tasks.forget(task_name(run))
    if run.deployment.kind.makes_release:
        for made in await run.ports.releases.of(run.key):
            if made.deployment == run.deployment.id:
                await run.ports.releases.forget(made.id)


async def _withdraw(run: Run, mine: Sequence[Instance]) -> None:
    if not mine:
        return
    try:
        # It may have been cut off between the proxy's switch and the record of it.
        await put_right(run.ports, run.say)
        await dismiss(run.ports, run.key.slug, mine, run.deployment.settings.drain_s, grace_s=0)
    except Unavailable:
        # No proxy (its port is taken, say), no traffic: nothing keeps what was started.
        await asyncio.gather(*(run.ports.engine.retire(i.id, 0) for i in mine))


async def _forget_releases(run: Run) -> list[int]:
    kept = await run.ports.releases.of(run.key)
    forget = releases_to_forget(kept, run.deployment.release, run.ports.releases_kept)
    in_use = {r.image for r in kept if r not in forget}
    for old in forget:
        await run.ports.releases.forget(old.id)
    # One that is under way may have found its image built already by a failed one: the next settling looks again.
    is_next = bool(await run.ports.journal.active(run.key))
    earlier = [] if is_next else await run.ports.journal.of(run.key, before=run.deployment.id)
    unused = dict.fromkeys([*(r.image for r in forget), *images_of_failures(earlier, in_use)])
    for image in unused:
        if image not in in_use:
            await run.ports.images.remove(image)
    return [r.id for r in forget]
