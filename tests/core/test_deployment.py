from datetime import UTC, datetime

import pytest

from seaway.core.app import EnvironmentKey, EnvironmentSettings
from seaway.core.deployment import Kind, Release, Status, rollback_target, steps_of
from seaway.core.retention import releases_to_forget
from seaway.core.source import FolderSource, ReleaseSource

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def release(number: int) -> Release:
    return Release(
        id=number,
        environment=EnvironmentKey("shop"),
        deployment=number * 10,
        image=f"sha256:{number}",
        port=3000,
        command=None,
        settings=EnvironmentSettings(),
        created_at=NOW,
        source=FolderSource("sha256:0"),
    )


RELEASES = [release(n) for n in (1, 2, 3)]


def test_what_is_here_already_needs_no_fetching_proving_or_building():
    assert steps_of(Kind.ROLLBACK, ReleaseSource(1)) == ("release", "check", "route", "settle")
    assert steps_of(Kind.STOP, ReleaseSource(1)) == ("route", "settle")


@pytest.mark.parametrize(
    ("current", "deployment", "target"), [(3, None, 2), (2, None, 1), (1, None, None), (3, 10, 1), (3, 99, None)]
)
def test_a_rollback_goes_to_the_release_before_or_to_that_of_the_deployment_named(current, deployment, target):
    found = rollback_target(RELEASES, current, deployment)
    assert (found.id if found else None) == target


@pytest.mark.parametrize(("current", "keep", "gone"), [(3, 2, [1]), (1, 2, []), (3, 1, [2, 1]), (3, 5, [])])
def test_the_newest_releases_and_the_current_one_are_kept(current, keep, gone):
    assert [r.id for r in releases_to_forget(RELEASES, current, keep)] == gone


def test_only_three_states_are_not_final():
    assert [s for s in Status if not s.is_final] == [Status.QUEUED, Status.RUNNING, Status.CANCELLING]
