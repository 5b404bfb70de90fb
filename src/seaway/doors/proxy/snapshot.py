"""What the running proxy says about itself, parsed: workers, backends, hosts, servers, connections."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from io import StringIO

from seaway.core.ports import Route, Server

_RUNNING = 2


@dataclass(frozen=True)
class Worker:
    """A process behind the master; an old one only finishes its connections."""

    pid: int
    current: bool


@dataclass(frozen=True)
class ServerState:
    """`serves`: it gets new traffic."""

    backend: str
    server: Server
    serves: bool


@dataclass(frozen=True)
class Snapshot:
    """The current worker at one moment."""

    backends: frozenset[str]
    hosts: Mapping[str, str]
    servers: tuple[ServerState, ...]

    def servers_of(self, key: str) -> dict[str, ServerState]:
        return self._by_backend.get(key, {})

    @cached_property
    def _by_backend(self) -> dict[str, dict[str, ServerState]]:
        found: dict[str, dict[str, ServerState]] = {}
        for state in self.servers:
            found.setdefault(state.backend, {})[state.server.name] = state
        return found

    def routes(self) -> dict[str, Route]:
        """Hosts and servers are sorted. A backend that nobody leads to is left over from a removal."""
        hosts: dict[str, list[str]] = {}
        for host, key in self.hosts.items():
            hosts.setdefault(key, []).append(host)
        serving: dict[str, list[Server]] = {}
        for state in self.servers:
            if state.serves:
                serving.setdefault(state.backend, []).append(state.server)
        keys = (hosts.keys() | serving.keys()) & self.backends
        return {key: _route(key, hosts.get(key, []), serving.get(key, [])) for key in sorted(keys)}


def _route(key: str, hosts: list[str], servers: list[Server]) -> Route:
    return Route(key, tuple(sorted(hosts)), tuple(sorted(servers, key=lambda server: server.name)))


def parse_workers(answer: str) -> list[Worker]:
    """`show proc`: sections `# workers` and `# old workers`."""
    workers, section = [], ""
    for line in answer.splitlines():
        if line.startswith("# "):
            section = line[2:].strip()
        words = line.split()
        if len(words) > 1 and words[0].isdigit() and words[1] == "worker":
            workers.append(Worker(int(words[0]), current=section == "workers"))
    return workers


def parse_backends(answer: str) -> frozenset[str]:
    """`show backend`, without our own."""
    return frozenset(line for line in answer.split() if line not in ("#", "name") and not line.startswith("_"))


def parse_hosts(answer: str) -> dict[str, str]:
    """`show map`: an entry's address, the host, the backend."""
    entries = (line.split() for line in answer.splitlines())
    return {words[1]: words[2] for words in entries if len(words) == 3}


def parse_servers(answer: str) -> tuple[ServerState, ...]:
    """`show servers state`: a version, a header, a line for each server."""
    lines = answer.splitlines()
    header = next((line[2:].split() for line in lines if line.startswith("# ")), [])
    at = [header.index(name) for name in _COLUMNS] if header else []
    rows = (line.split() for line in lines if " " in line and line[0] != "#")
    return tuple(_server_state(*(row[i] for i in at)) for row in rows if not row[at[0]].startswith("_"))


_COLUMNS = ("be_name", "srv_name", "srv_addr", "srv_port", "srv_op_state", "srv_admin_state")


def _server_state(backend: str, name: str, address: str, port: str, state: str, admin: str) -> ServerState:
    return ServerState(backend, Server(name, address, int(port)), serves=int(state) == _RUNNING and admin == "0")


def parse_sessions(answer: str) -> dict[str, int]:
    """`show stat`: sessions on and waiting for each server, tunnels (WebSockets) too; a gone worker has none."""
    if not answer.startswith("# pxname"):
        return {}
    rows = csv.DictReader(StringIO(answer.removeprefix("# ").strip()))
    return {row["svname"]: int(row["scur"] or 0) + int(row["qcur"] or 0) for row in rows}


def is_stopping(answer: str) -> bool:
    """`show info`"""
    return "\nStopping: 1\n" in answer
