import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.dialects.bedrock.blocks import MAX_NAME_CHARS, BlockWriter, legal_name
from tokenrouter.dialects.bedrock.losses import REQUEST_LOSSES
from tokenrouter.dialects.losses import Losses
from tokenrouter.domain.errors import InvalidRequest
from tokenrouter.domain.items import Audio, Document, FileId, Image, Inline, PlainText, Source, Url, Video

LEGAL = re.compile(r"[A-Za-z0-9()\[\]-]+( [A-Za-z0-9()\[\]-]+)*")


def writer() -> BlockWriter:
    return BlockWriter(Losses(REQUEST_LOSSES))


def data(media_type: str) -> Inline:
    return Inline(media_type, "AAAA")


@pytest.mark.parametrize(
    ("media_type", "told"),
    [("image/png", "png"), ("image/jpg", "jpeg"), ("IMAGE/JPEG", "jpeg"), ("image/webp; x=y", "webp")],
)
def test_pictures_are_told_by_short_names(media_type: str, told: str) -> None:
    assert writer().image(Image(data(media_type))) == {"image": {"format": told, "source": {"bytes": "AAAA"}}}


@pytest.mark.parametrize(
    ("media_type", "filename", "told"),
    [
        ("application/pdf", "", "pdf"),
        ("text/markdown; charset=utf-8", "", "md"),
        ("text/x-python", "a.py", "txt"),
        ("application/octet-stream", "b.DOCX", "docx"),
        ("", "c.xlsx", "xlsx"),
        ("application/json", "", "txt"),
    ],
)
def test_files_are_told_by_media_type_or_else_by_their_name(media_type: str, filename: str, told: str) -> None:
    block = writer().document(Document(data(media_type), filename))

    assert block is not None
    assert block["document"]["format"] == told


def test_a_text_is_a_file_with_its_title_context_and_citations() -> None:
    document = Document(PlainText("words"), title="My note", context="of 1999", citable=True)

    assert writer().document(document) == {
        "document": {
            "format": "txt",
            "name": "My note",
            "source": {"text": "words"},
            "context": "of 1999",
            "citations": {"enabled": True},
        }
    }


def test_sound_and_films_have_blocks_of_their_own() -> None:
    assert writer().audio(Audio(data("audio/mpeg"))) == {"audio": {"format": "mp3", "source": {"bytes": "AAAA"}}}
    assert writer().video(Video(data("video/3gpp"))) == {"video": {"format": "three_gp", "source": {"bytes": "AAAA"}}}


def test_s3_is_the_one_place_that_bedrock_fetches_from() -> None:
    location = {"s3Location": {"uri": "s3://bucket/a.jpg"}}

    assert writer().image(Image(Url("s3://bucket/a.jpg"))) == {"image": {"format": "jpeg", "source": location}}


@pytest.mark.parametrize(
    ("source", "feature"),
    [
        (Url("https://x/a.png", "image/png"), "part.url"),
        (FileId("f", "image/png"), "part.file"),
        (data("image/tiff"), "part.type"),
    ],
)
def test_what_bedrock_cannot_take_is_refused_with_what_to_do(source: Source, feature: str) -> None:
    with pytest.raises(InvalidRequest, match=r"send|format") as caught:
        writer().image(Image(source))

    assert caught.value.param == feature


@pytest.mark.parametrize(
    ("write", "part"),
    [
        ("document", Document(data("application/zip"), "a.zip")),
        ("audio", Audio(data("audio/midi"))),
        ("video", Video(data("video/av1"))),
    ],
)
def test_formats_that_bedrock_does_not_know_are_refused(write: str, part: Any) -> None:
    with pytest.raises(InvalidRequest, match="media type"):
        getattr(writer(), write)(part)


def test_names_are_told_apart_and_lose_their_extension() -> None:
    blocks = writer()

    names = [blocks.document(Document(data("application/pdf"), name)) for name in ("a_b.pdf", "a b.pdf", "a b", "", "")]

    assert [name["document"]["name"] for name in names if name] == [
        "a b",
        "a b (2)",
        "a b (3)",
        "document",
        "document (2)",
    ]


@given(st.lists(st.text(max_size=300), max_size=4))
def test_any_name_becomes_one_that_bedrock_takes(filenames: list[str]) -> None:
    blocks = writer()

    told = [blocks.document(Document(data("application/pdf"), name)) for name in filenames]

    names = [block["document"]["name"] for block in told if block]
    assert all(LEGAL.fullmatch(name) and len(name) <= MAX_NAME_CHARS for name in names)
    assert len(set(names)) == len(filenames)


def test_a_legal_name_stays() -> None:
    assert legal_name("Report (final) [v2]-x") == "Report (final) [v2]-x"
