"""Speech as the vendor's SDK sees it."""

import base64
import io
import json
import wave

import pytest
from openai import BadRequestError, OpenAI

from tests.sandbox.openai_wire import call
from tokenrouter.sandbox.openai.audio import MP3_FRAME, PCM_BYTES
from tokenrouter.testing.processes import SandboxProcess


def test_a_wav_can_be_played(client: OpenAI) -> None:
    sound = client.audio.speech.create(model="lorem", input="x" * 40, voice="alloy", response_format="wav").content

    with wave.open(io.BytesIO(sound)) as opened:
        assert (opened.getframerate(), opened.getsampwidth(), opened.getnchannels()) == (24_000, 2, 1)
        assert opened.getnframes() / opened.getframerate() == 10 * 0.05
        assert len(opened.readframes(opened.getnframes())) == 10 * PCM_BYTES


@pytest.mark.parametrize(
    ("wanted", "kind", "size"),
    [({}, "audio/mpeg", 2 * len(MP3_FRAME)), ({"response_format": "pcm"}, "audio/pcm", PCM_BYTES)],
)
def test_other_formats_come_in_their_size(
    sandbox: SandboxProcess, wanted: dict[str, str], kind: str, size: int
) -> None:
    answered = call(sandbox.base_url, "/audio/speech", {"model": "lorem", "input": "x" * 8, "voice": "echo", **wanted})

    assert answered.headers["content-type"] == kind
    assert len(answered.body) == 2 * size


def test_a_frame_of_mp3_is_as_long_as_its_head_says() -> None:
    head = int.from_bytes(MP3_FRAME[:4])
    kbits = (8, 16, 24, 32, 40, 48, 56, 64)[(head >> 12 & 15) - 1]

    assert head >> 17 == 0b111111111111001  # the sign of a frame, MPEG 2, layer III
    assert (head >> 10 & 3) == 1  # 24 kHz
    assert len(MP3_FRAME) == 72 * kbits * 1000 // 24_000


def test_events_carry_the_same_sound_and_its_usage(sandbox: SandboxProcess) -> None:
    body = {"model": "lorem", "input": "x" * 12, "voice": {"id": "mine"}, "response_format": "wav"}
    whole = call(sandbox.base_url, "/audio/speech", body).body
    streamed = call(sandbox.base_url, "/audio/speech", {**body, "stream_format": "sse", "instructions": "softly"})

    *deltas, done = [json.loads(event[6:]) for event in streamed.body.decode().split("\n\n") if event]
    assert streamed.headers["content-type"].startswith("text/event-stream")
    assert b"".join(base64.b64decode(delta["audio"]) for delta in deltas) == whole
    assert {delta["type"] for delta in deltas} == {"speech.audio.delta"}
    assert done == {
        "type": "speech.audio.done",
        "usage": {"input_tokens": 3 + 2, "output_tokens": 3, "total_tokens": 8},
    }


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"input": ""}, "input"),
        ({"input": "x" * 4097}, "input"),
        ({"voice": "nobody"}, "voice"),
        ({"voice": {"name": "x"}}, "voice.id"),
        ({"speed": 5}, "speed"),
        ({"response_format": "midi"}, "response_format"),
        ({"stream_format": "chunks"}, "stream_format"),
        ({"stream": True}, "stream"),
    ],
)
def test_a_wrong_field_is_named(client: OpenAI, body: dict[str, object], param: str) -> None:
    with pytest.raises(BadRequestError) as caught:
        client.audio.speech.create(model="lorem", input="x", voice="alloy", extra_body=body)

    assert caught.value.param == param
