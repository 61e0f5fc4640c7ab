from bench.routing.policies import POLICIES
from bench.routing.simulate import simulate

FEW = 600


def test_a_run_is_the_same_each_time() -> None:
    policy = next(one for one in POLICIES if one.name == "weighted")
    assert simulate(policy, FEW) == simulate(policy, FEW)


def test_fallback_loses_no_request_that_one_target_alone_loses() -> None:
    alone = simulate(POLICIES[0], FEW)
    ordered = simulate(next(one for one in POLICIES if one.name == "ordered"), FEW)
    assert alone.failed > 0
    assert ordered.failed == 0
    assert len(ordered.whole_s) == FEW
