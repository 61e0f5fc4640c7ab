from bench.routing.policies import NAME, POLICIES


def test_every_policy_is_of_the_same_targets() -> None:
    targets = {tuple(target.name for target in one.alias.targets) for one in POLICIES if one.alias is not None}
    assert targets == {("a/m", "b/m", "c/m")}
    assert all(one.model == NAME for one in POLICIES if one.alias is not None)
    assert len({one.name for one in POLICIES}) == len(POLICIES)
