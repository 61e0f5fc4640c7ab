"""Framing of the event stream, read back by the tests' own reader."""

from hypothesis import given
from hypothesis import strategies as st

from tests.sandbox.wire import event_messages
from tokenrouter.sandbox.aws import event_stream


def test_an_event_is_framed_as_specified() -> None:
    framed = event_stream.message({"a": "b"}, b"{}")

    assert framed.hex() == "0000001800000006" + framed[8:12].hex() + "0161070001627b7d" + framed[-4:].hex()


@given(st.dictionaries(st.text(min_size=1, max_size=20), st.text(max_size=50)), st.integers())
def test_what_is_framed_is_read_again(headers: dict[str, str], payload: int) -> None:
    framed = event_stream.message(headers, str(payload).encode())

    assert list(event_messages(framed + framed)) == [(headers, payload)] * 2


def test_an_exception_says_so_in_its_headers() -> None:
    [(headers, _)] = event_messages(event_stream.exception("throttlingException", b"{}"))

    assert headers[":message-type"] == "exception"
    assert headers[":exception-type"] == "throttlingException"
