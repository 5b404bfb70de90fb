from dataclasses import replace
from datetime import timedelta

import pytest

from seaway.core.deployment import Kind, Status
from seaway.core.source import ReleaseSource
from seaway.web.journey import PICTURE_WIDTH, folded, journey, last_like, serves_now, serving
from web.example_site import EXPIRED, GIT, NOW, SECONDS, deployment, example_site, log_of, view

EARLIER = view(deployment(5, "shop", Status.LIVE, ago_s=86400))


def test_the_strip_of_a_finished_deployment_is_full() -> None:
    seen = journey(EARLIER, None, NOW)
    assert seen.total_s == pytest.approx(sum(SECONDS.values()))
    assert seen.segments[-1].x + seen.segments[-1].width == pytest.approx(PICTURE_WIDTH, abs=1)
    assert [s.tone for s in seen.segments] == ["done"] * 8


def test_the_rest_of_a_running_one_is_known_from_the_last_of_its_kind() -> None:
    running = view(deployment(9, "shop", Status.RUNNING, until="build", ago_s=11.2))
    seen = journey(running, EARLIER, NOW)
    assert seen.elapsed_s == pytest.approx(11.2)
    assert seen.total_s == pytest.approx(sum(SECONDS.values()))
    assert seen.expected["build"] == pytest.approx(SECONDS["build"])


def test_a_step_that_takes_longer_than_last_time_makes_the_whole_longer() -> None:
    running = view(deployment(9, "shop", Status.RUNNING, until="build", ago_s=101.2))
    seen = journey(running, EARLIER, NOW)
    assert seen.total_s == pytest.approx(sum(SECONDS.values()) - SECONDS["build"] + 100)


def test_without_an_earlier_one_nothing_is_claimed() -> None:
    seen = journey(view(deployment(9, "shop", Status.RUNNING, until="build", ago_s=11.2)), None, NOW)
    assert (seen.segments, seen.total_s) == ((), None)


def test_a_queued_one_has_taken_no_time() -> None:
    seen = journey(view(deployment(9, "shop", Status.QUEUED)), EARLIER, NOW)
    assert (seen.segments, seen.elapsed_s) == ((), None)


def test_only_an_earlier_success_of_the_same_kind_is_a_measure() -> None:
    others = [
        view(deployment(6, "shop", Status.FAILED, until="build")),
        view(deployment(7, "shop", Status.LIVE, kind=Kind.RESTART, source=ReleaseSource(5))),
        view(deployment(12, "shop", Status.LIVE)),
    ]
    now = view(deployment(9, "shop", Status.RUNNING, until="build"))
    assert last_like(now, [*others, EARLIER]) == EARLIER
    assert last_like(now, others) is None


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (128, "release #127 goes on serving"),
        (125, "release #127 serves now"),
        (127, None),
        (129, "nothing serves yet"),
        (96, "nothing serves now"),
        (131, "release #120 goes on serving"),
    ],
)
def test_a_deployment_says_what_visitors_get(number: int, said: str | None) -> None:
    site = example_site()
    d = site.all_deployments[number]
    assert serving(view(d), site.all_apps[d.environment.app]) == said


def test_a_destroyed_app_is_said_to_be_gone() -> None:
    assert serving(view(deployment(1, "gone", Status.FAILED, until="build")), None) == "the app was destroyed since"


def test_only_the_newest_success_serves() -> None:
    site = example_site()
    history = [view(d) for d in site.all_deployments.values() if d.environment.app == "shop"]
    assert [h.deployment.id for h in history if serves_now(h, site.all_apps["shop"], history)] == [127]


def test_nothing_serves_while_no_instance_lives() -> None:
    site = example_site()
    shop = replace(site.all_apps["shop"], instances=())
    history = [view(site.all_deployments[127])]
    assert not serves_now(history[0], shop, history)


def test_the_step_that_failed_is_open_and_the_others_are_folded() -> None:
    failed = deployment(1, "shop", Status.FAILED, until="prove", finding=EXPIRED, source=GIT)
    steps = folded(log_of(failed), view(failed))
    assert [(s.step, s.open, len(s.lines)) for s in steps] == [
        ("fetch", False, 12),
        ("plan", False, 12),
        ("prove", True, 13),
    ]


def test_a_success_is_all_folded() -> None:
    assert not any(s.open for s in folded(log_of(EARLIER.deployment), EARLIER))


def test_a_running_step_is_open_once_it_spoke() -> None:
    running = deployment(9, "shop", Status.RUNNING, until="build", ago_s=9)
    quiet = [line for line in log_of(running) if line.step != "build"]
    assert [s.step for s in folded(log_of(running), view(running)) if s.open] == ["build"]
    assert [s.step for s in folded(quiet, view(running)) if s.open] == ["prove"]


def test_time_that_ran_backwards_is_no_time() -> None:
    early = view(deployment(9, "shop", Status.RUNNING, until="fetch", ago_s=0))
    assert journey(early, EARLIER, NOW - timedelta(seconds=5)).elapsed_s is None
