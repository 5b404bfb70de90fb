"""Lets instances go without a lost request."""

import asyncio
from collections.abc import Sequence

from seaway.core.ports import Instance
from seaway.deploy.ports import Ports

STOP_GRACE_S = 10.0


async def dismiss(
    ports: Ports, key: str, instances: Sequence[Instance], drain_s: float, grace_s: float = STOP_GRACE_S
) -> None:
    """Wait until they have no request left, at most `drain_s`, then end and remove them."""
    if not instances:
        return
    await ports.proxy.drained(key, [i.name for i in instances], drain_s)
    await asyncio.gather(*(ports.engine.retire(i.id, grace_s) for i in instances))
