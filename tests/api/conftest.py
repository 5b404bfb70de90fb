"""The API over a real database and in-memory doors, asked over HTTP without a socket."""

import asyncio
from contextlib import asynccontextmanager

import httpx2
import pytest
from tests.deploy.conftest import House, house  # noqa: F401

from seaway.actions.access import Access, token_hash
from seaway.actions.credentials import Keeping
from seaway.actions.reading import Reading
from seaway.api.application import application
from seaway.api.routes import Actions
from seaway.doors.database.sealed import SealedValues
from seaway.doors.database.sessions import Sessions

TOKEN = "sw_for-the-tests"


@pytest.fixture
def actions(house: House, database, vault) -> Actions:  # noqa: F811
    ports = house.ports
    return Actions(
        access=Access(token_hash(TOKEN), Sessions(database), ports.clock),
        reading=Reading(ports.environments, ports.journal, ports.releases, ports.engine, lambda host: f"http://{host}"),
        deploying=house.deploying,
        destroying=house.destroying,
        keeping=Keeping(ports.credentials, ports.registry, SealedValues(database, vault), "linux/amd64", ports.clock),
        trees=ports.trees,
        log=ports.log,
        stopping=asyncio.Event(),
    )


@pytest.fixture
def app(actions: Actions):
    @asynccontextmanager
    async def life(_app):
        yield

    return application(actions, None, life)


@pytest.fixture
async def anybody(app):
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://seaway") as client:
        yield client


@pytest.fixture
async def owner(anybody):
    anybody.headers["Authorization"] = f"Bearer {TOKEN}"
    return anybody
