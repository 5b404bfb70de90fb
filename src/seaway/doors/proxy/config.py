"""Routes as HAProxy's configuration and hosts map. Pure: the same routes give the same bytes.

1. One backend per environment, named by its key. Keys are DNS labels, so our own names begin with `_`.
2. Everything that may change without a reload is in the map (hosts) or a server line. The rest is static.
3. A server added through the Runtime API takes nothing from a default-server line: SERVER_OPTIONS stands in both.
4. After a reload an old worker still has idle connections, and its servers can no longer be changed ("Proxy is
   disabled"). So a worker that is `stopping` hands each request on, over a unix socket and with the client's address,
   to the new worker. Without this, a swap after a reload loses the next request of every kept-alive connection.
"""

import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from seaway.core.ports import Route, Server
from seaway.doors.proxy import pages
from seaway.doors.proxy.errors import BadRoute

ETC = "/etc/seaway"
RUN = "/run/seaway"
CONFIG_FILE = "haproxy.cfg"
HOSTS_FILE = "hosts.map"
HOSTS_MAP = f"{ETC}/{HOSTS_FILE}"
MASTER_SOCKET = "master.sock"
STATS_SOCKET = "haproxy.sock"
SERVER_OPTIONS = "pool-purge-delay 1s"
WORKER_UID = 65532

_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?\Z")
_SERVER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,199}\Z")


@dataclass(frozen=True)
class ProxySettings:
    """Where the proxy listens and keeps its files. `owner_uid` may use its sockets; https_port is kept for later."""

    instance: str
    home: Path
    http_port: int = 80
    https_port: int | None = None
    addresses: tuple[str, ...] = ("*",)
    owner_uid: int = 0
    owner_gid: int = 0
    server_timeout_s: int = 300
    tunnel_timeout_s: int = 3600
    hard_stop_s: int = 12 * 3600

    @property
    def container(self) -> str:
        return f"{self.instance}-proxy"

    @property
    def etc(self) -> Path:
        return self.home / "etc"

    @property
    def run(self) -> Path:
        return self.home / "run"


@dataclass(frozen=True)
class Rendered:
    """The files below etc/, by name."""

    files: Mapping[str, str]

    @property
    def config(self) -> str:
        return self.files[CONFIG_FILE]

    @property
    def hosts(self) -> str:
        return self.files[HOSTS_FILE]


def render(settings: ProxySettings, routes: Iterable[Route]) -> Rendered:
    """Raises BadRoute before anything doubtful gets into a file."""
    ordered = sorted((check_route(route) for route in routes), key=lambda route: route.key)
    return Rendered(
        MappingProxyType(
            {**pages.FILES, HOSTS_FILE: render_hosts(ordered), CONFIG_FILE: _render_config(settings, ordered)}
        )
    )


def render_hosts(routes: Sequence[Route]) -> str:
    return "".join(f"{host} {route.key}\n" for route in routes for host in sorted(route.hosts))


def server_arguments(server: Server) -> str:
    """What follows the server's name, in the file and in `add server`."""
    return f"{endpoint(server)} {SERVER_OPTIONS}"


def endpoint(server: Server) -> str:
    address = ipaddress.ip_address(server.address)
    return f"[{address}]:{server.port}" if address.version == 6 else f"{address}:{server.port}"


# A change of one route renders all of them; with the cache that costs little at a thousand.
@lru_cache(maxsize=10_000)
def check_route(route: Route) -> Route:
    if not _LABEL.match(route.key):
        raise BadRoute("name of an environment", route.key)
    for host in route.hosts:
        if not _HOST.match(host):
            raise BadRoute("host name", host)
    for server in route.servers:
        _check_server(server)
    return route


def _check_server(server: Server) -> None:
    if not _SERVER.match(server.name):
        raise BadRoute("name of an instance", server.name)
    if not 1 <= server.port <= 65535:
        raise BadRoute("port", str(server.port))
    try:
        ipaddress.ip_address(server.address)
    except ValueError as error:
        raise BadRoute("IP address", server.address) from error


def _render_config(settings: ProxySettings, routes: Sequence[Route]) -> str:
    binds = "\n".join(f"    bind {_bound(a, settings.http_port)}" for a in settings.addresses)
    static = _STATIC.format(
        page=f'content-type "text/html; charset=utf-8" lf-file {ETC}',
        fresh="hdr Cache-Control no-store",
        s=settings,
        binds=binds,
        run=RUN,
        stats=STATS_SOCKET,
        hosts=HOSTS_MAP,
        uid=WORKER_UID,
    )
    return static + "".join(map(_backend, routes))


def _bound(address: str, port: int) -> str:
    return f"[{address}]:{port} v6only" if ":" in address else f"{address}:{port}"


@lru_cache(maxsize=10_000)
def _backend(route: Route) -> str:
    servers = sorted(route.servers, key=lambda server: server.name)
    lines = [f"    server {server.name} {server_arguments(server)}\n" for server in servers]
    return f"\nbackend {route.key} from apps\n" + "".join(lines)


_STATIC = """\
# Written by Seaway after each change. Edits are overwritten.
global
    log stdout format raw local0 notice
    stats socket {run}/{stats} mode 600 uid {s.owner_uid} gid {s.owner_gid} level admin expose-fd listeners
    stats timeout 1m
    hard-stop-after {s.hard_stop_s}s
    fd-hard-limit 65536
    uid {uid}
    gid {uid}

defaults common
    mode http
    log global
    option httplog
    option dontlognull
    option dontlog-normal
    option log-separate-errors
    option http-keep-alive
    option idle-close-on-response
    option redispatch 1
    retries 2
    retry-on conn-failure
    http-reuse safe
    balance roundrobin
    timeout connect 3s
    timeout client 60s
    timeout client-fin 10s
    timeout http-request 15s
    timeout http-keep-alive 60s
    timeout queue 10s
    timeout server {s.server_timeout_s}s
    timeout server-fin 10s
    timeout tunnel {s.tunnel_timeout_s}s

defaults apps from common
    http-request return status 503 {page}/stopped.html hdr Retry-After 5 {fresh} if {{ nbsrv eq 0 }}
    http-error status 502 {page}/broken.html {fresh}
    http-error status 503 {page}/silent.html hdr Retry-After 2 {fresh}
    http-error status 504 {page}/slow.html {fresh}

frontend _http from common
{binds}
    unique-id-format %[uuid()]
    http-request set-header X-Request-Id %[unique-id]
    http-request set-header X-Forwarded-For %[src]
    http-request set-header X-Forwarded-Proto http
    http-request set-header X-Forwarded-Host %[req.hdr(host)]
    http-request set-header X-Forwarded-Port %[dst_port]
    use_backend _onward if {{ stopping }}
    use_backend %[req.hdr(host),lower,word(1,:),map({hosts},_unknown)]
    default_backend _unknown

frontend _from_old_worker from common
    bind unix@{run}/onward.sock mode 600 uid {uid} accept-proxy
    use_backend %[req.hdr(host),lower,word(1,:),map({hosts},_unknown)]
    default_backend _unknown

backend _onward from common
    server _new_worker unix@{run}/onward.sock send-proxy-v2

backend _unknown from common
    http-request return status 404 {page}/unknown.html {fresh}
"""
