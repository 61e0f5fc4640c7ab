"""Forms: what a client has put in comes out, and everything else is refused."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.sandbox.openai.multipart import MAX_HEAD_BYTES, MAX_PARTS, MalformedForm, Part, read_multipart

TYPE = "multipart/form-data; boundary=cut"

NAMES = st.text(st.characters(codec="utf-8", exclude_characters='\r\n"\x00%'), max_size=20)
PARTS = st.lists(
    st.builds(
        Part,
        name=NAMES,
        filename=st.none() | NAMES,
        content_type=st.sampled_from(["text/plain", "image/png", "text/csv; charset=utf-8"]),
        data=st.binary(max_size=60) | st.sampled_from([b"", b"\r\n", b"--cu", b"\r\n--cu", b"\r\n\r\n", b"\n--cut--"]),
    ).filter(lambda part: b"\r\n--cut" not in b"\r\n" + part.data),
    max_size=5,
)
"""Parts as any client writes them: the boundary is none of their lines."""


def written(parts: list[Part]) -> bytes:
    body = b""
    for part in parts:
        filename = "" if part.filename is None else f'; filename="{part.filename}"'
        head = f'Content-Disposition: form-data; name="{part.name}"{filename}\r\nContent-Type: {part.content_type}'
        body += b"--cut\r\n" + head.encode() + b"\r\n\r\n" + part.data + b"\r\n"
    return body + b"--cut--\r\n"


@given(PARTS)
def test_what_was_put_in_comes_out(parts: list[Part]) -> None:
    assert read_multipart(TYPE, written(parts)) == parts


@given(PARTS, st.data())
def test_a_form_that_was_cut_is_refused(parts: list[Part], data: st.DataObject) -> None:
    body = written(parts)
    end = data.draw(st.integers(0, len(body) - 5))

    with pytest.raises(MalformedForm):
        read_multipart(TYPE, body[:end])


@given(st.binary() | st.binary().map(lambda raw: b"--cut\r\n" + raw + b"\r\n--cut--"), st.text())
def test_other_bytes_are_refused_or_read_but_never_a_failure(body: bytes, content_type: str) -> None:
    for told in (TYPE, content_type):
        with suppress(MalformedForm):
            assert all(isinstance(part, Part) for part in read_multipart(told, body))


HEAD = b'Content-Disposition: form-data; name="a"'


@pytest.mark.parametrize(
    "content_type",
    ["", "multipart/form-data", "multipart/mixed; boundary=cut", "multipart/form-data; boundary=",
     f"multipart/form-data; boundary={'x' * 71}", 'multipart/form-data; boundary="cut; x=y',
     "text/plain; boundary=cut"],
)  # fmt: skip
def test_a_type_without_a_boundary_is_refused(content_type: str) -> None:
    with pytest.raises(MalformedForm, match="names no boundary"):
        read_multipart(content_type, written([]))


@pytest.mark.parametrize("content_type", ['multipart/form-data; boundary="cut"', "Multipart/Form-Data;boundary=cut"])
def test_a_boundary_may_be_quoted(content_type: str) -> None:
    assert read_multipart(content_type, written([])) == []


@pytest.mark.parametrize(
    "body",
    [
        b"hello\r\n--cut\r\n" + HEAD + b"\r\n\r\nx\r\n--cut--",
        b"--cut\r\n" + HEAD + b"\r\n\r\nx\r\n--cut--\r\nhello",
        b"--cut\r\n" + HEAD + b"\r\n\r\nx\r\n--cut",
        b"--cut\r\n" + HEAD + b"\r\n\r\nx\n--cut--",
        b"--cut \r\n" + HEAD + b"\r\n\r\nx\r\n--cut--",
        b"--cut\n" + HEAD + b"\n\nx\n--cut--",
        b"--cut\r\n\r\nx\r\n--cut--",
        b"--cut\r\n" + HEAD + b"\r\n--cut--",
        b"--cut\r\n" + HEAD + b"\r\n" + HEAD + b"\r\n\r\nx\r\n--cut--",
        b"--cut\r\n" + HEAD + b"; name=\"b\"\r\n\r\nx\r\n--cut--",
        b"--cut\r\n" + HEAD + b"; filename*=\"b\"\r\n\r\nx\r\n--cut--",
        b"--cut\r\nContent-Disposition: form-data; filename=\"a\"\r\n\r\nx\r\n--cut--",
        b"--cut\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\nx\r\n--cut--",
        b"--cut\r\n" + HEAD + b"\r\nContent-Transfer-Encoding: base64\r\n\r\nx\r\n--cut--",
        b"--cut\r\n" + HEAD + b";\r\n filename=\"a\"\r\n\r\nx\r\n--cut--",
        b"--cut\r\n" + HEAD[:-1] + b"\xff\"\r\n\r\nx\r\n--cut--",
        b"--cut\r\n" + HEAD + b"\r\nContent-Type: " + b"x" * MAX_HEAD_BYTES + b"\r\n\r\nx\r\n--cut--",
        (b"--cut\r\n" + HEAD + b"\r\n\r\nx\r\n") * (MAX_PARTS + 1) + b"--cut--",
    ],
)  # fmt: skip
def test_what_programs_do_not_send_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedForm):
        read_multipart(TYPE, body)


def test_quotes_and_line_breaks_in_names_are_escaped() -> None:
    part = b'--cut\r\nContent-Disposition: form-data; name="a%22b"; filename="c%0D%0Ad%20"\r\n\r\n\r\n--cut--'

    assert read_multipart(TYPE, part) == [Part('a"b', "c\r\nd%20", "text/plain", b"")]
