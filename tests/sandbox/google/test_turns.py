"""Contents in the wrong order, parts without data and lost signatures are refused in Google's words."""

import base64
from typing import Any

import pytest

from tests.sandbox.google.asking import said
from tokenrouter.sandbox.google.errors import GoogleError
from tokenrouter.sandbox.google.json import read as read_json
from tokenrouter.sandbox.google.surface import AI_STUDIO, VERTEX_AI, Surface
from tokenrouter.sandbox.google.thought_signatures import Signer
from tokenrouter.sandbox.google.turns import SKIP_WORDS, check_signatures, read, subject

SIGNER = Signer("gemini", "thinker")


def contents(*given: dict[str, Any]) -> list[dict[str, Any]]:
    message = read_json(AI_STUDIO.declared, "GenerateContentRequest", {"contents": list(given)})
    return message["contents"]  # type: ignore[return-value]


def call(name: str = "f", signature: bytes | None = None, **more: object) -> dict[str, Any]:
    part: dict[str, Any] = {"functionCall": {"name": name, "args": {"a": 1}, **more}}
    return {**part, "thoughtSignature": base64.b64encode(signature).decode()} if signature else part


def result(name: str = "f", **more: object) -> dict[str, Any]:
    return {"functionResponse": {"name": name, "response": {"output": "42"}, **more}}


def model(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"role": "model", "parts": list(parts)}


def user(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"role": "user", "parts": list(parts)}


def refusal(*given: dict[str, Any]) -> str:
    with pytest.raises(GoogleError) as caught:
        read(contents(*given), AI_STUDIO)
    return caught.value.message


def test_results_become_turns_of_their_own() -> None:
    given = contents(said("go"), model(call(), call("g")), user(result(), result("g")))

    turns = read(given, AI_STUDIO).turns

    assert [turn.role for turn in turns] == ["user", "assistant", "tool", "tool"]
    assert [turn.text for turn in turns[2:]] == ["42", "42"]


def test_media_are_weighed_by_modality() -> None:
    png = {"inlineData": {"mimeType": "image/png", "data": "QQ=="}}
    pdf = {"fileData": {"mimeType": "application/pdf", "fileUri": AI_STUDIO.file_prefixes[0] + "v1beta/files/a"}}
    shown = result(parts=[png])

    conversation = read(contents(user(png, pdf, {"text": "look"}), model(call()), user(shown)), AI_STUDIO)

    assert dict(conversation.media) == {"IMAGE": 516, "DOCUMENT": 258}
    assert [turn.more_tokens for turn in conversation.turns] == [516, 0, 258]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ([], "contents is not specified"),
        ([{"role": "assistant", "parts": [{"text": "x"}]}], "Please use a valid role: user, model."),
        ([{"role": "user", "parts": []}], "contents.parts must not be empty"),
        ([user({"thought": True})], "required oneof field 'data' must have one initialized field"),
        ([user({"inlineData": {"mimeType": "image/gif", "data": "QQ=="}})], "Unsupported MIME type: image/gif"),
        ([user({"inlineData": {"mimeType": "image/png"}})], "required field must not be empty"),
        ([user({"fileData": {"fileUri": "https://example.com/a.png"}})], "Invalid or unsupported file uri"),
        ([said("x"), model({"functionCall": {}})], "Name cannot be empty"),
        ([model(call())], "function call turn comes immediately after a user turn"),
        ([said("x"), user(result())], "function response turn comes immediately after a function call turn"),
        ([said("x"), model(call()), said("y")], "number of function response parts is equal"),
        ([said("x"), model(call(), call("g")), user(result()), user(result("g"))], "number of function response parts"),
        ([said("x"), model(call()), user(result("g"))], "the name of each function response"),
        ([said("x"), model(call(id="1")), user(result(id="2"))], "the id of each function response"),
    ],
)
def test_what_google_refuses(given: list[dict[str, Any]], told: str) -> None:
    assert told in refusal(*given)


def test_the_chunks_of_a_stream_may_come_back_one_by_one() -> None:
    given = (said("x"), said("y", "model"), model(call(signature=GOOD)), model(call("g")), user(result(), result("g")))

    assert read(contents(*given), AI_STUDIO).turns
    assert signatures(*given) == ""


def test_ids_need_not_be_there() -> None:
    assert read(contents(said("x"), model(call(id="1")), user(result())), AI_STUDIO).turns


def signatures(*given: dict[str, Any], surface: Surface = AI_STUDIO, thinks: bool = True) -> str:
    try:
        check_signatures(contents(*given), SIGNER, surface, thinks)
    except GoogleError as error:
        return error.message
    return ""


GOOD = SIGNER.sign(subject("f", {"a": 1}))


def test_the_first_call_of_a_step_has_to_be_signed() -> None:
    step = (model(call(signature=GOOD), call("g")), user(result(), result("g")))

    assert signatures(said("x"), *step) == ""
    assert "call `default_api:f` , position 2" in signatures(said("x"), model(call()), user(result()))
    assert "call `default_api:f` , position 4" in signatures(said("x"), *step, model(call()), user(result()))


def test_only_the_current_turn_is_looked_at() -> None:
    assert signatures(said("x"), model(call()), user(result()), said("done", "model"), said("y")) == ""


def test_who_does_not_think_signs_nothing() -> None:
    assert signatures(said("x"), model(call()), user(result()), thinks=False) == ""


@pytest.mark.parametrize("word", SKIP_WORDS)
@pytest.mark.parametrize("encoded", [False, True])
def test_the_documented_words_stand_for_a_signature(word: str, encoded: bool) -> None:
    part = call()
    part["thoughtSignature"] = base64.b64encode(word.encode()).decode() if encoded else word

    assert signatures(said("x"), model(part), user(result())) == ""


@pytest.mark.parametrize(
    "part",
    [
        call(signature=b"invented"),
        call("g", signature=GOOD),
        {"text": "x", "thoughtSignature": base64.b64encode(GOOD).decode()},
        call(signature=Signer("vertex", "thinker").sign(subject("f", {"a": 1}))),
        call(signature=Signer("gemini", "thinker-open").sign(subject("f", {"a": 1}))),
    ],
)
def test_a_signature_that_is_not_ours_or_not_there_is_corrupted(part: dict[str, Any]) -> None:
    assert signatures(said("x"), model(part)) == "Corrupted thought signature."


def test_how_a_number_is_written_does_not_matter() -> None:
    assert subject("f", {"a": 1.0, "b": [2]}) == subject("f", {"b": [2.0], "a": 1})


def test_vertex_says_it_in_its_own_words() -> None:
    unsigned = signatures(said("x"), model(call()), user(result()), surface=VERTEX_AI)

    assert unsigned.startswith("Unable to submit request because function call `f` in the 2. content block")
