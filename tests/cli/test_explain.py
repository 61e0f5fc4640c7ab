"""`toro explain`, in front of a server that says what it is told to."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.cli.answering import Answering
from tokenrouter.cli.toro import main
from tokenrouter.testing.processes import free_port

TOLD: dict[str, Any] = {
    "key": "alice",
    "operation": "chat",
    "model": "best",
    "stream": True,
    "decision": {"by": "alias", "profile": "work", "selection": "ordered", "order": ["acme/a", "other/b"]},
    "places": [
        {
            "target": "acme/a",
            "health": {"state": "open", "provider": "online", "quota_left": None},
            "dropped": ["sampling.top_k"],
            "emulated": [],
            "estimate": {"cost_usd": {"low": "0.000009900", "high": "0.500000000"}},
        },
        {
            "target": "other/b",
            "health": {"state": "cooling", "reason": "provider_refused", "for_s": 29.6, "provider": "offline"},
            "refused": "the conversation is empty",
            "estimate": {"cost_usd": {"low": "0.000001000", "high": None}},
        },
        {"target": "third/c", "health": {"state": "open"}, "estimate": {}},
        {"target": "fourth/d", "health": {"state": "open"}, "estimate": {"input_tokens": {}}},
    ],
    "left_out": [{"target": "off/x", "why": "disabled", "reason": "the provider is disabled"}],
    "unheard": ["provider.quantizations"],
    "limits": [
        {
            "scope": "key:alice",
            "metric": "tokens",
            "window": "day",
            "amount": 1000,
            "left": 250,
            "resets_in_s": 60.4,
        }
    ],
}
PAGE = """\
best, asked by alice (chat, streamed)
found by an alias, profile work, ordered

1  acme/a    open                                      about $0.0000099, at most $0.50
2  other/b   cooling 30 s (provider_refused), offline  about $0.000001, at most no bound
3  third/c   open
4  fourth/d  open                                      no price known

not asked:
  off/x  the provider is disabled

lost on the way:
  other/b     refuses the request: the conversation is empty
  acme/a      dropped: sampling.top_k
  everywhere  dropped: provider.quantizations

limits:
  key:alice  tokens day  250 of 1000 left  starts anew in 60 s
"""


def explain(home: Path, *args: str, stdin: str | None = None) -> Result:
    environ = {"TOKENROUTER_HOME": str(home), "TOKENROUTER_URL": None, "TOKENROUTER_API_KEY": None}
    return CliRunner().invoke(main, ["explain", *args], input=stdin, env=environ)


def test_a_person_sees_the_places_in_order_and_all_that_stands_in_the_way(tmp_path: Path) -> None:
    with Answering(200, json.dumps(TOLD).encode()) as server:
        done = explain(tmp_path, "best", "--url", server.url, "--key", "tr_key", "--stream", "--input-tokens", "5")

    assert done.output == PAGE
    assert done.exit_code == 0
    assert server.asked == [
        ("POST", "/v1/route/explain", "Bearer tr_key", {"model": "best", "input_tokens": 5, "stream": True})
    ]


def test_a_program_gets_json(tmp_path: Path) -> None:
    with Answering(200, json.dumps(TOLD).encode()) as server:
        done = explain(tmp_path, "best", "--url", server.url, "--json")

    assert json.loads(done.output) == TOLD


def test_a_request_is_read_from_a_file_and_flags_come_before_it(tmp_path: Path) -> None:
    request = {"model": "a", "messages": []}
    with Answering(200, json.dumps(TOLD).encode()) as server:
        explain(tmp_path, "b", "--file", "-", "--as", "bob", "--url", server.url, stdin=json.dumps(request))

    assert server.asked[0][3] == {"model": "b", "messages": [], "key": "bob"}


def test_what_the_request_would_be_told_is_told(tmp_path: Path) -> None:
    with Answering(404, b'{"error": {"message": "No provider offers model"}}') as server:
        done = explain(tmp_path, "x", "--url", server.url)

    assert (done.exit_code, done.output) == (1, "toro: the request would be refused: No provider offers model\n")


def test_whose_key_is_none_is_told_how_to_say_another(tmp_path: Path) -> None:
    with Answering(401, b'{"error": {"message": "The API key is not known here."}}') as server:
        done = explain(tmp_path, "x", "--url", server.url)

    assert (done.exit_code, done.output.startswith("toro: The API key is not known here. (`toro connect`")) == (1, True)


@pytest.mark.parametrize(
    ("args", "stdin", "words"),
    [
        ((), None, "name a MODEL"),
        (("--file", "-"), "{}", "name a MODEL"),
        (("--file", "-"), "[", "is no JSON"),
        (("--file", "-"), "[]", "is no JSON object"),
        (("x", "--url", "ftp://x"), None, "no address of a server"),
        (("x", "--input-tokens", "-1"), None, "--input-tokens"),
    ],
)
def test_what_cannot_be_understood_is_said(
    tmp_path: Path, args: tuple[str, ...], stdin: str | None, words: str
) -> None:
    done = explain(tmp_path, *args, stdin=stdin)

    assert done.exit_code == 2
    assert words in done.output


def test_a_server_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    done = explain(tmp_path, "x", "--url", f"http://127.0.0.1:{free_port()}")

    assert done.exit_code == 3
    assert "is torod running" in done.output


def explained_by(told: object, *args: str) -> Result:
    with Answering(200, json.dumps(told).encode()) as server:
        return CliRunner().invoke(main, ["explain", "best", "--url", server.url, "--key", "tr_1", *args])


@pytest.mark.parametrize(
    "told", [[], {}, "x", {**TOLD, "places": 7}, {**TOLD, "limits": [{}]}, {**TOLD, "decision": None}]
)
def test_an_answer_that_explains_nothing_is_told_in_words(told: object) -> None:
    done = explained_by(told)

    assert (done.exit_code, "not what toro expects" in done.output) == (3, True), done.output


def test_nothing_of_the_answer_is_obeyed_by_a_terminal() -> None:
    told = {**TOLD, "model": "a\x1b]0;b\x9bc\ud800"}

    assert explained_by(told).output.startswith("a]0;bc, asked by alice")
    assert json.loads(explained_by(told, "--json").output) == told
