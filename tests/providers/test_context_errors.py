import pytest

from tokenrouter.providers.context_errors import Overflow, overflow_in


@pytest.mark.parametrize(
    ("message", "overflow"),
    [
        ("prompt is too long: 208310 tokens > 200000 maximum", Overflow(208310, 200000)),
        (
            "input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000, decrease",
            Overflow(188240, 200000),
        ),
        (
            "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
            Overflow(1200000, 1048576),
        ),
        (
            "This model's maximum context length is 128000 tokens. However, your messages resulted in 150,123 tokens.",
            Overflow(150123, 128000),
        ),
        (
            "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens (4000 in them)",
            Overflow(5000, 4096),
        ),
        ("Input is too long for requested model.", Overflow()),
        ("the request exceeds the available context size, try increasing it", Overflow()),
        ("Your input exceeds the context window of this model.", Overflow()),
    ],
)
def test_each_vendors_wording_is_known(message: str, overflow: Overflow) -> None:
    assert overflow_in(message, ()) == overflow


def test_a_code_is_enough() -> None:
    assert overflow_in("no", {"context_length_exceeded"}) == Overflow()


@pytest.mark.parametrize("message", ["", "max_tokens is too large: 9 > 8", "rate limit of 5 tokens", "invalid model"])
def test_other_errors_are_not_taken_for_it(message: str) -> None:
    assert overflow_in(message, {"invalid_request_error"}) is None
