import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.dialects.multipart import MAX_PARTS, MultipartForm, read_form
from tokenrouter.domain.errors import InvalidRequest

FILE = b"\x00\xffRIFF\r\n--not-the-boundary\r\nmore\n--bo"


def part(head: bytes, content: bytes, boundary: bytes = b"boundary-1") -> bytes:
    return b"--%b\r\n%b\r\n\r\n%b\r\n" % (boundary, head, content)


def form(*parts: bytes, boundary: bytes = b"boundary-1") -> bytes:
    return b"".join(parts) + b"--%b--\r\n" % boundary


FILE_HEAD = b'Content-Disposition: form-data; name="file"; filename="x"'
MODEL = part(b'Content-Disposition: form-data; name="model"', b"acme/whisper")
SOUND = part(b'Content-Disposition: form-data; name="file"; filename="a;b.mp3"\r\nContent-Type: audio/mpeg', FILE)


def joined(pieces: list[bytes | memoryview]) -> bytes:
    return b"".join(pieces)


@pytest.mark.parametrize("order", [(MODEL, SOUND), (SOUND, MODEL)])
def test_fields_are_found_wherever_the_file_stands(order: tuple[bytes, ...]) -> None:
    found = read_form(form(*order))

    assert found.text("model") == "acme/whisper"
    assert found.text("stream") is None
    assert (found.files, found.file_bytes) == (1, len(FILE))


def test_only_the_model_changes_and_every_other_byte_stays() -> None:
    body = form(SOUND, MODEL)

    assert joined(read_form(body).with_value("model", b'"whisper-1"')) == body.replace(b"acme/whisper", b"whisper-1")


def test_a_field_that_is_missing_is_added_at_the_end() -> None:
    changed = joined(read_form(form(SOUND)).changed({"model": b'"m"', "n": b"2"}))
    again = read_form(changed)

    assert (again.text("model"), again.text("n")) == ("m", "2")
    assert SOUND in changed


def test_the_content_type_names_the_boundary_that_was_found() -> None:
    assert read_form(form(MODEL)).content_type == b'multipart/form-data; boundary="boundary-1"'


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "must begin"),
        (b'{"model":"m"}', "must begin"),
        (b"preamble\r\n" + form(MODEL), "must begin"),
        (MODEL, "cut short"),
        (form(MODEL)[:-4], "inside"),
        (form(MODEL) + form(MODEL), "follows the end"),
        (form(part(b'Content-Disposition: form-data; name="file"; filename="x"', b"a\n--boundary-1\n")), "inside"),
        (form(part(b'Content-Disposition: form-data; name="file"; filename="x"', b"--boundary-12")), "no head|inside"),
        (form(part(FILE_HEAD, b"a\n--boundary-1\r\nContent-Disposition: form-data; name=model\r\n\r\nx")), "inside"),
        (form(part(b"Content-Type: text/plain", b"x")), "content-disposition"),
        (form(b"--boundary-1\r\nno head\r\n"), "no head"),
        (form(part(b'Content-Disposition: form-data; name="a"; name="model"', b"x")), "plain name"),
        (form(part(b"Content-Disposition: form-data; name*=UTF-8''model", b"x")), "plain name"),
        (form(part(b'Content-Disposition: form-data; name="mo\\del"', b"x")), "plain name"),
        (form(part(b'Content-Disposition: form-data; name="a"\r\ncontent-disposition: x; name="model"', b"x")), "one"),
        (
            form(part(b'Content-Disposition: form-data; name="model"\r\nContent-Transfer-Encoding: base64', b"eA==")),
            "content-transfer-encoding",
        ),
        (form(*[part(b'Content-Disposition: form-data; name="a"', b"")] * (MAX_PARTS + 1)), "more than"),
    ],
)
def test_a_form_that_two_readers_could_cut_differently_is_refused(body: bytes, why: str) -> None:
    with pytest.raises(InvalidRequest, match=why):
        read_form(body)


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ((MODEL, MODEL), "stands twice"),
        ((part(b'Content-Disposition: form-data; name="model"; filename="x"', b"m"),), "short text"),
        ((part(b'Content-Disposition: form-data; name="model"', b"\xff"),), "UTF-8"),
    ],
)
def test_a_field_that_has_no_one_meaning_is_refused_when_it_is_needed(parts: tuple[bytes, ...], why: str) -> None:
    found = read_form(form(*parts))

    with pytest.raises(InvalidRequest, match=why):
        found.text("model")


@given(
    st.lists(st.tuples(st.from_regex(r"[a-z]{1,8}", fullmatch=True), st.binary(max_size=200)), min_size=1, max_size=6)
)
def test_whatever_stands_in_the_parts_comes_out_as_it_went_in(fields: list[tuple[str, bytes]]) -> None:
    boundary = b"q8f3-unlikely-7Zk1"
    parts = [
        part(f'Content-Disposition: form-data; name="{name}"'.encode(), content, boundary) for name, content in fields
    ]
    body = form(*parts, boundary=boundary)
    found: MultipartForm = read_form(body)

    assert [(p.name, body[p.start : p.end]) for p in found.parts] == fields
    assert joined(found.changed({})) == body
