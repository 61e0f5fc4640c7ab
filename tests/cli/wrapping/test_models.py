"""Which model a tool is to use."""

import json

import pytest

from tests.cli.answering import Answering
from tokenrouter.cli.client import Server
from tokenrouter.cli.wrapping.models import Lengths, choose_model, first_like, offered_models

USUAL = ("codex", "gpt-6.1-sol", "gpt-5*")


@pytest.mark.parametrize(
    ("offered", "default", "chosen"),
    [
        (("lab/a", "openai/gpt-6.1-sol"), "mine", "mine"),
        (("lab/a", "openai/gpt-5.4", "openai/gpt-6.1-sol"), "", "openai/gpt-6.1-sol"),
        (("lab/free", "openai/gpt-5.4"), "", "openai/gpt-5.4"),
        (("openai/gpt-6.1-sol", "codex"), "", "codex"),
        (("lab/a", "lab/b:free"), "", "lab/b:free"),
        (("lab/embed-small", "lab/gpt-image-free", "lab/a"), "", "lab/a"),
        (("lab/text-embedding-3",), "", ""),
        ((), "", ""),
    ],
)
def test_what_was_written_down_then_the_usual_then_the_free_then_the_first(
    offered: tuple[str, ...], default: str, chosen: str
) -> None:
    assert choose_model(offered, default, USUAL) == chosen


def test_a_pattern_is_held_against_names_with_and_without_their_provider() -> None:
    assert first_like(("a/claude-x", "lab/deep/claude-y"), ("claude-y",)) == "lab/deep/claude-y"
    assert first_like(("a/claude-x",), ("a/*",)) == "a/claude-x"
    assert first_like(("a/claude-x",), ("claude",)) == ""


def test_the_server_is_asked_with_the_key_and_says_what_it_knows_of_each() -> None:
    cards = [
        {"id": "b", "context_length": 9},
        {"no": 1},
        7,
        {"id": 8},
        {"id": "c\x1b]0;"},
        {"id": "d\0"},
        {"id": ""},
        {"id": "a", "context_length": "many"},
    ]
    with Answering(200, json.dumps({"data": cards}).encode()) as answering:
        told = offered_models(Server(answering.url, "tr_mine"))
        assert list(told.items()) == [("b", Lengths(9)), ("a", Lengths())]
        assert answering.asked == [("GET", "/v1/models", "Bearer tr_mine", None)]


@pytest.mark.parametrize("body", [[], {}, {"data": 3}, "x"])
def test_a_strange_list_offers_nothing(body: object) -> None:
    with Answering(200, json.dumps(body).encode()) as answering:
        assert offered_models(Server(answering.url)) == {}
