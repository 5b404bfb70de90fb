"""Which hosts lead to which instances."""

from collections.abc import Mapping, Sequence

from seaway.core.app import EnvironmentKey, EnvironmentSettings, hosts_of
from seaway.core.ports import EnvironmentRecord, Instance, Route, Server


def route_of(key: EnvironmentKey, settings: EnvironmentSettings, instances: Sequence[Instance]) -> Route:
    servers = tuple(Server(i.name, i.address, i.port) for i in instances if i.address is not None)
    return Route(key.slug, hosts_of(key, settings), servers)


def wanted_routes(
    environments: Sequence[EnvironmentRecord],
    instances: Sequence[Instance],
    settings: Mapping[int, EnvironmentSettings],
) -> list[Route]:
    """The route of every environment that was ever live: to the instances of its current deployment that may serve.

    `settings` are those of each current deployment: a change that is not live yet does not move a route.
    """
    routes = []
    for record in environments:
        if record.current_deployment is None or record.destroying:
            continue
        mine = [i for i in instances if i.environment == record.key and i.deployment == record.current_deployment]
        serving = [i for i in mine if i.serves] if record.wanted_running else []
        routes.append(route_of(record.key, settings.get(record.current_deployment, record.settings), serving))
    return routes
