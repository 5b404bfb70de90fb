"""Routes as all environments want them, for the proxy's start and for putting right what drifted."""

from seaway.core.ports import Route, Say
from seaway.core.routing import drifted, wanted_routes
from seaway.deploy.ports import Ports


async def all_routes(ports: Ports) -> list[Route]:
    environments = await ports.environments.list()
    instances = await ports.engine.instances()
    current = [e.current_deployment for e in environments if e.current_deployment is not None]
    settings = await ports.journal.settings_of(current)
    return wanted_routes(environments, instances, settings)


async def ensure_proxy(ports: Ports, say: Say) -> None:
    async with ports.routing:
        await ports.proxy.ensure(await all_routes(ports), say)


async def put_right(ports: Ports) -> list[str]:
    """Give the proxy the routes that it lacks or has otherwise; returns their keys."""
    async with ports.routing:
        wrong = drifted(await all_routes(ports), await ports.proxy.routes())
        for route in wrong:
            await ports.proxy.switch(route)
    return [route.key for route in wrong]
