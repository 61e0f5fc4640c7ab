import json

import pytest

from tokenrouter.dialects.base import AnswerKind
from tokenrouter.dialects.openai import media
from tokenrouter.dialects.relay import StreamRelay
from tokenrouter.domain.errors import InvalidRequest, MissingModel

END = b"--b--\r\n"


def field(name: str, value: str) -> bytes:
    return f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()


def sound(size: int) -> bytes:
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.mp3"\r\n\r\n'
    return head + b"x" * size + b"\r\n"


def event(kind: str, **more: object) -> bytes:
    return b"data: " + json.dumps({"type": kind, **more}).encode() + b"\n\n"


def test_a_form_names_its_model_and_brings_its_content_type() -> None:
    head = media.TRANSCRIPTIONS.peek(sound(10) + field("model", "acme/whisper") + END)

    assert (head.model, head.stream, head.answer) == ("acme/whisper", False, "text")
    assert head.headers == b'content-type: multipart/form-data; boundary="b"\r\n'


@pytest.mark.parametrize(
    ("wanted", "answer"),
    [("json", "text"), ("verbose_json", "text"), ("text", "bytes"), ("srt", "bytes"), ("vtt", "bytes")],
)
def test_subtitles_are_no_json(wanted: str, answer: AnswerKind) -> None:
    head = media.TRANSLATIONS.peek(field("model", "m") + field("response_format", wanted) + END)

    assert head.answer == answer


def test_a_large_file_is_not_held_for_as_a_token_for_each_byte() -> None:
    small = media.TRANSCRIPTIONS.peek(field("model", "m") + sound(1) + END)
    large = media.TRANSCRIPTIONS.peek(field("model", "m") + sound(10_000_000) + END)

    assert small.size > media.FILE_TOKENS
    assert 100_000 < large.size < 1_000_000


def test_a_transcription_is_streamed_when_the_form_says_so() -> None:
    assert media.TRANSCRIPTIONS.peek(field("model", "m") + field("stream", "true") + END).stream


def test_a_form_without_a_model_is_refused() -> None:
    with pytest.raises(MissingModel):
        media.TRANSCRIPTIONS.peek(sound(3) + END)


def test_json_where_only_a_form_will_do_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="multipart"):
        media.TRANSCRIPTIONS.peek(b'{"model":"m"}')


def test_an_edit_may_be_a_form_or_json() -> None:
    as_json = media.IMAGE_EDITS.peek(b'{"model":"m","prompt":"x","n":2}')
    as_form = media.IMAGE_EDITS.peek(field("model", "m") + field("n", "2") + END)

    assert as_json.headers == b"content-type: application/json\r\n"
    assert as_json.least_output_tokens == as_form.least_output_tokens == 2 * media.PICTURE_TOKENS


def test_pictures_in_json_are_not_held_for_as_a_token_for_each_byte() -> None:
    pictures = [{"image_url": "data:image/png;base64," + "A" * 5_000_000}]
    head = media.IMAGE_EDITS.peek(json.dumps({"model": "m", "prompt": "x", "images": pictures}).encode())

    assert media.FILE_TOKENS < head.size < 100_000


@pytest.mark.parametrize("n", ["0", "-1", "many", "101", "1e3"])
def test_a_number_of_pictures_that_cannot_be_is_refused(n: str) -> None:
    with pytest.raises(InvalidRequest):
        media.IMAGE_EDITS.peek(field("model", "m") + field("n", n) + END)


def test_pictures_come_as_json_and_sound_does_not() -> None:
    assert media.IMAGES.peek(b'{"model":"m","prompt":"x"}').answer == "media"
    speech = media.SPEECH.peek(b'{"model":"m","input":"x","voice":"v","stream_format":"audio"}')
    assert (speech.answer, speech.stream) == ("bytes", False)
    assert media.SPEECH.peek(b'{"model":"m","input":"x","voice":"v","stream_format":"sse"}').stream


def test_a_prompt_is_needed() -> None:
    with pytest.raises(InvalidRequest, match="prompt"):
        media.IMAGES.peek(b'{"model":"m"}')


def test_a_stream_of_two_pictures_ends_with_the_second_and_counts_both() -> None:
    usage = {"input_tokens": 5, "output_tokens": 100, "total_tokens": 105}
    relay = StreamRelay(media.IMAGES.reading, strip_usage=False)
    relay.feed(event("image_generation.partial_image", b64_json="aGk="))
    relay.feed(event("image_generation.completed", b64_json="aGk=", usage=usage))
    assert not relay.ended
    relay.feed(event("image_generation.completed", b64_json="aGk=", usage=usage))

    assert relay.close() == b""
    assert relay.usage is not None
    assert (relay.usage.input_tokens, relay.usage.output_tokens) == (10, 200)
    assert relay.content_bytes == 0


def test_a_picture_too_large_to_hold_is_still_whole() -> None:
    relay = StreamRelay(media.IMAGES.reading, strip_usage=False)
    usage = {"input_tokens": 5, "output_tokens": 6240}
    large = event("image_generation.completed", b64_json="A" * 20_000_000, usage=usage)
    passed = b"".join(relay.feed(large[at : at + 65536]) for at in range(0, len(large), 65536))

    assert relay.close() == b""
    assert passed == large
    assert relay.usage is not None
    assert relay.usage.output_tokens == 6240


def test_a_stream_of_pictures_that_stops_before_one_is_whole_was_cut() -> None:
    relay = StreamRelay(media.IMAGES.reading, strip_usage=False)
    relay.feed(event("image_generation.partial_image", b64_json="aGk="))

    assert relay.close() is None


def test_a_transcript_ends_with_its_usage_and_its_text_is_counted() -> None:
    relay = StreamRelay(media.TRANSCRIPTIONS.reading, strip_usage=False)
    relay.feed(event("transcript.text.delta", delta="hello"))
    relay.feed(event("transcript.text.done", text="hello", usage={"input_tokens": 14, "output_tokens": 2}))

    assert relay.ended
    assert relay.usage is not None
    assert relay.usage.output_tokens == 2


def test_sound_as_events_ends_with_its_usage() -> None:
    relay = StreamRelay(media.SPEECH.reading, strip_usage=False)
    relay.feed(event("speech.audio.delta", audio="aGk="))
    relay.feed(event("speech.audio.done", usage={"input_tokens": 3, "output_tokens": 40}))

    assert relay.ended
    assert relay.content_bytes == 0


def test_seconds_are_no_tokens() -> None:
    body = b'{"text":"hello there","usage":{"type":"duration","seconds":9}}'

    assert media.TRANSCRIPTIONS.whole_usage(body) is None
    assert media.TRANSCRIPTIONS.content_bytes(body) == 11
