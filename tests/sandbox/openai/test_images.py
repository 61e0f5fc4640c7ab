"""Images as the vendor's SDK sees them."""

import base64
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai import APIError, BadRequestError, OpenAI

from tests.sandbox.conftest import Entries
from tokenrouter.sandbox.openai.images import png

PICTURE = ("a.png", png(8, 8), "image/png")


def size_of(encoded: str | None) -> tuple[int, int]:
    """Width and height of a PNG, whose parts are looked at."""
    raw = base64.b64decode(encoded or "", validate=True)
    assert raw.startswith(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")
    assert raw.endswith(b"IEND\xaeB`\x82")
    width, height = struct.unpack("!II", raw[16:24])
    return width, height


@given(st.integers(1, 70), st.integers(1, 70))
def test_a_png_is_one(width: int, height: int) -> None:
    assert size_of(base64.b64encode(png(width, height)).decode()) == (width, height)


def test_an_image_is_drawn_and_billed_by_size_and_quality(client: OpenAI, ended: Entries) -> None:
    answer = client.images.generate(
        model="lorem", prompt="x" * 40, n=2, size="1536x1024", quality="low", user="images-generated"
    )

    assert answer.data is not None
    assert [size_of(each.b64_json) for each in answer.data] == [(1536, 1024)] * 2
    assert answer.usage is not None
    assert (answer.usage.input_tokens, answer.usage.output_tokens, answer.usage.total_tokens) == (10, 800, 810)
    assert (answer.usage.input_tokens_details.text_tokens, answer.usage.input_tokens_details.image_tokens) == (10, 0)
    assert (answer.size, answer.quality, answer.output_format) == ("1536x1024", "low", "png")
    [line] = ended("images-generated")
    assert (line["prompt_tokens"], line["completion_tokens"]) == (10, 800)


def test_an_image_is_edited(client: OpenAI, ended: Entries) -> None:
    answer = client.images.edit(
        model="dense", image=[PICTURE, PICTURE], mask=PICTURE, prompt="xxx", user="images-edited"
    )

    assert answer.data is not None
    assert size_of(answer.data[0].b64_json) == (1024, 1024)
    assert answer.usage is not None
    assert answer.usage.input_tokens_details.image_tokens == 3 * 85 * 2
    [line] = ended("images-edited")
    assert line["prompt_tokens"] == answer.usage.input_tokens


@pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")
def test_a_variation_tells_no_usage(client: OpenAI) -> None:
    encoded = client.images.create_variation(image=PICTURE, n=2, size="256x256", response_format="b64_json")
    linked = client.images.create_variation(image=PICTURE)

    assert encoded.data is not None
    assert [size_of(each.b64_json) for each in encoded.data] == [(256, 256)] * 2
    assert encoded.usage is None
    assert linked.data is not None
    assert str(linked.data[0].url).startswith("https://")


def test_partial_images_come_before_the_whole_one(client: OpenAI, ended: Entries) -> None:
    events = list(
        client.images.generate(
            model="lorem", prompt="x", stream=True, partial_images=2, quality="low", user="images-streamed"
        )
    )

    assert [event.type for event in events] == [
        "image_generation.partial_image",
        "image_generation.partial_image",
        "image_generation.completed",
    ]
    last: Any = events[-1]
    assert last.usage.output_tokens == 272 + 2 * 100
    assert ended("images-streamed")[0]["completion_tokens"] == 472
    [edited] = client.images.edit(model="lorem", image=PICTURE, prompt="x", stream=True)
    assert edited.type == "image_edit.completed"


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"response_format": "b64_json"}, "response_format"),
        ({"prompt": ""}, "prompt"),
        ({"size": "1x1"}, "size"),
        ({"n": 11}, "n"),
        ({"quality": "hd"}, "quality"),
        ({"output_format": "webp"}, "output_format"),
        ({"partial_images": 1}, "partial_images"),
        ({"stream": True, "n": 2}, "n"),
    ],
)
def test_a_wrong_field_is_named(client: OpenAI, body: dict[str, object], param: str) -> None:
    with pytest.raises(BadRequestError) as caught:
        client.images.generate(model="lorem", prompt="x", extra_body=body)

    assert caught.value.param == param


def test_what_is_no_image_is_refused(client: OpenAI) -> None:
    with pytest.raises(BadRequestError, match="Invalid image file"):
        client.images.edit(image=("a.png", b"text"), prompt="x")
    with pytest.raises(BadRequestError, match="multipart/form-data"):
        client.post("/images/edits", cast_to=object, body={"prompt": "x"})


def test_faults_strike_here_too(client: OpenAI) -> None:
    for model in ("fault/500", "fault/error-midstream"):
        with pytest.raises(APIError):
            list(client.images.generate(model=model, prompt="x", stream=True))
