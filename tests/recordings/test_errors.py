"""Recorded errors become the right error of ours, and what each client's SDK raises for it."""

import itertools
import json
from collections.abc import Mapping

import pytest

from tests.recordings.corpus import BROKEN_STREAMS, ERRORS, FAILING_STREAMS, TARGET, Recording, status_of
from tests.recordings.judges import Desk, Judge, Refused
from tests.recordings.test_translated import CLIENTS, reply_in
from tokenrouter.dialects.translate import TranslatingRelay
from tokenrouter.domain.errors import ProviderProtocolError, ProviderRefused
from tokenrouter.providers.refusals import error_of

ERROR_PAIRS = list(itertools.product(CLIENTS, ERRORS))


def relay_of(recording: Recording, client: str) -> TranslatingRelay:
    decoder = recording.codec.stream_decoder(TARGET)
    encoder = CLIENTS[client].stream_encoder(reply_in(client, stream=True))
    return TranslatingRelay(decoder, encoder, provider="acme", request_id="req_r1")


@pytest.mark.parametrize(("client", "recording"), ERROR_PAIRS, ids=str)
def test_a_recorded_error_is_raised_by_every_sdk(
    client: str, recording: Recording, desk: Desk, readers: Mapping[str, Judge]
) -> None:
    status = status_of(recording)
    error = error_of("acme", status, {}, recording.wire)
    assert isinstance(error, ProviderRefused)
    assert error.provider == "acme"
    desk.lay(CLIENTS[client].error_body(error, "req_r1"), stream=False, status=error.status)

    with pytest.raises(Refused, match="acme") as raised:
        readers[client].whole()

    assert raised.value.status == error.status == status
    assert json.loads(recording.wire)["error"]["message"] in str(raised.value)


def test_google_says_when_to_come_back() -> None:
    (recording,) = [each for each in ERRORS if each.spoken == "gemini"]

    error = error_of("acme", 429, {}, recording.wire)

    assert error is not None
    assert error.retry_after_s == 34.4


@pytest.mark.parametrize("recording", FAILING_STREAMS, ids=str)
@pytest.mark.parametrize("client", CLIENTS)
def test_a_stream_that_tells_an_error_makes_every_sdk_raise(
    client: str, recording: Recording, desk: Desk, readers: Mapping[str, Judge]
) -> None:
    relay = relay_of(recording, client)
    wire = relay.feed(recording.wire)
    desk.lay(wire + (relay.close() or b""), stream=True)

    with pytest.raises(Refused, match="quota"):
        readers[client].stream()

    assert relay.error_payload is not None
    assert not relay.ended


@pytest.mark.parametrize("recording", BROKEN_STREAMS, ids=str)
@pytest.mark.parametrize("client", CLIENTS)
def test_a_stream_that_contradicts_itself_is_no_success(client: str, recording: Recording) -> None:
    relay = relay_of(recording, client)

    with pytest.raises(ProviderProtocolError, match=r"'acme'.*event \(\d+\)"):
        relay.feed(recording.wire)

    assert not relay.ended
