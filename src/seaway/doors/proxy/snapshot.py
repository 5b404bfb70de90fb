"""What the running proxy says about itself, parsed: workers, backends, hosts, servers, connections."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
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
        return {state.server.name: state for state in self.servers if state.backend == key}

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
    lines = [line for line in answer.splitlines() if line]
    header = next((line for line in lines if line.startswith("# ")), "# ")[2:].split()
    rows = (dict(zip(header, line.split(), strict=False)) for line in lines if line[0] != "#" and " " in line)
    return tuple(_server_state(row) for row in rows if not row["be_name"].startswith("_"))


def _server_state(row: Mapping[str, str]) -> ServerState:
    server = Server(row["srv_name"], row["srv_addr"], int(row["srv_port"]))
    serves = int(row["srv_op_state"]) == _RUNNING and int(row["srv_admin_state"]) == 0
    return ServerState(row["be_name"], server, serves)


def parse_sessions(answer: str) -> dict[str, int]:
    """`show stat`: sessions on and waiting for each server, tunnels (WebSockets) too; a gone worker has none."""
    if not answer.startswith("# pxname"):
        return {}
    rows = csv.DictReader(StringIO(answer.removeprefix("# ").strip()))
    return {row["svname"]: int(row["scur"] or 0) + int(row["qcur"] or 0) for row in rows}


def is_stopping(answer: str) -> bool:
    """`show info`"""
    return "\nStopping: 1\n" in answer
