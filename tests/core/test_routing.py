from datetime import UTC, datetime

import pytest

from seaway.core.app import EnvironmentKey, EnvironmentSettings
from seaway.core.ports import EnvironmentRecord, Instance, Route, Server
from seaway.core.routing import wanted_routes

SHOP = EnvironmentKey("shop")
SETTINGS = EnvironmentSettings(domains=("shop.example.org",))
NOW = datetime(2026, 11, 24, tzinfo=UTC)


def instance(name: str, deployment: int, state: str = "running") -> Instance:
    address = "10.0.0.2" if state == "running" else None
    return Instance(name, name, SHOP, 1, deployment, "sha256:1", 3000, state, address)


def record(current: int | None = 1, *, wanted_running: bool = True, destroying: bool = False) -> EnvironmentRecord:
    return EnvironmentRecord(1, SHOP, EnvironmentSettings(), wanted_running, current, 1, NOW, destroying)


def route(*servers: str, hosts: tuple[str, ...] = ("shop.localhost", "shop.example.org")) -> Route:
    return Route("shop", hosts, tuple(Server(s, "10.0.0.2", 3000) for s in servers))


@pytest.mark.parametrize(
    ("environment", "instances", "routes"),
    [
        (record(), [instance("a", 1), instance("b", 2)], [route("a")]),
        (record(), [instance("a", 1, "exited")], [route()]),
        (record(wanted_running=False), [instance("a", 1)], [route()]),
        (record(None), [instance("a", 1)], []),
        (record(destroying=True), [instance("a", 1)], []),
    ],
)
def test_a_route_leads_to_what_serves_with_the_settings_that_are_live(environment, instances, routes):
    assert wanted_routes([environment], instances, {1: SETTINGS}) == routes
