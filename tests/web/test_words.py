from datetime import UTC, datetime, timedelta, timezone

import pytest

from seaway.core.deployment import Kind, Status
from seaway.core.source import ReleaseSource
from seaway.web.journey import steps_shown
from seaway.web.words import (
    Mark,
    ago,
    clock,
    deployment_mark,
    duration,
    engine_time,
    exact,
    instance_mark,
    machine_time,
    megabytes,
    plain,
    prose,
    report,
    short_digest,
    step_mark,
)
from web.example_site import EXPIRED, NOW, deployment, view


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-5, "just now"),
        (0.9, "just now"),
        (1, "1 s ago"),
        (59.9, "59 s ago"),
        (60, "1 min ago"),
        (3599, "59 min ago"),
        (3600, "1 h ago"),
        (86399, "23 h ago"),
        (86400, "1 d ago"),
        (30 * 86400, "25 Oct 2026"),
    ],
)
def test_a_moment_is_told_as_coarsely_as_is_useful(seconds: float, said: str) -> None:
    assert ago(NOW - timedelta(seconds=seconds), NOW) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, "–"),
        (-0.1, "0.0 s"),
        (0.84, "0.8 s"),
        (59.94, "59.9 s"),
        (59.96, "1 m 00 s"),
        (64, "1 m 04 s"),
        (3599.6, "1 h 00 m"),
        (7500, "2 h 05 m"),
    ],
)
def test_durations_never_say_sixty_seconds(seconds: float | None, said: str) -> None:
    assert duration(seconds) == said


@pytest.mark.parametrize(
    ("size_bytes", "said"),
    [(None, "–"), (0, "0.0 MB"), (7_759_462, "7.4 MB"), (10 * 1024**2, "10 MB"), (3 * 1024**3, "3,072 MB")],
)
def test_sizes_are_in_megabytes(size_bytes: int | None, said: str) -> None:
    assert megabytes(size_bytes) == said


def test_exact_times_are_in_utc_wherever_they_come_from() -> None:
    moment = datetime(2026, 11, 21, 10, 0, tzinfo=timezone(timedelta(hours=1)))
    assert exact(moment) == "21 Nov 2026 09:00:00 UTC"
    assert machine_time(moment) == "2026-11-21T09:00:00.000Z"
    assert clock(1_795_489_447_113) == "03:04:07.113"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-24T03:04:07.123456789Z", datetime(2026, 11, 24, 3, 4, 7, 123456, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", None),
        (None, None),
        ("soon", None),
    ],
)
def test_the_engines_never_is_no_time(text: str | None, moment: datetime | None) -> None:
    assert engine_time(text) == moment


def test_a_digest_is_shown_by_its_first_twelve_characters() -> None:
    assert short_digest("sha256:7c3f1a2b9d4e" + "0" * 52) == "7c3f1a2b9d4e"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("\x1b[32mok\x1b[0m", "ok"),
        ("a\x1b]0;title\x07b", "ab"),
        ("tab\tstays, \x00bell\x07 goes", "tab\tstays, bell goes"),
        ("50%\rdone", "50%done"),
    ],
)
def test_what_only_a_terminal_understands_is_left_out(written: str, shown: str) -> None:
    assert plain(written) == shown


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("serves", [True, False])
def test_every_status_has_a_shape_and_a_word(status: Status, serves: bool) -> None:
    mark = deployment_mark(deployment(1, "shop", status), serves=serves)
    assert mark.shape
    assert mark.word


def test_only_what_serves_now_is_called_live() -> None:
    done = deployment(1, "shop", Status.LIVE)
    assert deployment_mark(done, serves=True) == Mark("live", "live")
    assert deployment_mark(done, serves=False) == Mark("done", "was live")


def test_steps_after_a_failure_were_not_reached() -> None:
    failed = view(deployment(1, "shop", Status.FAILED, until="prove"))
    words = [step_mark(step, failed.deployment).word for step in failed.steps]
    assert words == ["done", "done", "failed", *["not reached"] * 5]


def test_a_restart_shows_only_the_steps_that_it_takes() -> None:
    restart = view(deployment(1, "shop", Status.RUNNING, kind=Kind.RESTART, source=ReleaseSource(1), until="check"))
    assert [step.name for step in steps_shown(restart)] == ["release", "check", "route", "settle"]


@pytest.mark.parametrize(
    ("state", "oom_killed", "exit_code", "mark"),
    [
        ("running", False, None, Mark("live", "running")),
        ("exited", True, 137, Mark("broken", "out of memory")),
        ("exited", False, 1, Mark("broken", "exited with 1")),
        ("exited", False, 0, Mark("stopped", "exited with 0")),
        ("restarting", False, 1, Mark("working", "restarting")),
    ],
)
def test_an_instance_says_how_it_ended(state: str, oom_killed: bool, exit_code: int | None, mark: Mark) -> None:
    assert instance_mark(state, oom_killed, exit_code) == mark


def test_what_a_sentence_quotes_is_code_and_never_markup() -> None:
    assert prose("Run `seaway logs <app>`, <b>now</b>.") == (
        "Run <code>seaway logs &lt;app&gt;</code>, &lt;b&gt;now&lt;/b&gt;."
    )


def test_a_finding_can_be_sent_as_text() -> None:
    assert report(EXPIRED).splitlines()[0] == EXPIRED.title
    assert report(EXPIRED).endswith(f"  {EXPIRED.commands[0]}\n({EXPIRED.cause})")
