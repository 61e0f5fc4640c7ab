"""Forms as fields."""

import pytest

from tokenrouter.sandbox.errors import ApiError
from tokenrouter.sandbox.openai.forms import Upload, read_form, uploads
from tokenrouter.sandbox.server import Request


def form(*parts: tuple[str, str], content_type: str = "multipart/form-data; boundary=cut") -> Request:
    body = "".join(f'--cut\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n{data}\r\n' for name, data in parts)
    headers = {"content-type": content_type}
    return Request("POST", "/v1/images/edits", "", headers, f"{body}--cut--\r\n".encode(), True, True)


def test_texts_numbers_lists_and_objects_are_told_apart() -> None:
    fields = read_form(
        form(("prompt", "5"), ("n", "2"), ("stream", "true"), ("temperature", "0.5"), ("include[]", "a"),
             ("include[]", "b"), ("expires_after[anchor]", "created_at"), ("expires_after[seconds]", "3600"))
    )  # fmt: skip

    assert fields.values == {
        "prompt": "5",
        "n": 2,
        "stream": True,
        "temperature": 0.5,
        "include": ["a", "b"],
        "expires_after": {"anchor": "created_at", "seconds": 3600},
    }


def test_files_are_uploads() -> None:
    fields = read_form(form(('file"; filename="a.txt', "hello")))

    assert uploads(fields, "file") == [Upload("a.txt", "text/plain", b"hello")]


@pytest.mark.parametrize("parts", [[], [("file", "text")], [("file[]", "text"), ('file[]"; filename="a', "x")]])
def test_a_file_has_to_be_one(parts: list[tuple[str, str]]) -> None:
    with pytest.raises(ApiError) as caught:
        uploads(read_form(form(*parts)), "file")

    assert caught.value.param == "file"


@pytest.mark.parametrize(
    "parts",
    [
        [("n", "two")],
        [("stream", "yes")],
        [("prompt", "a"), ("prompt", "b")],
        [("a[b]", "1"), ("a[b]", "2")],
        [("a[b]", "1"), ("a[]", "2")],
        [("a", "1"), ("a[]", "2")],
        [("a[b][c]", "1")],
        [("", "1")],
    ],
)
def test_what_cannot_be_meant_is_refused(parts: list[tuple[str, str]]) -> None:
    with pytest.raises(ApiError) as caught:
        read_form(form(*parts))

    assert caught.value.status == 400


@pytest.mark.parametrize("content_type", ["", "application/json", "multipart/form-data"])
def test_only_a_form_is_a_form(content_type: str) -> None:
    with pytest.raises(ApiError):
        read_form(form(("a", "1"), content_type=content_type))
