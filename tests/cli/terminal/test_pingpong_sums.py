"""What talks came to."""

from tokenrouter.cli.terminal.conversation import Answer
from tokenrouter.cli.terminal.pingpong_sums import rows, sums_of
from tokenrouter.cli.terminal.pingpong_talk import Talk


def answer(first_s: float, took_s: float, tokens: int, cost: str | None = "0.10") -> Answer:
    usage = {"prompt_tokens": 10, "completion_tokens": tokens}
    return Answer("a", usage=usage, first_s=first_s, took_s=took_s, cost_usd=cost)


def test_speed_is_of_all_tokens_and_the_first_piece_is_the_median() -> None:
    talks = [Talk(1, answers=[answer(0.1, 1.1, 10), answer(0.3, 1.3, 30)]), Talk(2, answers=[answer(0.2, 2.2, 40)])]
    talks[1].failed = "a"

    sums = sums_of("a", talks)

    assert sums == {
        "model": "a",
        "answers": 3,
        "failed": 1,
        "input_tokens": 30,
        "output_tokens": 80,
        "reasoning_tokens": 0,
        "first_piece_ms": 200.0,
        "tokens_per_s": 20.0,
        "cost_usd": "0.3",
    }
    assert list(rows([sums])) == [("a", "3", "1", "30", "80", "", "200 ms", "20", "$0.30")]


def test_what_nobody_knows_is_left_empty() -> None:
    sums = sums_of("a", [Talk(1, answers=[answer(0.1, 0.1, 1, cost=None)])])

    assert (sums["tokens_per_s"], sums["cost_usd"]) == (None, None)
    assert list(rows([sums_of("b", [])])) == [("b", "0", "", "0", "0", "", "", "", "")]
