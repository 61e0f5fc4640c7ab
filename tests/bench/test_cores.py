import os

import pytest

from bench.cores import available_cores, pinned, plan_cores


@pytest.mark.parametrize("count", [2, 3, 4, 16])
def test_the_proxy_shares_its_core_with_nothing(count: int) -> None:
    plan = plan_cores(list(range(count)))

    assert plan.proxy not in {plan.upstream, plan.load, plan.beside}


def test_with_four_cores_each_part_has_its_own() -> None:
    plan = plan_cores([4, 5, 6, 7])

    assert sorted({plan.proxy, plan.upstream, plan.load, plan.beside}) == [4, 5, 6, 7]


def test_what_is_shared_on_a_small_machine_is_said() -> None:
    assert "together" in plan_cores([0, 1]).note


def test_a_pinned_block_leaves_things_as_they_were() -> None:
    before = os.sched_getaffinity(0)

    with pinned(available_cores()[0]):
        assert os.sched_getaffinity(0) == {available_cores()[0]}

    assert os.sched_getaffinity(0) == before
