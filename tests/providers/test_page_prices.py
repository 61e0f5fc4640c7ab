import html
from collections.abc import Callable, Sequence

import pytest

from tokenrouter.domain.ledger import Usage
from tokenrouter.domain.prices import Price, cost, rates_of
from tokenrouter.providers.page_prices import read_page_prices

DOLLAR = 10**9
MODELS = [
    ("Model", "Model ID", "Endpoint"),
    ("Big Pickle", "big-pickle", "https://opencode.ai/zen/v1/chat/completions"),
    ("Claude Sonnet 4.5", "claude-sonnet-4-5", "https://opencode.ai/zen/v1/messages"),
    ("GPT 5.4 Mini", "gpt-5.4-mini", "https://opencode.ai/zen/v1/responses"),
]
PRICES = [
    ("Model", "Input", "Output", "Cached Read", "Cached Write"),
    ("Big Pickle", "Free", "Free", "Free", "-"),
    ("Claude Sonnet 4.5 (≤ 200K tokens)", "$3.00", "$15.00", "$0.30", "$3.75"),
    ("Claude Sonnet 4.5 (> 200K tokens)", "$6.00", "$22.50", "$0.60", "$7.50"),
    ("GPT 5.4 Mini", "$0.75", "$4.50", "$0.075", "-"),
    ("Nobody's", "$1.00", "$1.00", "-", "-"),
]
"""Rows of opencode.ai/docs/zen as they were in 2026-04."""


def markdown(*tables: Sequence[tuple[str, ...]]) -> str:
    texts = ["# Zen"]
    for head, *rows in tables:
        rule = tuple("-" * 5 for _ in head)
        texts += ["", *("| " + " | ".join(row) + " |" for row in (head, rule, *rows)), "", "Some words."]
    return "\n".join(texts)


def page(*tables: Sequence[tuple[str, ...]]) -> str:
    text = "<html><body><h1>Zen</h1>"
    for head, *rows in tables:
        text += "<table><thead><tr>" + "".join(f"<th>{cell}</th>" for cell in head) + "</tr></thead><tbody>"
        for row in rows:
            text += "<tr>" + "".join(f"<td><code>{html.escape(cell)}</code></td>" for cell in row) + "</tr>"
        text += "</tbody></table>"
    return text


def read(text: str) -> dict[str, Price]:
    return read_page_prices(text, source="zen", dated="2026-11-21")


@pytest.mark.parametrize("written", [markdown, page])
def test_names_are_joined_with_ids_and_lengths_with_their_model(written: Callable[..., str]) -> None:
    found = read(written(MODELS, PRICES))

    assert found.keys() == {"big-pickle", "claude-sonnet-4-5", "gpt-5.4-mini"}
    assert cost(Usage(10**6, 10**6, 10**6), found["big-pickle"]) == 0
    assert found["gpt-5.4-mini"].rates == rates_of(
        75 * DOLLAR // 100, 45 * DOLLAR // 10, cached_input=75 * DOLLAR // 1000
    )
    sonnet = found["claude-sonnet-4-5"]
    assert cost(Usage(200_000, 10_000), sonnet) == 200_000 * 3000 + 10_000 * 15_000
    assert cost(Usage(200_001, 10_000), sonnet) == 200_001 * 6000 + 10_000 * 22_500
    assert sonnet.label == "zen 2026-11-21"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no tables at all",
        markdown(MODELS),
        markdown(PRICES),
        markdown(MODELS, [PRICES[0], ("GPT 5.4 Mini", "on request", "$1", "-", "-")]),
        markdown(MODELS, [PRICES[0], ("GPT 5.4 Mini", "$1.00")]),
        markdown(MODELS, [PRICES[0], ("GPT 5.4 Mini", "$99999999", "$1", "-", "-")]),
        markdown(MODELS, [("Model", "Price"), ("GPT 5.4 Mini", "$1.00")]),
        "<table><tr><td>a</td></tr>" * 10,
        "<table><tr><th>Model<td>x",
    ],
)
def test_a_page_that_has_changed_gives_no_prices(text: str) -> None:
    assert read(text) == {}
