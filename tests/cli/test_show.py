from datetime import UTC, datetime

import click
import pytest
from tests.simulators.api import deployment

from seaway.cli.answers import read_deployment
from seaway.cli.show import LAST_LINES, Memory, ago, clean, duration, facts, marked, table
from seaway.core.events import LogLine

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.04, "0.0 s"), (9.94, "9.9 s"), (12.3, "12 s"), (59.6, "1 m 00 s"), (64, "1 m 04 s"), (3725, "1 h 02 m")],
)
def test_durations_read_as_people_say_them(seconds: float, told: str) -> None:
    assert duration(seconds) == told


@pytest.mark.parametrize(
    ("then", "told"),
    [
        (None, ""),
        ("2026-11-24T11:59:30Z", "just now"),
        ("2026-11-24T11:57:00+00:00", "3 min ago"),
        ("2026-11-24T10:59:00+01:00", "2 h ago"),
        ("2026-11-20T12:00:00", "4 d ago"),
    ],
)
def test_times_are_told_by_their_age(then: str | None, told: str) -> None:
    assert ago(then, NOW) == told


def test_a_state_is_a_mark_and_a_word_with_and_without_colour() -> None:
    assert marked("failed", colour=False) == "✕ failed"
    assert click.unstyle(marked("failed", colour=True)) == "✕ failed"


def test_columns_align_by_what_is_seen() -> None:
    rows = [("shop", marked("live", colour=True), "x"), ("longer-name", "plain", "y")]
    assert [click.unstyle(line) for line in table(("APP", "STATE", "URL"), rows)] == [
        "APP          STATE   URL",
        "shop         ● live  x",
        "longer-name  plain   y",
    ]


def test_what_is_empty_is_left_out() -> None:
    assert list(facts([("url", "http://x"), ("port", ""), ("release", "3")])) == ["  url      http://x", "  release  3"]


def test_colours_of_a_log_stay_on_a_terminal_and_nothing_else_does() -> None:
    text = "\x1b[31mred\x1b[0m\x1b[2J\x1b]8;;http://x\x07link\x07\ttab\x1b"
    assert clean(text) == "redlink\ttab"
    assert clean(text, colour=True) == "\x1b[31mred\x1b[0mlink\ttab\x1b[0m"


def test_the_last_lines_of_each_step_are_kept_and_no_more() -> None:
    memory = Memory()
    memory.keep([LogLine(0, "build", "out", str(n)) for n in range(50)])
    memory.keep([LogLine(0, "check", "say", "x")])
    assert [line.text for line in memory.last_lines("build")] == [str(n) for n in range(50 - LAST_LINES, 50)]


def test_each_step_is_told_once_and_one_that_was_never_begun_is_not() -> None:
    memory = Memory()
    first = read_deployment(deployment("running", ended=2, running=2))
    assert [step.name for step in memory.newly_ended(first)] == ["fetch", "plan"]
    last = read_deployment(deployment("failed", ended=2))
    assert [(step.name, step.state) for step in memory.newly_ended(last)] == [("prove", "failed")]


def test_the_step_in_which_a_deployment_was_cancelled_did_not_fail() -> None:
    cancelled = read_deployment({**deployment("failed", ended=3), "status": "cancelled"})
    assert Memory().newly_ended(cancelled)[-1].state == "cancelled"
