"""Which model is meant when nobody said."""

import json

import pytest

from tests.cli.answering import Answering
from tokenrouter.cli.client import ClientMistake, Server
from tokenrouter.cli.terminal.model_choice import choose_models, preferred


def test_free_ones_come_first_and_what_cannot_chat_never() -> None:
    names = ["a/embed-1", "a/large", "b/x:free", "a/tts-1", "a/small"]

    assert preferred(names) == ["b/x:free", "a/large", "a/small"]
    assert preferred(["a/embed-1"]) == ["a/embed-1"]


@pytest.mark.parametrize(("names", "chosen"), [(["a", "b", "c"], ["a", "b"]), (["a"], ["a", "a"])])
def test_as_many_are_chosen_as_are_needed(names: list[str], chosen: list[str]) -> None:
    body = json.dumps({"data": [{"id": name} for name in names]}).encode()
    with Answering(200, body) as server:
        assert choose_models(Server(server.url), 2) == chosen


def test_where_there_is_none_it_is_said() -> None:
    with Answering(200, b'{"data": []}') as server, pytest.raises(ClientMistake, match="no model"):
        choose_models(Server(server.url), 1)
