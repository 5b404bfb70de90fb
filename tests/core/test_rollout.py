import pytest
from hypothesis import given
from hypothesis import strategies as st

from seaway.core.rollout import Remove, Route, Running, Start, Wait, next_move

OLD = Running("old", 1, healthy=True)


@pytest.mark.parametrize(
    ("wanted", "running", "routed", "then"),
    [
        (2, [OLD], ["old"], Start(1)),
        (2, [OLD, Running("new", 2, healthy=False)], ["old"], Wait(("new",))),
        (2, [OLD, Running("new", 2, healthy=True)], ["old"], Route(("new",))),
        (2, [OLD, Running("new", 2, healthy=True)], ["new"], Remove(("old",))),
        (2, [Running("new", 2, healthy=True)], ["new"], None),
        (2, [OLD, Running("new", 2, healthy=False, alive=False)], ["old"], Start(1)),
        (None, [OLD], ["old"], Route(())),
        (None, [OLD], [], Remove(("old",))),
        (None, [], [], None),
    ],
)
def test_traffic_moves_only_to_healthy_instances_and_the_old_go_last(wanted, running, routed, then):
    assert then == next_move(wanted, 1, running, routed)


def test_instances_of_a_later_deployment_are_left_alone():
    later = Running("later", 3, healthy=False)
    assert next_move(2, 1, [Running("mine", 2, healthy=True), later], ["mine"]) is None


instances = st.builds(
    Running,
    instance=st.sampled_from("abcdef"),
    deployment=st.integers(1, 4),
    healthy=st.booleans(),
    alive=st.booleans(),
)


@given(
    wanted=st.integers(1, 4),
    count=st.integers(1, 3),
    running=st.lists(instances, max_size=6, unique_by=lambda r: r.instance),
    routed=st.lists(st.sampled_from("abcdef"), max_size=3, unique=True),
)
def test_nothing_that_is_routed_is_removed_and_nothing_unhealthy_is_routed(wanted, count, running, routed):
    move = next_move(wanted, count, running, routed)
    healthy = {r.instance for r in running if r.healthy and r.alive and r.deployment == wanted}
    if isinstance(move, Remove):
        assert not set(move.instances) & set(routed)
    if isinstance(move, Route):
        assert set(move.instances) <= healthy
