import pytest

from tokenrouter.domain.conditions import Condition, Status
from tokenrouter.domain.errors import InvalidRequest, ProviderCredentialsRejected, ProviderRefused, ProviderUnreachable
from tokenrouter.gateway.health import (
    COOL_S,
    MAX_ASKED_S,
    MAX_COOL_S,
    MAX_TARGETS,
    MAX_TOLD,
    PROBE_S,
    REFUSED_S,
    TRIP_AFTER,
    HealthBook,
)


class Clock:
    """Stands still until told."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def book(clock: Clock) -> HealthBook:
    return HealthBook(clock)


DOWN = ProviderUnreachable("down")


def trip(book: HealthBook, target: str = "a") -> None:
    for _ in range(TRIP_AFTER):
        book.failed(target, DOWN)


def test_a_target_that_fails_again_and_again_goes_to_the_end(book: HealthBook) -> None:
    for _ in range(TRIP_AFTER - 1):
        book.failed("a", DOWN)
    assert book.ordered("abc") == ["a", "b", "c"]

    book.failed("a", DOWN)
    assert book.ordered("abc") == ["b", "c", "a"]


def test_a_success_in_between_begins_the_count_anew(book: HealthBook) -> None:
    for _ in range(3 * TRIP_AFTER):
        book.failed("a", DOWN)
        book.succeeded("a")

    assert book.of("a") is None


def test_a_target_is_left_alone_as_long_as_it_says(book: HealthBook, clock: Clock) -> None:
    book.failed("a", ProviderRefused("full", provider="a", status=429, retry_after_s=20.0))
    clock.now_s += 19.9
    assert book.ordered("ab") == ["b", "a"]

    clock.now_s += 0.2
    assert book.ordered("ab") == ["a", "b"]


def test_no_target_is_believed_that_it_is_gone_for_ever(book: HealthBook, clock: Clock) -> None:
    book.failed("a", ProviderRefused("full", provider="a", status=429, retry_after_s=1e9))
    clock.now_s += MAX_ASKED_S

    assert book.ordered("ab") == ["a", "b"]


def test_credentials_that_are_refused_once_are_enough(book: HealthBook, clock: Clock) -> None:
    book.failed("a", ProviderCredentialsRejected("no"))
    assert book.ordered("ab") == ["b", "a"]

    clock.now_s += REFUSED_S
    assert book.ordered("ab") == ["a", "b"]


def test_what_the_client_did_wrong_says_nothing_of_a_target(book: HealthBook) -> None:
    for _ in range(10 * TRIP_AFTER):
        book.failed("a", InvalidRequest("bad"))
        book.failed("b", ProviderRefused("bad", provider="b", status=400))

    assert book.of("a") is book.of("b") is None


def test_many_requests_that_fail_together_make_a_cooldown_no_longer(book: HealthBook, clock: Clock) -> None:
    trip(book)
    clock.now_s += COOL_S - 1
    for _ in range(100):
        book.failed("a", DOWN)

    clock.now_s += 1
    assert book.ordered("ab") == ["a", "b"]


def test_after_a_cooldown_one_request_tries_it_and_others_stay_away(book: HealthBook, clock: Clock) -> None:
    trip(book)
    clock.now_s += COOL_S
    assert book.ordered("ab") == ["a", "b"]
    book.began("a")
    assert book.ordered("ab") == ["b", "a"]

    book.succeeded("a")
    assert book.ordered("ab") == ["a", "b"]


def test_a_try_that_fails_makes_the_next_cooldown_twice_as_long(book: HealthBook, clock: Clock) -> None:
    trip(book)
    length_s = COOL_S
    for _ in range(12):
        clock.now_s += length_s
        book.began("a")
        book.failed("a", DOWN)
        length_s = min(2 * length_s, MAX_COOL_S)
        clock.now_s += length_s - 0.1
        assert book.ordered("ab") == ["b", "a"]
        clock.now_s -= length_s - 0.1


def test_a_try_that_tells_nothing_lets_another_try(book: HealthBook, clock: Clock) -> None:
    trip(book)
    clock.now_s += COOL_S
    book.began("a")
    book.left_idle("a")
    assert book.ordered("ab") == ["a", "b"]

    book.began("a")
    clock.now_s += PROBE_S
    assert book.ordered("ab") == ["a", "b"]


def test_names_without_end_do_not_fill_the_memory(book: HealthBook) -> None:
    for number in range(MAX_TARGETS + 10):
        book.failed(f"acme/{number}", DOWN)

    assert book.of("acme/9") is None
    assert book.of("acme/10") is not None
    assert len(book._targets) == MAX_TARGETS


def test_where_all_cool_the_one_that_is_over_first_is_asked(book: HealthBook, clock: Clock) -> None:
    trip(book, "a")
    clock.now_s += 1
    trip(book, "b")

    assert book.ordered("ba") == ["a", "b"]


@pytest.mark.parametrize("status", ["offline", "auth problem", "blocked"])
def test_a_provider_that_was_found_to_be_away_is_asked_last(book: HealthBook, status: Status) -> None:
    trip(book, "tripped/x")
    book.tell({"away": Condition(status, checked_at_s=5.0), "fine": Condition("online"), "new": Condition()})

    assert book.ordered(["away/x", "tripped/x", "fine/x", "new/x"]) == ["fine/x", "new/x", "tripped/x", "away/x"]

    book.tell({"away": Condition("online", checked_at_s=6.0)})
    assert book.ordered(["away/x", "fine/x"]) == ["away/x", "fine/x"]


def test_what_a_request_has_found_out_counts_more_than_an_earlier_look(clock: Clock) -> None:
    book = HealthBook(clock, wall_clock=lambda: 50.0)
    for looked_at_s, expected in ((40.0, ["b/x", "a/x"]), (49.0, ["a/x", "b/x"]), (51.0, ["b/x", "a/x"])):
        book.tell({"a": Condition("offline", checked_at_s=looked_at_s)})
        assert book.ordered(["a/x", "b/x"]) == expected
        book.succeeded("a/y")
        assert book.ordered(["a/x", "b/x"]) == ["a/x", "b/x"]


def test_what_is_left_alone_can_be_told_with_why_and_for_how_long(book: HealthBook, clock: Clock) -> None:
    trip(book, "a")
    book.failed("b", ProviderRefused("full", provider="p", status=429, retry_after_s=60.0))
    book.failed("c", DOWN)
    clock.now_s += 1

    assert book.cooling() == [("b", "provider_refused", 59.0), ("a", "provider_unreachable", COOL_S - 1)]
    clock.now_s += COOL_S
    assert [target for target, _, _ in book.cooling()] == ["b"]


def test_of_very_many_only_the_longest_are_told(book: HealthBook) -> None:
    for number in range(MAX_TOLD + 50):
        book.failed(f"t{number}", ProviderRefused("full", provider="p", status=429, retry_after_s=1.0 + number))

    told = book.cooling()
    assert len(told) == MAX_TOLD
    assert told[0][0] == f"t{MAX_TOLD + 49}"


def test_it_tells_who_is_left_alone_why_and_for_how_long(book: HealthBook, clock: Clock) -> None:
    book.failed("a/x", ProviderRefused("full", provider="a", status=429, retry_after_s=40.0))
    book.failed("b/x", ProviderUnreachable("down", provider="b"))
    clock.now_s += 10

    assert book.left_alone(["a/x", "b/x", "c/x"]) == {"a/x": "provider_refused, 30 s"}
    assert book.state_of("a/x") == ("cooling", "provider_refused", 30.0)
    assert book.state_of("b/x") == book.state_of("c/x") == ("open", "", 0.0)
    clock.now_s += 30
    assert book.state_of("a/x")[0] == "trying"
    book.tell({"c": Condition("offline", checked_at_s=5.0)})
    assert book.state_of("c/x") == ("away", "offline", 0.0)
    assert book.left_alone(["c/x"]) == {"c/x": "offline"}


def test_what_is_known_against_others_leaves_these_in_peace(book: HealthBook) -> None:
    assert book.is_quiet(["a/x", "b/x"])

    book.failed("c/x", DOWN)
    assert book.is_quiet(["a/x", "b/x"])
    assert not book.is_quiet(["a/x", "c/x"])

    book.tell({"b": Condition("offline", checked_at_s=1.0)})
    assert book.is_quiet(["a/x"])
    assert not book.is_quiet(["a/x", "b/x"])


# Several credentials of one provider.

NO_ENTRY = ProviderCredentialsRejected("no", provider="p")
PLACES = ["p/m#1", "p/m#2"]


def test_what_is_wrong_with_an_account_concerns_that_credential_alone(book: HealthBook) -> None:
    book.failed("p/m#1", NO_ENTRY)

    assert book.ordered(PLACES) == ["p/m#2", "p/m#1"]
    assert [book.is_open(place) for place in PLACES] == [False, True]
    assert [target for target, _, _ in book.cooling()] == ["p/m#1"]
    assert list(book.left_alone(PLACES)) == ["p/m#1"]


def test_what_is_wrong_with_the_host_concerns_all_of_its_credentials(book: HealthBook) -> None:
    for place in ("p/m#1", "p/m#2", "p/m#1"):
        book.failed(place, DOWN)

    assert book.ordered([*PLACES, "q/m"]) == ["q/m", *PLACES]
    assert not any(book.is_open(place) for place in PLACES)
    assert [target for target, _, _ in book.cooling()] == ["p/m"]


def test_a_host_that_cools_no_more_is_tried_by_one_request_whichever_credential_it_has(
    book: HealthBook, clock: Clock
) -> None:
    trip(book, "p/m#1")
    clock.now_s += COOL_S
    book.began("p/m#2")

    assert [book.state_of(place)[0] for place in PLACES] == ["cooling", "cooling"]

    book.succeeded("p/m#2")
    assert all(book.is_open(place) for place in PLACES)


def test_an_answer_to_one_credential_says_nothing_of_what_is_refused_to_another(book: HealthBook) -> None:
    trip(book, "p/m#1")
    book.failed("p/m#1", NO_ENTRY)
    book.succeeded("p/m#2")

    assert [book.is_open(place) for place in PLACES] == [False, True]


def test_a_try_that_tells_nothing_leaves_the_host_to_the_next(book: HealthBook, clock: Clock) -> None:
    trip(book, "p/m#1")
    clock.now_s += COOL_S
    book.began("p/m#1")
    book.left_idle("p/m#1")

    assert book.state_of("p/m#2")[0] == "trying"
