from tokenrouter.gateway.repeats import MOST, RepeatBudget


def test_so_many_may_be_repeated_at_once_and_then_one_in_ten() -> None:
    budget = RepeatBudget()
    for _ in range(int(MOST)):
        assert budget.allows("acme")
        budget.repeated("acme")
    assert not budget.allows("acme")
    assert budget.allows("other")

    for _ in range(11):
        budget.asked("acme")
    assert budget.allows("acme")
    budget.repeated("acme")
    assert not budget.allows("acme")


def test_a_quiet_hour_saves_up_no_more_than_the_most() -> None:
    budget = RepeatBudget()
    budget.repeated("acme")
    for _ in range(1000):
        budget.asked("acme")

    for _ in range(int(MOST)):
        assert budget.allows("acme")
        budget.repeated("acme")
    assert not budget.allows("acme")
