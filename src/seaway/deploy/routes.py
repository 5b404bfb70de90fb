"""Routes and instances as all environments want them, for the proxy's start and for putting right what drifted."""

from seaway.core.ports import Route, Say
from seaway.core.routing import drifted, strays, unwanted, wanted_routes
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
    """Give the proxy the routes that it lacks, take those that nobody wants; returns the keys of both."""
    async with ports.routing:
        wanted, confirmed = await all_routes(ports), await ports.proxy.routes()
        wrong = drifted(wanted, confirmed)
        for route in wrong:
            await ports.proxy.switch(route)
        gone = unwanted(wanted, confirmed)
        for key in gone:
            await ports.proxy.remove(key)
    return [route.key for route in wrong] + gone


async def remove_strays(ports: Ports) -> list[str]:
    """Remove instances that a crash or an outage left behind; returns their names."""
    instances = await ports.engine.instances()
    current = {e.current_deployment for e in await ports.environments.list()}
    others = {i.deployment for i in instances} - current
    ended = {number: await ports.journal.status_of(number) for number in others}
    gone = strays(instances, current, ended)
    for instance in gone:
        await ports.engine.retire(instance.id, 0)
    return [i.name for i in gone]
