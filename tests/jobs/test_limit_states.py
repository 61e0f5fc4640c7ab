from tokenrouter.domain.limit_text import read_limit
from tokenrouter.domain.limits import CounterPast, Limit
from tokenrouter.jobs.limit_states import limit_states, nearest, standing_of, state_of, states_by_limit
from tokenrouter.jobs.limit_use import LimitFigures

NOON_S = 1_767_268_800
"""2026-01-01 12:00 UTC."""


def a_limit(scope: str, window: str, **more: object) -> Limit:
    return read_limit({"scope": scope, "metric": "tokens", "window": window, "amount": 100, **more})


def test_a_limit_of_one_scope_is_shown_before_it_is_used() -> None:
    (state,) = limit_states(a_limit("key:alice", "day"), LimitFigures(), NOON_S)

    assert (state.scope, state.used, state.held, state.left, state.resets_in_s) == ("key:alice", 0, 0, 100, 43_200)


def test_a_template_is_shown_for_everyone_who_used_it() -> None:
    limit = a_limit("key:*", "lifetime")
    figures = LimitFigures(
        used={(limit.id, "key:b"): 30, ("other", "key:x"): 9}, held={(limit.id, "key:a"): 5, (limit.id, "key:b"): 10}
    )

    states = limit_states(limit, figures, NOON_S)

    assert [(one.scope, one.used, one.held, one.left) for one in states] == [("key:a", 0, 5, 95), ("key:b", 30, 10, 60)]
    assert states[0].resets_in_s is None


def test_boost_and_carry_over_are_in_what_is_allowed() -> None:
    limit = a_limit("key:*", "day", boost=50, boost_until=NOON_S + 10, carry_over=30)
    figures = LimitFigures(past={(limit.id, "key:a"): CounterPast(used_before=90)})

    assert limit_states(limit, figures, NOON_S)[0].amount == 160
    assert limit_states(limit, figures, NOON_S + 10)[0].amount == 110


def test_an_interval_ends_where_its_first_use_says() -> None:
    limit = a_limit("key:alice", "interval:1h")
    used = LimitFigures(past={(limit.id, "key:alice"): CounterPast(first_use_s=NOON_S - 4000)})

    assert limit_states(limit, used, NOON_S)[0].resets_in_s == 3200
    assert limit_states(limit, LimitFigures(), NOON_S)[0].resets_in_s is None
    assert limit_states(a_limit("key:alice", "60s"), LimitFigures(), NOON_S)[0].resets_in_s is None


def test_many_limits_are_shown_as_each_is_by_itself() -> None:
    limits = [a_limit("key:*", "day"), a_limit("team:a", "day"), a_limit("user:b", "month", carry_over=5)]
    used = {(limits[0].id, "key:x"): 5, (limits[0].id, "key:y"): 90, ("gone", "key:y"): 1}
    figures = LimitFigures(used=used, past={(limits[2].id, "user:b"): CounterPast(used_before=1)})

    found = states_by_limit(limits, figures, NOON_S)

    assert found == {one.id: limit_states(one, figures, NOON_S) for one in limits}
    assert nearest(found[limits[0].id]) == state_of(limits[0], "key:y", figures, NOON_S)
    assert nearest([]) is None


def test_a_limit_stops_or_is_passed_or_comes_to_its_end() -> None:
    hard, soft, none = (a_limit("key:a", "day", **more) for more in ({}, {"mode": "soft"}, {"amount": 0}))

    def standing(limit: Limit, used: int, held: int = 0) -> str:
        counter = (limit.id, "key:a")
        return standing_of(
            state_of(limit, "key:a", LimitFigures(used={counter: used}, held={counter: held}), NOON_S), 80
        )

    assert [standing(hard, 79), standing(hard, 80), standing(hard, 70, 30)] == ["ok", "soon", "stopped"]
    assert [standing(soft, 99), standing(soft, 100)] == ["soon", "over"]
    assert standing(none, 0) == "stopped"
