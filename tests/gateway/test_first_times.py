from tokenrouter.gateway.first_times import MAX_TARGETS, FirstTimes


def test_nothing_is_usual_before_enough_is_known() -> None:
    times = FirstTimes()
    for _ in range(15):
        times.learn("acme/small", 1.0, stream=True)
    assert times.usual_s("acme/small", stream=True) is None

    times.learn("acme/small", 1.0, stream=True)

    assert times.usual_s("acme/small", stream=True) == 1.0
    assert times.usual_s("acme/small", stream=False) is None


def test_it_is_what_nineteen_of_twenty_do_not_exceed() -> None:
    times = FirstTimes()
    for number in range(60):
        times.learn("acme/small", 9.0 if number % 20 == 0 else 0.5, stream=True)

    assert times.usual_s("acme/small", stream=True) == 0.5


def test_what_was_given_up_counts_where_it_was_slower_than_all_but_one_of_twenty() -> None:
    times = FirstTimes()
    for _ in range(60):
        times.learn("acme/small", 0.5, stream=True)
        times.learn_at_least("acme/small", 0.4, stream=True)
    assert times.usual_s("acme/small", stream=True) == 0.5

    for _ in range(8):
        times.learn_at_least("acme/small", 2.0, stream=True)

    assert times.usual_s("acme/small", stream=True) == 2.0


def test_no_more_than_so_many_targets_are_remembered() -> None:
    times = FirstTimes()
    for number in range(MAX_TARGETS + 10):
        times.learn(f"acme/{number}", 1.0, stream=True)

    assert len(times._times) == MAX_TARGETS
