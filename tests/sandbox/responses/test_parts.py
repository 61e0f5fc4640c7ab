"""Content parts: where they may stand and what they weigh."""

import base64
from typing import Any

import pytest

from tokenrouter.sandbox.errors import ApiError
from tokenrouter.sandbox.fields import Fields
from tokenrouter.sandbox.prompt import IMAGE_TOKENS
from tokenrouter.sandbox.responses.parts import FILE_TOKENS, PAGE_TOKENS, SAID, TOLD, content

PNG = "data:image/png;base64,aGVsbG8="
PDF = base64.b64encode(b"%PDF-1.4 <</Type /Pages>> <</Type /Page>> <</Type/Page >>").decode()


def read(*parts: dict[str, Any], allowed: tuple[str, ...] = TOLD) -> tuple[str, int]:
    return content(Fields({"content": list(parts)}, "input[0]"), "content", allowed)


def test_texts_are_joined() -> None:
    assert read({"type": "input_text", "text": "a"}, {"type": "input_text", "text": "b"}) == ("a\nb", 0)
    assert content(Fields({"content": "plain"}), "content", TOLD) == ("plain", 0)


def test_a_model_says_text_and_refusals() -> None:
    assert read({"type": "output_text", "text": "a"}, {"type": "refusal", "refusal": "no"}, allowed=SAID)[0] == "a\nno"


@pytest.mark.parametrize(
    ("part", "weight"),
    [
        ({"type": "input_image", "image_url": PNG}, IMAGE_TOKENS["high"]),
        ({"type": "input_image", "image_url": PNG, "detail": "low"}, IMAGE_TOKENS["low"]),
        ({"type": "input_image", "image_url": "https://example.org/a.png", "detail": "original"}, IMAGE_TOKENS["high"]),
        ({"type": "input_image", "file_id": "file-1", "detail": "auto"}, IMAGE_TOKENS["high"]),
        ({"type": "input_file", "file_id": "file-1"}, FILE_TOKENS),
        ({"type": "input_file", "file_url": "https://example.org/a.pdf"}, FILE_TOKENS),
        (
            {"type": "input_file", "filename": "a.pdf", "file_data": f"data:application/pdf;base64,{PDF}"},
            2 * PAGE_TOKENS,
        ),
        ({"type": "input_file", "filename": "a.txt", "file_data": "data:text/plain;base64,aGVsbG9oZWxsbw=="}, 2),
        ({"type": "input_audio", "input_audio": {"data": "aGVsbG8=", "format": "wav"}}, 2),
    ],
)
def test_media_weigh_something(part: dict[str, Any], weight: int) -> None:
    assert read(part) == ("", weight)


@pytest.mark.parametrize(
    ("part", "param"),
    [
        ({"type": "output_text", "text": "a"}, "type"),
        ({"type": "text", "text": "a"}, "type"),
        ({"type": "input_text"}, "text"),
        ({"type": "input_image", "image_url": {"url": PNG}}, "image_url"),
        ({"type": "input_image", "image_url": "a.png"}, "image_url"),
        ({"type": "input_image", "image_url": "data:image/png;base64,%%%"}, "image_url"),
        ({"type": "input_image", "image_url": "data:text/plain;base64,aGVsbG8="}, "image_url"),
        ({"type": "input_image", "image_url": PNG, "detail": "best"}, "detail"),
        ({"type": "input_file"}, "file_id"),
        ({"type": "input_file", "filename": "a.pdf", "file_data": PDF}, "file_data"),
        ({"type": "input_file", "file_data": PNG}, "filename"),
    ],
)
def test_a_wrong_part_is_named(part: dict[str, Any], param: str) -> None:
    with pytest.raises(ApiError) as caught:
        read(part)

    assert caught.value.status == 400
    assert caught.value.param == f"input[0].content[0].{param}"


def test_what_users_say_is_not_what_a_model_says() -> None:
    with pytest.raises(ApiError, match="Supported values are: 'output_text' and 'refusal'"):
        read({"type": "input_text", "text": "a"}, allowed=SAID)
