"""What talks of two models came to, for each of them."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from statistics import median
from typing import Any

from tokenrouter.cli.terminal.conversation import as_text
from tokenrouter.cli.terminal.pingpong_talk import Talk
from tokenrouter.cli.terminal.texts import count, dollars, milliseconds

COLUMNS = ("MODEL", ">ANSWERS", ">FAILED", ">TOKENS IN", ">OUT", ">THOUGHTS", ">FIRST", ">TOKENS/S", ">COST")


def sums_of(model: str, talks: Sequence[Talk]) -> dict[str, Any]:
    """Return what one model did in all talks; what nobody knows is null."""
    answers = [answer for talk in talks for answer in talk.answers if answer.model == model]
    firsts = [answer.first_s for answer in answers if answer.first_s is not None]
    timed = [answer for answer in answers if answer.tokens_per_s]
    spent_s = sum(answer.took_s - (answer.first_s or 0.0) for answer in timed)
    costs = [answer.cost_usd for answer in answers]
    known = [Decimal(cost) for cost in costs if cost is not None]
    return {
        "model": model,
        "answers": len(answers),
        "failed": sum(talk.failed == model for talk in talks),
        "input_tokens": sum(answer.input_tokens for answer in answers),
        "output_tokens": sum(answer.output_tokens for answer in answers),
        "reasoning_tokens": sum(answer.reasoning_tokens for answer in answers),
        "first_piece_ms": round(median(firsts) * 1000, 1) if firsts else None,
        "tokens_per_s": round(sum(answer.output_tokens for answer in timed) / spent_s, 1) if spent_s else None,
        "cost_usd": as_text(sum(known, Decimal())) if known and len(known) == len(costs) else None,
    }


def rows(sums: Sequence[dict[str, Any]]) -> Iterator[tuple[str, ...]]:
    """Yield the table of all models."""
    for one in sums:
        speed = one["tokens_per_s"]
        yield (
            one["model"],
            count(one["answers"]),
            count(one["failed"]) if one["failed"] else "",
            count(one["input_tokens"]),
            count(one["output_tokens"]),
            count(one["reasoning_tokens"]) if one["reasoning_tokens"] else "",
            milliseconds(one["first_piece_ms"]),
            "" if speed is None else f"{speed:,.0f}",
            "" if one["cost_usd"] is None else dollars(one["cost_usd"]),
        )
