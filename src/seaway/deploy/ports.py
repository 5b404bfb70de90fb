"""All that a deployment acts through, handed over by wiring."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from seaway.core.ports import (
    Bases,
    Builder,
    Credentials,
    DeploymentLog,
    Deployments,
    Engine,
    Environments,
    Git,
    Images,
    Machine,
    Pack,
    Probe,
    Proxy,
    Registry,
    Releases,
    Tasks,
    Trees,
)
from seaway.core.tree import Tree


@dataclass(frozen=True)
class Ports:
    instance: str
    """Which Seaway this is: names and labels of all it makes begin with it."""
    clock: Callable[[], datetime]
    mac: Callable[[str], str]
    """A keyed digest: tells whether variables changed, and nothing about them."""
    environments: Environments
    journal: Deployments
    releases: Releases
    log: DeploymentLog
    trees: Trees
    read_tree: Callable[[Path, str], Tree]
    """A folder as packs see it, and the name by which they know it."""
    git: Git
    packs: Mapping[str, Pack]
    registry: Registry
    credentials: Credentials
    bases: Bases
    images: Images
    builder: Builder
    engine: Engine
    tasks: Tasks
    machine: Machine
    probe: Probe
    proxy: Proxy
    releases_kept: int
    builds: asyncio.Semaphore
    """How many builds may run at once."""
    build_timeout_s: float = 3600.0
    watch_s: float = 0.0
    """How long a release is watched after the switch, before the one before it goes."""
    routing: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while a route and the record of it change together, so that nobody puts right what is under way."""
