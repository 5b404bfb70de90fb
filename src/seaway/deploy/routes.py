"""Routes as all environments want them, for the proxy's start and for putting right what drifted."""

from seaway.core.ports import Route, Say
from seaway.core.routing import wanted_routes
from seaway.deploy.ports import Ports


async def all_routes(ports: Ports) -> list[Route]:
    environments = await ports.environments.list()
    instances = await ports.engine.instances()
    current = [e.current_deployment for e in environments if e.current_deployment is not None]
    settings = await ports.journal.settings_of(current)
    return wanted_routes(environments, instances, settings)


async def put_right(ports: Ports, say: Say) -> None:
    """Let the proxy run, with the routes that are wanted and no other; what is so already stays untouched."""
    async with ports.routing:
        await ports.proxy.ensure(await all_routes(ports), say)
