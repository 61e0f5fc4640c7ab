import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.dialects.gemini import grounding as gemini_grounding
from tokenrouter.dialects.gemini.grounding import GroundingWriter, TextPositions, citations_of
from tokenrouter.dialects.gemini.wire import WireGrounding
from tokenrouter.domain.items import Citation

TEXT = "Grüße \U0001f600 dir"


def positions(*pieces: str) -> TextPositions:
    made = TextPositions()
    for piece in pieces:
        made.feed(piece)
    return made


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))))
def test_every_character_has_its_byte_and_every_byte_its_character(pieces: list[str]) -> None:
    text = "".join(pieces)
    made = positions(*pieces)

    for char in range(len(text) + 1):
        byte = len(text[:char].encode())
        assert made.byte_at(char) == byte
        assert made.char_at(byte) == char


def test_places_behind_too_many_long_characters_are_not_known() -> None:
    made = positions("ü" * gemini_grounding.MAX_LONG_CHARS + "üa")

    assert made.char_at(0) == 0
    assert made.char_at(10) == 5
    assert made.char_at(2 * gemini_grounding.MAX_LONG_CHARS + 2) is None


def test_citations_count_characters() -> None:
    grounding = msgspec.convert(
        {
            "groundingChunks": [{"web": {"uri": "https://x", "title": "X"}}, {"maps": {"uri": "https://y"}}, {}],
            "groundingSupports": [
                {"segment": {"endIndex": len("Grüße".encode())}, "groundingChunkIndices": [0, 1, 2, 9]},
                {"segment": {"startIndex": len("Grüße \U0001f600 ".encode()), "endIndex": len(TEXT.encode())},
                 "groundingChunkIndices": [1]},
                {"groundingChunkIndices": [0]},
            ],
        },
        WireGrounding,
    )  # fmt: skip

    assert citations_of(grounding, positions(TEXT)) == [
        Citation("https://x", "X", start=0, end=5),
        Citation("https://y", "", start=0, end=5),
        Citation("https://y", "", start=8, end=11),
        Citation("https://x", "X"),
    ]


def test_sources_without_a_place_are_citations_too() -> None:
    chunks = [{"web": {"uri": "https://x", "title": "X"}}]

    told = citations_of(msgspec.convert({"groundingChunks": chunks}, WireGrounding), positions())
    assert told == [Citation("https://x", "X")]


def test_what_is_written_is_read_as_the_same() -> None:
    writer = GroundingWriter()
    writer.positions.feed(TEXT)
    cited = [Citation("https://x", "X", start=0, end=5), Citation("https://x", "X", start=6, end=11)]
    for citation in (*cited, Citation(file_id="f"), Citation("https://z", "Z")):
        writer.add(citation)
    metadata = writer.metadata()

    assert metadata is not None
    assert metadata["groundingChunks"] == [
        {"web": {"uri": "https://x", "title": "X"}},
        {"web": {"uri": "https://z", "title": "Z"}},
    ]
    assert citations_of(msgspec.convert(metadata, WireGrounding), positions(TEXT)) == cited
    assert GroundingWriter().metadata() is None
