"""The only place that builds doors and hands them out; nobody imports it but the command that serves."""

import asyncio
import fcntl
import json
import os
import secrets
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import structlog
from fastapi import APIRouter

from seaway import __version__, packs, registries
from seaway.actions.access import OWNER, Access, token_hash
from seaway.actions.credentials import Keeping
from seaway.actions.deploying import Deploying
from seaway.actions.destroying import Destroying
from seaway.actions.reading import Reading
from seaway.api import routes
from seaway.api.application import application
from seaway.api.server import serve as serve_app
from seaway.builders import debian
from seaway.builders.debian import npmrc, pip_settings
from seaway.builders.debian.dockerfile import NPMRC_SECRET, PIP_SECRET
from seaway.core.errors import Conflict, SeawayError
from seaway.core.manifest import platform_of_machine
from seaway.core.ports import Pack
from seaway.core.secret import Secret
from seaway.deploy.ports import Ports
from seaway.deploy.routes import put_right
from seaway.deploy.worker import Worker
from seaway.doors import apt_sources
from seaway.doors.bases import LocalBases
from seaway.doors.buildkit import BuildkitDoor
from seaway.doors.database.apps import Apps
from seaway.doors.database.connection import Database, sqlite_url
from seaway.doors.database.credentials import Credentials
from seaway.doors.database.deployments import Deployments
from seaway.doors.database.releases import Releases
from seaway.doors.database.sealed import SealedValues
from seaway.doors.database.sessions import Sessions
from seaway.doors.deployment_log import FileLog
from seaway.doors.docker import DockerDoor
from seaway.doors.folder import FolderTree
from seaway.doors.git import GitDoor
from seaway.doors.github_issuer import GithubIssuer
from seaway.doors.http import HttpPipe
from seaway.doors.machine import ThisMachine
from seaway.doors.probe import NetworkProbe
from seaway.doors.proxy import DockerProxyHost, HaproxyDoor, ProxySettings
from seaway.doors.proxy.image import Recipe as ProxyRecipe
from seaway.doors.proxy.listening import all_addresses
from seaway.doors.registry import RegistryDoor
from seaway.doors.trees import FolderTrees
from seaway.doors.vault import open_vault
from seaway.engines.docker import DockerEngine
from seaway.engines.docker_tasks import DockerTasks
from seaway.packs.nixpacks import nix
from seaway.packs.nixpacks.pack import NixpacksPack
from seaway.plugins import find_plugins
from seaway.settings import Settings, read_settings
from seaway.watch.pruning import Pruner
from seaway.watch.reconcile import Reconciler
from seaway.watch.troubles import Troubles
from seaway.web import pages
from seaway.web.house import HouseSite

log = structlog.get_logger()


class AlreadyRunning(Conflict):
    code = "server.already_running"


@dataclass(frozen=True)
class Platform:
    """Everything that runs, put together."""

    settings: Settings
    database: Database
    docker: DockerDoor
    http: HttpPipe
    ports: Ports
    log: FileLog
    worker: Worker
    reconciler: Reconciler
    pruner: Pruner
    actions: routes.Actions


def serve(host: str | None, port: int | None) -> None:
    """Run the control plane until it is told to end."""
    settings = read_settings(os.environ)
    settings = replace(settings, host=host or settings.host, port=settings.port if port is None else port)
    _log_as_lines()
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _only_one(settings.home):
        platform = build(settings, os.environ)
        app = application(platform.actions, pages_of(platform), lambda _: _life(platform))
        log.info("seaway starts", version=__version__, home=str(settings.home), url=settings.url)
        serve_app(app, settings.host, settings.port, platform.actions.stopping)


def build(settings: Settings, environ: Mapping[str, str]) -> Platform:
    home = settings.home
    vault = open_vault(home / "vault.key")
    database = Database(settings.database_url or sqlite_url(home / "seaway.db"))
    docker = DockerDoor(settings.docker_socket)
    http = HttpPipe()
    apps, deployments, releases = Apps(database, vault), Deployments(database, vault), Releases(database, vault)
    deployment_log = FileLog(home / "logs")
    buildkit = BuildkitDoor(
        home,
        {**environ, "DOCKER_HOST": f"unix://{settings.docker_socket}"},
        secrets={NPMRC_SECRET: Secret(_npmrc()), PIP_SECRET: Secret(_pip_settings())},
    )
    buildkit.clean()
    ports = Ports(
        instance=settings.instance,
        clock=_now,
        mac=vault.mac,
        environments=apps,
        journal=deployments,
        releases=releases,
        log=deployment_log,
        trees=FolderTrees(home / "sources"),
        read_tree=FolderTree,
        git=GitDoor(environ.get("SSL_CERT_FILE")),
        packs=_packs(),
        registry=_registry(http, settings),
        credentials=Credentials(database, vault),
        bases=LocalBases({**environ, "DOCKER_HOST": f"unix://{settings.docker_socket}"}, home / "cache"),
        images=docker,
        builder=buildkit,
        engine=DockerEngine(docker, owner=settings.instance),
        tasks=DockerTasks(docker, owner=settings.instance),
        machine=ThisMachine(home),
        probe=NetworkProbe(),
        proxy=HaproxyDoor(_proxy_settings(settings), _proxy_host(docker)),
        releases_kept=settings.releases_kept,
        watch_s=settings.watch_s,
        build_timeout_s=settings.build_timeout_s,
        builds=asyncio.Semaphore(settings.builds),
    )
    worker = Worker(ports, settings.deployments)
    troubles = Troubles()
    reading = Reading(
        apps, deployments, releases, ports.engine, lambda host: _url(host, settings.http_port), troubles.of
    )
    actions = routes.Actions(
        access=Access(token_hash(_token(home / "token")), Sessions(database), _now),
        reading=reading,
        deploying=Deploying(apps, deployments, releases, worker, _now),
        destroying=_destroying(ports, worker),
        keeping=Keeping(ports.credentials, ports.registry, SealedValues(database, vault), _platform(), _now),
        trees=ports.trees,
        log=deployment_log,
        stopping=asyncio.Event(),
    )
    return Platform(
        settings,
        database,
        docker,
        http,
        ports,
        deployment_log,
        worker,
        Reconciler(ports, troubles),
        Pruner(ports),
        actions,
    )


def pages_of(platform: Platform) -> APIRouter:
    actions = platform.actions
    return pages.router(HouseSite(actions.access, actions.reading, actions.deploying, actions.keeping, platform.log))


@asynccontextmanager
async def _life(platform: Platform) -> AsyncIterator[None]:
    await platform.database.migrate()
    _write_address(platform.settings)
    preparing = asyncio.create_task(_prepare(platform))
    await platform.worker.start()
    try:
        yield
    finally:
        preparing.cancel()
        await platform.reconciler.stop()
        await platform.pruner.stop()
        await platform.worker.stop()
        await platform.http.aclose()
        await platform.docker.close()
        await platform.database.close()


async def _prepare(platform: Platform) -> None:
    """What a first deployment would wait for otherwise; what fails here fails there again, with its cause."""
    try:
        await platform.ports.bases.ensure([], _say)
        await put_right(platform.ports, _say)
        await platform.actions.destroying.finish_destroying(OWNER)
    except SeawayError as error:
        log.warning(error.what, code=error.code, remedy=error.remedy)
    platform.reconciler.start()
    platform.pruner.start()


def _packs() -> dict[str, Pack]:
    found = [*find_plugins(packs), NixpacksPack({"debian": debian.recipe, "nix": nix.recipe})]
    return {pack.name: pack for pack in found}


def _proxy_settings(settings: Settings) -> ProxySettings:
    return ProxySettings(
        instance=settings.instance,
        home=settings.home / "proxy",
        http_port=settings.http_port,
        addresses=settings.http_addresses or all_addresses(),
        owner_uid=os.getuid(),
        owner_gid=os.getgid(),
    )


def _npmrc() -> str:
    """What builds need of the machine's npm settings, such as a mirror; the user's come last and win."""
    paths = (Path("/etc/npmrc"), Path("/usr/etc/npmrc"), Path.home() / ".npmrc")
    return npmrc.for_builds([path.read_text() for path in paths if path.is_file()])


def _pip_settings() -> str:
    """The same of pip's, in pip's own order."""
    paths = (Path("/etc/pip.conf"), Path.home() / ".pip" / "pip.conf", Path.home() / ".config" / "pip" / "pip.conf")
    return pip_settings.for_builds([path.read_text() for path in paths if path.is_file()])


def _proxy_host(docker: DockerDoor) -> DockerProxyHost:
    root = Path("/")
    suite = apt_sources.suite_of(root)
    return DockerProxyHost(docker, ProxyRecipe(suite, lambda folder: apt_sources.written(root, suite, folder)))


def _destroying(ports: Ports, worker: Worker) -> Destroying:
    return Destroying(
        ports.instance,
        ports.environments,
        ports.journal,
        ports.releases,
        worker,
        ports.engine,
        ports.proxy,
        ports.images,
        ports.log,
        ports.tasks,
    )


def _registry(http: HttpPipe, settings: Settings) -> RegistryDoor:
    kinds, issuers = find_plugins(registries), [GithubIssuer(http)]
    return RegistryDoor(http, kinds=kinds, issuers=issuers, insecure=settings.insecure_registries)


def _platform() -> str:
    return platform_of_machine("linux", os.uname().machine)


def _say(text: str) -> None:
    log.info(text)


def _now() -> datetime:
    return datetime.now(UTC)


def _url(host: str, port: int) -> str:
    return f"http://{host}" if port == 80 else f"http://{host}:{port}"


def _token(path: Path) -> str:
    """The server's own token, made at the first start and readable by its owner alone."""
    if not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(f"sw_{secrets.token_urlsafe(32)}\n")
    return path.read_text().strip()


def _write_address(settings: Settings) -> None:
    (settings.home / "server.json").write_text(json.dumps({"url": settings.url}) + "\n")


def _only_one(home: Path) -> IO[str]:
    """Held until the process ends: two servers on one state would undo each other's work."""
    lock = (home / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise AlreadyRunning(
            f"A Seaway already runs on {home}.", remedy="Use that one, or give this one a SEAWAY_HOME of its own."
        ) from None
    return lock


def _log_as_lines() -> None:
    pretty = sys.stderr.isatty()
    renderer = structlog.dev.ConsoleRenderer() if pretty else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
