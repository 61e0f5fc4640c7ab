"""The settings of a request, each read or refused."""

from typing import Any

import pytest

from tests.sandbox.google.asking import asking
from tokenrouter.sandbox.fields import Fields
from tokenrouter.sandbox.google.errors import GoogleError
from tokenrouter.sandbox.google.request import GenerateRequest, read_generate
from tokenrouter.sandbox.google.surface import AI_STUDIO
from tokenrouter.sandbox.models import MODELS


def read(config: dict[str, Any] | None = None, text: str = "hello", **more: object) -> GenerateRequest:
    body = asking(text, generationConfig=config or {}, **more)
    return read_generate(Fields(body), b"", MODELS["thinker"], AI_STUDIO)


def test_limits_and_stops_are_read() -> None:
    request = read(
        {"maxOutputTokens": 7, "stopSequences": ["a", "b"], "candidateCount": 3, "temperature": 2, "topK": 40}
    )

    assert (request.ask.max_tokens, request.ask.stop, request.candidates) == (7, ("a", "b"), 3)


def test_the_system_instruction_comes_first_whatever_its_role() -> None:
    request = read(systemInstruction={"role": "user", "parts": [{"text": "be kind"}, {"text": "and brief"}]})

    assert [(turn.role, turn.text) for turn in request.ask.turns] == [
        ("system", "be kind\nand brief"),
        ("user", "hello"),
    ]


@pytest.mark.parametrize(
    ("thinking", "effort"),
    [
        ({}, None),
        ({"thinkingLevel": "LOW"}, "low"),
        ({"thinkingLevel": "high"}, "high"),
        ({"thinkingBudget": 0}, "none"),
        ({"thinkingBudget": -1}, None),
        ({"thinkingBudget": 1024}, "low"),
        ({"thinking_budget": 8192}, "medium"),
        ({"thinkingBudget": 32768}, "high"),
    ],
)
def test_level_and_budget_become_an_effort(thinking: dict[str, Any], effort: str | None) -> None:
    assert read({"thinkingConfig": thinking}).ask.effort == effort


@pytest.mark.parametrize(
    ("config", "told"),
    [
        (
            {"thinkingConfig": {"thinkingBudget": 1, "thinkingLevel": "LOW"}},
            "only one of thinking budget and thinking level",
        ),
        ({"thinkingConfig": {"thinkingBudget": 52428}}, "The thinking budget (52428) is invalid"),
        ({"stopSequences": ["1", "2", "3", "4", "5", "6"]}, "at most 5"),
        ({"maxOutputTokens": 0}, "max_output_tokens"),
        ({"candidateCount": 9}, "candidate_count"),
        ({"responseMimeType": "image/png"}, "allowed mimetypes"),
        ({"responseSchema": {"type": "STRING"}}, "only supported with the response mime type"),
        (
            {"responseMimeType": "application/json", "responseSchema": {"type": "STRING"}, "responseJsonSchema": {}},
            "Only one of",
        ),
        (
            {"responseMimeType": "application/json", "responseSchema": {"type": "ARRAY"}},
            "response_schema.items: missing",
        ),
        ({"maxTokens": 5}, 'Unknown name "maxTokens"'),
    ],
)
def test_what_google_refuses(config: dict[str, Any], told: str) -> None:
    with pytest.raises(GoogleError) as caught:
        read(config)

    assert caught.value.status == 400
    assert told in caught.value.message


def test_no_cache_is_known() -> None:
    with pytest.raises(GoogleError) as caught:
        read(cachedContent="cachedContents/x")

    assert caught.value.status == 403


def test_a_system_instruction_is_text() -> None:
    with pytest.raises(GoogleError, match="only text parts"):
        read(systemInstruction={"parts": [{"inlineData": {"mimeType": "image/png", "data": "QQ=="}}]})


@pytest.mark.parametrize(
    ("text", "finish", "block"),
    [
        ("finish with SAFETY", "SAFETY", None),
        ("be blocked with OTHER", None, "OTHER"),
        ("finish with STYLE", None, None),
        ("hello", None, None),
    ],
)
def test_words_in_the_prompt_decide_the_end(text: str, finish: str | None, block: str | None) -> None:
    request = read(text=text)

    assert (request.finish_reason, request.block_reason) == (finish, block)
