from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.domain.ledger import Usage
from tokenrouter.gateway.estimates import FIRST_OUTPUT_TOKENS, EstimateBook, Estimates
from tokenrouter.gateway.recent import ENOUGH, KEPT


def test_what_was_not_made_of_the_bytes_does_not_teach_how_many_tokens_they_have() -> None:
    estimates = Estimates()
    estimates.learn(Usage(input_tokens=100), body_bytes=400, content_bytes=0)
    before = estimates.input_bound(100_000)

    estimates.learn(Usage(input_tokens=20_000), body_bytes=400, content_bytes=0)  # a search of the web

    assert estimates.input_bound(100_000) == before


def test_a_model_never_seen_is_bounded_by_a_token_per_byte() -> None:
    assert Estimates().output_bound(1000) >= 1000
    assert Estimates().input_bound(1000) >= 1000


@given(st.lists(st.tuples(st.integers(8, 10_000), st.floats(1.0, 8.0)), min_size=1, max_size=30))
def test_what_was_seen_is_never_above_the_bound(seen: list[tuple[int, float]]) -> None:
    estimates = Estimates()
    for tokens, ratio in seen:
        size = int(tokens * ratio)
        estimates.learn(Usage(tokens, tokens), body_bytes=size, content_bytes=size)

    for tokens, ratio in seen:
        assert estimates.output_bound(int(tokens * ratio)) >= tokens
        assert estimates.input_bound(int(tokens * ratio)) >= tokens


@given(st.integers(1, 30), st.integers(1, 20_000), st.integers(1, 20_000), st.sampled_from([1.5, 4, 8]))
def test_neither_long_prompts_mislead_about_short_ones_nor_short_about_long(
    template: int, known: int, asked: int, ratio: float
) -> None:
    estimates = Estimates()
    estimates.learn(Usage(int(template + known / ratio)), body_bytes=130 + known, content_bytes=0)

    assert estimates.input_bound(130 + asked) >= int(template + asked / ratio)


@given(st.integers(1, 100_000))
def test_what_fits_into_a_number_of_tokens_needs_no_more(tokens: int) -> None:
    estimates = Estimates()

    assert estimates.output_bound(estimates.bytes_within(tokens)) <= tokens


@given(st.integers(1, 100_000), st.lists(st.floats(1.0, 8.0), min_size=1, max_size=20))
def test_what_covers_so_many_tokens_covers_the_text_that_they_usually_have(tokens: int, ratios: list[float]) -> None:
    estimates = Estimates()
    for ratio in ratios:
        estimates.learn(Usage(10, 1_000), body_bytes=0, content_bytes=int(1_000 * ratio))
    usual_bytes = tokens * 10**6 / estimates.fair(body_bytes=0, content_bytes=10**6).output_tokens

    assert estimates.bytes_within(estimates.covering(tokens)) >= usual_bytes * 0.999 - 8  # but for one token


def test_a_fair_estimate_follows_the_model() -> None:
    estimates = Estimates()
    for _ in range(200):
        estimates.learn(Usage(100, 100), body_bytes=800, content_bytes=800)

    fair = estimates.fair(body_bytes=80, content_bytes=80)
    assert (fair.input_tokens, fair.output_tokens) == (10, 10)


def test_the_first_hold_is_never_above_what_was_asked_for() -> None:
    assert Estimates().first_hold(10, 5).output_tokens == 5


def test_what_a_key_asks_of_a_model_counts_as_soon_as_enough_is_known_of_it() -> None:
    book = EstimateBook()
    model, own = book.of("p", "m"), book.answers_to("k1", "p", "m")
    first = model.expected_of(own)
    for _ in range(KEPT):
        model.answers.learn(9_000)
    own.learn(20)

    assert first == FIRST_OUTPUT_TOKENS
    assert model.expected_of(own) == 9_000
    for _ in range(ENOUGH):
        own.learn(20)
    assert model.expected_of(own) == 20
    assert model.expected_of(book.answers_to("k2", "p", "m")) == 9_000


def test_a_model_is_known_well_by_some_answers_of_which_none_hid_anything() -> None:
    open_minded, thinker = Estimates(), Estimates()
    for _ in range(ENOUGH):
        assert not open_minded.is_known_well
        open_minded.answers.learn(100)
        thinker.answers.learn(100)
    thinker.learn(Usage(10, 100, reasoning_tokens=50), body_bytes=0, content_bytes=0)

    assert open_minded.is_known_well
    assert not thinker.is_known_well


def test_the_book_forgets_the_oldest_use() -> None:
    book = EstimateBook()
    first = book.answers_to("k", "p", "first")
    for number in range(EstimateBook.MAX_USES):
        book.answers_to("k", "p", str(number))

    assert book.answers_to("k", "p", "first") is not first


def test_the_book_forgets_the_oldest_model() -> None:
    book = EstimateBook()
    first = book.of("p", "first")
    for number in range(EstimateBook.MAX_MODELS):
        book.of("p", str(number))

    assert book.of("p", "first") is not first
