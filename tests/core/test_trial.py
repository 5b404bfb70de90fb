from datetime import UTC, datetime, timedelta

import pytest

from seaway.core.app import EnvironmentKey
from seaway.core.finding import Finding
from seaway.core.ports import Instance
from seaway.core.trial import PATIENCE, Look, explain_return, fallback, has_failed, time_left_s

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)
WELL, SILENT = Look("running", 0, answers=True), Look("running", 0, answers=False)


def instance(deployment: int, state: str = "running", **more) -> Instance:
    address = "10.0.0.2" if state == "running" else None
    return Instance("a", "a", EnvironmentKey("shop"), 1, deployment, "sha256:1", 3000, state, address, **more)


@pytest.mark.parametrize(
    ("looks", "failed"),
    [
        ([], False),
        ([WELL], False),
        ([WELL, *[SILENT] * (PATIENCE - 1)], False),
        ([WELL, *[SILENT] * PATIENCE], True),
        ([*[SILENT] * (PATIENCE - 1), WELL], False),
        ([WELL, Look("exited", 0, answers=False)], True),
        ([WELL, Look("restarting", 1, answers=False)], True),
        ([WELL, Look("running", 1, answers=True)], True),
    ],
)
def test_what_ends_fails_at_once_and_what_is_silent_after_some_patience(looks, failed):
    assert has_failed(looks) == failed


@pytest.mark.parametrize(("ago_s", "left_s"), [(0, 10), (4, 6), (11, 0), (3600, 0), (-3600, 10)])
def test_a_clock_that_jumps_makes_the_watch_neither_longer_nor_negative(ago_s, left_s):
    assert time_left_s(NOW - timedelta(seconds=ago_s), NOW, 10) == left_s


@pytest.mark.parametrize(
    ("instances", "found"),
    [
        ([instance(3)], None),
        ([instance(1), instance(2), instance(3)], 2),
        ([instance(1), instance(2, "exited"), instance(3)], 1),
        ([instance(2, kept=False), instance(3)], None),
        ([instance(4), instance(3)], None),
    ],
)
def test_it_goes_back_to_the_newest_that_still_runs_and_was_healthy(instances, found):
    assert fallback(instances, 3) == found


def test_why_it_went_back_is_told_with_the_cause():
    cause = Finding("health.exited", "shop ended by itself with code 1", ("| no database",), "Look.", ("seaway x",))
    found = explain_return(cause, "shop", 3.4, 7)
    assert found.title == "shop failed 3 s after it got the traffic; the release of deployment 7 serves again"
    assert found.evidence == ("shop ended by itself with code 1", "| no database")
