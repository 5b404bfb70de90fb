"""From what the proxy confirms and what is wanted to the commands between them. Plain functions over plain values."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from seaway.core.ports import Route, Server
from seaway.doors.proxy.snapshot import ServerState, Snapshot


@dataclass(frozen=True)
class Change:
    """What an environment's route shall be; None removes it."""

    key: str
    route: Route | None


def differences(now: Mapping[str, Route], wanted: Mapping[str, Route]) -> list[Change]:
    changed = [Change(key, route) for key, route in wanted.items() if key not in now or not same(now[key], route)]
    return changed + [Change(key, None) for key in now if key not in wanted]


def same(one: Route, other: Route) -> bool:
    """Order means nothing to the proxy."""
    return one.key == other.key and set(one.hosts) == set(other.hosts) and set(one.servers) == set(other.servers)


def after(now: Mapping[str, Route], changes: Sequence[Change]) -> dict[str, Route]:
    """All routes after the changes, the last of two for one key. A host leads to the one that asked for it last."""
    routes = dict(now)
    for change in changes:
        if change.route is None:
            routes.pop(change.key, None)
        else:
            routes = {key: _without_hosts(route, change.route.hosts) for key, route in routes.items()}
            routes[change.key] = change.route
    return routes


def with_new(now: Mapping[str, Route], new: Sequence[Route]) -> dict[str, Route]:
    return after(now, [Change(route.key, route) for route in new])


def hosts_of(routes: Mapping[str, Route]) -> dict[str, str]:
    return {host: route.key for route in routes.values() for host in route.hosts}


def servers_to_start(now: Snapshot, change: Change) -> Iterator[tuple[str, Server, ServerState | None]]:
    """Those that do not get traffic at the right address yet, each with what is there of it."""
    have = now.servers_of(change.key)
    for server in change.route.servers if change.route else ():
        if not serves(now, change.key, server):
            yield change.key, server, have.get(server.name)


def servers_to_stop(now: Snapshot, change: Change) -> Iterator[tuple[str, str, str]]:
    kept = {server.name for server in change.route.servers} if change.route else set()
    for name, state in now.servers_of(change.key).items():
        if state.serves and name not in kept:
            yield change.key, name, "drain"


def serves(now: Snapshot, key: str, server: Server) -> bool:
    state = now.servers_of(key).get(server.name)
    return state is not None and state.serves and state.server == server


def _without_hosts(route: Route, taken: Sequence[str]) -> Route:
    if not set(taken).intersection(route.hosts):
        return route
    return replace(route, hosts=tuple(host for host in route.hosts if host not in taken))
