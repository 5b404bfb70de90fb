"""SIGKILL at a random moment of a deployment, again and again. `make chaos N=100` runs the long form."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from chaos.fuzz import KEPT, Fuzz
from e2e.server import Server

ROUNDS = int(os.environ.get("CHAOS_ROUNDS", "15"))
SEED = int(os.environ.get("CHAOS_SEED", "20261124"))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path, f"test-chaos-{os.getpid()}", SEAWAY_RELEASES_KEPT=str(KEPT), SEAWAY_WATCH_S="1")
    try:
        made.start()
        yield made
    finally:
        made.end()


def test_whenever_it_is_killed_the_next_start_makes_everything_right(server: Server, tmp_path: Path) -> None:
    print(f"\nseed {SEED}, {ROUNDS} rounds")
    fuzz = Fuzz(server, tmp_path / "apps", SEED)
    tally = fuzz.run(ROUNDS)
    print(fuzz.report.text(tally))
    assert tally.failed == 0, tally.failures
    assert "Traceback" not in server.log.read_text()
