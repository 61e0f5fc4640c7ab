import json
import time

import pytest

from tests.gateway.fakes import KEY, Client, Notes, Provided, Scripted, gateway
from tokenrouter.dialects.base import Dialect
from tokenrouter.dialects.openai.media import IMAGES, SPEECH, TRANSCRIPTIONS
from tokenrouter.domain.errors import ProviderCut, ProviderProtocolError
from tokenrouter.domain.keys import key_digest
from tokenrouter.gateway.call import Call, CallHead
from tokenrouter.gateway.unread import TAIL_BYTES

SOUND = b"audio/mpeg"


class Unread(Scripted):
    """An answer that is still arriving when its head is there."""

    def __init__(self, kind: bytes, pieces: list[bytes], ending: Exception | None = None) -> None:
        super().__init__(200, kind, pieces, ending)
        self.complete = False

    def take(self) -> bytes:
        return b""


def call(dialect: Dialect, body: bytes) -> Call:
    return Call(CallHead(dialect, key_digest(KEY, b"")), body, "req_1", time.time(), time.monotonic())


def speech(**more: object) -> Call:
    return call(SPEECH, json.dumps({"model": "acme/small", "input": "hello", "voice": "v", **more}).encode())


async def test_sound_passes_byte_for_byte_and_is_written_down() -> None:
    notes, client = Notes(), Client()
    pieces = [bytes([n]) * 5000 for n in range(20)]
    await gateway(Provided(Unread(SOUND, list(pieces))), notes).serve(speech(), client)

    assert client.body == b"".join(pieces)
    assert b"content-type: audio/mpeg\r\n" in client.headers
    assert b"nosniff" in client.headers
    (row,) = notes.ended
    assert (row.operation, row.end_reason, row.bytes_out, row.estimated) == ("speech", "completed", 100_000, True)
    assert row.usage.output_tokens == 0
    assert row.usage.input_tokens > 0


async def test_the_end_waits_until_the_request_is_written_down() -> None:
    class Watching(Client):
        def __init__(self, notes: Notes) -> None:
            super().__init__()
            self.notes = notes
            self.before_the_row = 0

        def write(self, data: bytes) -> None:
            if not self.notes.ended:
                self.before_the_row += len(data)
            super().write(data)

    notes = Notes()
    client = Watching(notes)
    await gateway(Provided(Unread(SOUND, [b"x" * 10_000])), notes).serve(speech(), client)

    assert client.before_the_row == 10_000 - TAIL_BYTES
    assert len(client.body) == 10_000


async def test_sound_that_is_cut_is_no_success() -> None:
    notes, client = Notes(), Client()
    cut = Unread(SOUND, [b"x" * 5000], ProviderCut("cut", provider="acme"))
    with pytest.raises(ProviderCut):
        await gateway(Provided(cut), notes).serve(speech(), client)

    assert not client.finished
    assert notes.ended[0].end_reason == "provider_cut"


async def test_a_providers_error_about_sound_is_still_an_error() -> None:
    client = Client()
    refused = Scripted(400, b"application/json", [b'{"error":{"message":"no such voice"}}'])
    await gateway(Provided(refused), Notes()).serve(speech(), client)

    assert client.status == 400


async def test_subtitles_are_counted_as_text() -> None:
    notes, client = Notes(), Client()
    body = (
        b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nacme/small\r\n'
        b'--b\r\nContent-Disposition: form-data; name="response_format"\r\n\r\nsrt\r\n--b--\r\n'
    )
    provided = Provided(Unread(b"text/plain; charset=utf-8", [b"1\n00:00 hello\n" * 10]))
    await gateway(provided, notes).serve(call(TRANSCRIPTIONS, body), client)

    assert notes.ended[0].usage.output_tokens > 10
    sent = b"".join(provided.asked[0].data)
    assert b'content-type: multipart/form-data; boundary="b"\r\n' in sent
    assert b"application/json" not in sent
    assert sent.endswith(body.replace(b"acme/small", b"small"))


async def test_json_is_still_demanded_where_json_was_asked_for() -> None:
    with pytest.raises(ProviderProtocolError):
        await gateway(Provided(Scripted(200, SOUND, [b"ID3"])), Notes()).serve(
            call(IMAGES, b'{"model":"acme/small","prompt":"x"}'), Client()
        )


async def test_a_long_picture_is_not_held_for_as_text() -> None:
    notes, client = Notes(), Client()
    answer = b'{"data":[{"b64_json":"' + b"A" * 300_000 + b'"}],"usage":{"input_tokens":9,"output_tokens":4160}}'
    long = Unread(b"application/json", [answer[i : i + 65536] for i in range(0, len(answer), 65536)])
    long.take = lambda: long._pieces.pop(0)  # type: ignore[method-assign]
    await gateway(Provided(long), notes).serve(call(IMAGES, b'{"model":"acme/small","prompt":"x"}'), client)

    assert client.body == answer
    assert notes.ended[0].usage.output_tokens == 4160
    assert len(notes.held) == 1
    assert notes.held[0].output_tokens == 6240
