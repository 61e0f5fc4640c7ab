"""Transcripts as the vendor's SDK sees them."""

from typing import Any

import pytest
from openai import BadRequestError, OpenAI

from tests.sandbox.openai_wire import call
from tokenrouter.sandbox.openai.audio import PCM_BYTES, wav_head
from tokenrouter.testing.processes import SandboxProcess

TWO_SECONDS: Any = ("speech.wav", wav_head(40 * PCM_BYTES) + bytes(40 * PCM_BYTES), "audio/wav")


def test_how_long_it_is_decides_what_is_said_and_billed(client: OpenAI) -> None:
    answer = client.audio.transcriptions.create(model="lorem", file=TWO_SECONDS, prompt="xxxx")

    assert answer.text == "Lorem ipsum dolor sit am"
    assert answer.usage is not None
    assert answer.usage.type == "tokens"
    assert (answer.usage.input_tokens, answer.usage.output_tokens, answer.usage.total_tokens) == (21, 6, 27)
    assert answer.usage.input_token_details is not None
    assert answer.usage.input_token_details.audio_tokens == 20


def test_other_sounds_last_as_long_as_they_are_large(client: OpenAI) -> None:
    answer = client.audio.transcriptions.create(
        model="lorem", file=("a.mp3", bytes(48_000)), response_format="verbose_json"
    )

    assert answer.duration == 3.0
    assert answer.usage is not None
    assert answer.usage.seconds == 3
    assert answer.segments is not None
    assert answer.segments[0].end == 3.0


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        ("text", "said\n"),
        ("srt", "1\n00:00:00,000 --> 00:00:02,000\nsaid\n\n"),
        ("vtt", "WEBVTT\n\n00:00:00.000 --> 00:00:02.000\nsaid\n\n"),
    ],
)
def test_texts_come_plain(client: OpenAI, wanted: Any, text: str) -> None:
    answer: Any = client.audio.transcriptions.create(
        model="echo", file=TWO_SECONDS, prompt="said", response_format=wanted
    )

    assert answer == text


def test_a_stream_says_the_same_in_pieces(client: OpenAI) -> None:
    whole = client.audio.transcriptions.create(model="lorem", file=TWO_SECONDS)
    events = list(client.audio.transcriptions.create(model="lorem", file=TWO_SECONDS, stream=True))

    last = events[-1]
    assert last.type == "transcript.text.done"
    assert last.text == whole.text
    assert "".join(event.delta for event in events if event.type == "transcript.text.delta") == whole.text
    assert last.usage is not None
    assert whole.usage is not None
    assert last.usage.model_dump() == whole.usage.model_dump()


@pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")
def test_a_translation_tells_no_usage(client: OpenAI) -> None:
    answer = client.audio.translations.create(model="echo", file=TWO_SECONDS, prompt="said")

    assert answer.text == "said"
    assert "usage" not in (answer.model_extra or {})


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"file": ("a.txt", bytes(48_000))}, "file"),
        ({"file": ("a.mp3", b"short")}, "file"),
        ({"extra_body": {"voice": "x"}}, "voice"),
        ({"extra_body": {"temperature": "2"}}, "temperature"),
        ({"extra_body": {"response_format": "midi"}}, "response_format"),
    ],
)
def test_a_wrong_field_is_named(client: OpenAI, more: dict[str, Any], param: str) -> None:
    with pytest.raises(BadRequestError) as caught:
        client.audio.transcriptions.create(**{"model": "lorem", "file": TWO_SECONDS, **more})

    assert caught.value.param == param


def test_only_a_form_is_taken(sandbox: SandboxProcess) -> None:
    answered = call(sandbox.base_url, "/audio/transcriptions", {"model": "lorem"})

    assert answered.status == 400
    assert "multipart/form-data" in answered.json()["error"]["message"]
