"""Which hosts lead to which instances."""

from collections.abc import Collection, Mapping, Sequence

from seaway.core.app import EnvironmentKey, EnvironmentSettings, hosts_of
from seaway.core.deployment import Status
from seaway.core.ports import EnvironmentRecord, Instance, Route, Server


def route_of(key: EnvironmentKey, settings: EnvironmentSettings, instances: Sequence[Instance]) -> Route:
    servers = tuple(Server(i.name, i.address, i.port) for i in instances if i.address is not None)
    return Route(key.slug, hosts_of(key, settings), servers)


def wanted_routes(
    environments: Sequence[EnvironmentRecord],
    instances: Sequence[Instance],
    settings: Mapping[int, EnvironmentSettings],
) -> list[Route]:
    """The route of every environment that was ever live: to the instances of its current deployment, those alive.

    `settings` are those of each current deployment: a change that is not live yet does not move a route.
    """
    routes = []
    for record in environments:
        if record.current_deployment is None or record.destroying:
            continue
        mine = [i for i in instances if i.environment == record.key and i.deployment == record.current_deployment]
        serving = [i for i in mine if i.alive] if record.wanted_running else []
        routes.append(route_of(record.key, settings.get(record.current_deployment, record.settings), serving))
    return routes


def drifted(wanted: Sequence[Route], confirmed: Mapping[str, Route]) -> list[Route]:
    """Those that the proxy does not have as wanted."""
    return [r for r in wanted if _differs(r, confirmed.get(r.key))]


def unwanted(wanted: Sequence[Route], confirmed: Mapping[str, Route]) -> list[str]:
    """Keys of routes that nobody wants any more."""
    return sorted(set(confirmed) - {r.key for r in wanted})


def strays(
    instances: Sequence[Instance], current: Collection[int | None], ended: Mapping[int, Status | None]
) -> list[Instance]:
    """Instances that a crash or an outage left behind: their deployment serves nobody, and failed or is gone.

    `ended` has the status of each deployment, None when there is no such deployment. Instances of a live one that is
    no longer current are draining: settling removes them.
    """
    over = (None, Status.FAILED, Status.CANCELLED)
    return [i for i in instances if i.deployment not in current and ended.get(i.deployment) in over]


def _differs(wanted: Route, confirmed: Route | None) -> bool:
    if confirmed is None:
        return True
    return set(wanted.hosts) != set(confirmed.hosts) or set(wanted.servers) != set(confirmed.servers)
