from datetime import UTC, datetime, timedelta

import pytest

from seaway.core.app import EnvironmentKey, EnvironmentSettings
from seaway.core.deployment import Status
from seaway.core.finding import Finding
from seaway.core.ports import EnvironmentRecord, Instance
from seaway.core.upkeep import (
    FIRST_PAUSE,
    LONGEST_PAUSE,
    Need,
    Observed,
    crash_loops,
    explain_crash_loop,
    is_crash_looping,
    may_try,
    needs,
    strays,
    troubled,
)

SHOP = EnvironmentKey("shop")
NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)
FINDING = Finding("a.cause", "It broke", (), "Mend it.")


def instance(name: str, deployment: int, state: str = "running", **more) -> Instance:
    address = "10.0.0.2" if state == "running" else None
    return Instance(name, name, SHOP, 1, deployment, "sha256:1", 3000, state, address, **more)


def record(current: int | None = 2, *, wanted_running: bool = True, destroying: bool = False) -> EnvironmentRecord:
    return EnvironmentRecord(1, SHOP, EnvironmentSettings(), wanted_running, current, 1, NOW, destroying)


def seen(records, instances, *, count: int = 1, busy=(), settled=(2,), ended=None) -> Observed:
    settings = {2: EnvironmentSettings(instances=count)}
    return Observed(records, instances, settings, busy, settled, ended or {1: Status.LIVE, 3: Status.FAILED})


@pytest.mark.parametrize(
    ("one", "instances", "found"),
    [
        (record(), [instance("a", 2)], []),
        (record(), [], [Need(SHOP, 2, 1, ())]),
        (record(), [instance("a", 2, "exited")], [Need(SHOP, 2, 1, ())]),
        (record(), [instance("a", 1)], [Need(SHOP, 2, 1, ())]),
        (record(), [instance("a", 2, "restarting")], []),
        (record(), [instance("a", 2, "paused")], []),
        (record(), [instance("a", 2, kept=False)], [Need(SHOP, 2, 0, ("a",))]),
        (record(None), [], []),
        (record(wanted_running=False), [], []),
        (record(destroying=True), [], []),
    ],
)
def test_what_a_release_lacks_is_what_should_run_and_does_not(one, instances, found):
    assert needs(seen([one], instances)) == found


def test_all_instances_of_a_scaled_app_are_wanted():
    assert needs(seen([record()], [instance("a", 2)], count=3)) == [Need(SHOP, 2, 2, ())]


def test_what_a_deployment_changes_now_is_left_to_it():
    assert needs(seen([record()], [], busy={SHOP})) == []
    assert strays(seen([record()], [instance("a", 3)], busy={SHOP})) == []


@pytest.mark.parametrize(
    ("one", "left", "settled", "is_stray"),
    [
        (record(), instance("failed", 3), (2,), True),
        (record(), instance("drains", 1), (), False),
        (record(), instance("forgotten", 1), (2,), True),
        (record(), instance("serves", 2), (2,), False),
        (record(wanted_running=False), instance("stopped", 2), (2,), True),
        (record(destroying=True), instance("goes", 2), (2,), False),
        (record(), instance("next", 4), (2,), False),
    ],
)
def test_strays_are_what_nothing_else_removes(one, left, settled, is_stray):
    ended = {1: Status.LIVE, 3: Status.FAILED, 4: Status.RUNNING}
    assert strays(seen([one], [left], settled=settled, ended=ended)) == ([left] if is_stray else [])


def test_instances_of_an_app_that_is_gone_are_strays():
    assert strays(seen([], [instance("a", 9)], ended={9: None})) == [instance("a", 9)]


@pytest.mark.parametrize(
    ("state", "restarts", "ago_s", "looping"),
    [
        ("restarting", 3, 60, True),
        ("running", 5, 2, True),
        ("running", 5, 60, False),
        ("running", 2, 2, False),
        ("restarting", 1, 2, False),
    ],
)
def test_a_crash_loop_is_more_than_a_crash(state, restarts, ago_s, looping):
    started_at = (NOW - timedelta(seconds=ago_s)).isoformat()
    one = instance("a", 2, state, restarts=restarts, started_at=started_at, exit_code=1)
    assert is_crash_looping(one, NOW) == looping
    assert crash_loops(seen([record()], [one]), NOW) == ({SHOP: one} if looping else {})


def test_a_crash_loop_is_told_with_its_last_lines():
    one = instance("a", 2, "restarting", restarts=4, exit_code=3)
    found = explain_crash_loop("shop", one, ["no database"])
    assert found.title == "shop ends again and again: it was started 5 times"
    assert found.evidence == ("a ended 4 times, last with code 3", "| no database")


def test_what_fails_again_is_tried_after_growing_pauses():
    first = troubled(None, FINDING, NOW)
    second = troubled(first, FINDING, NOW)
    assert (first.again_at - NOW, second.again_at - NOW) == (FIRST_PAUSE, 2 * FIRST_PAUSE)
    assert may_try(None, NOW)
    assert not may_try(first, NOW)
    assert may_try(first, NOW + FIRST_PAUSE)
    late = first
    for _ in range(50):
        late = troubled(late, FINDING, NOW)
    assert late.again_at - NOW == LONGEST_PAUSE
