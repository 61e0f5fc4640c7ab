"""Where an answer is from: Gemini's `groundingMetadata` and the hub's citations, each turned into the other.

Gemini counts bytes of UTF-8, everybody else characters (API reference, "Segment", read 2026-11), so whoever
translates a position must have seen the text. Only where its longer characters stand is kept of it.
"""

import re
from bisect import bisect_left
from collections.abc import Sequence
from typing import Any, Final

from tokenrouter.dialects.gemini.wire import WireGrounding, WireSegment, WireSupport
from tokenrouter.domain.items import Citation

Wire = dict[str, Any]
MAX_LONG_CHARS: Final = 64 * 2**10
"""Most characters beyond ASCII whose places are kept; positions behind them are left out."""
_find_long: Final = re.compile(r"[^\x00-\x7f]").finditer


class TextPositions:
    """Follows one text, and tells where a byte of it is in characters and the other way round."""

    __slots__ = ("_at_byte", "_at_char", "_bytes", "_chars", "_is_lost")

    def __init__(self) -> None:
        self._bytes = 0
        self._chars = 0
        self._at_byte: list[int] = []
        self._at_char: list[int] = []
        self._is_lost = False

    def feed(self, text: str) -> None:
        """Take the next piece."""
        if text.isascii():
            self._bytes += len(text)
            self._chars += len(text)
            return
        bytes_ahead = self._bytes
        for found in _find_long(text):
            more = len(found.group().encode("utf-8", "replace")) - 1
            bytes_ahead += more
            if more:
                self._keep(bytes_ahead + found.end(), self._chars + found.end())
        self._bytes = bytes_ahead + len(text)
        self._chars += len(text)

    def _keep(self, at_byte: int, at_char: int) -> None:
        """Keep the place behind a longer character: up to the next, both counts go on alike."""
        if len(self._at_byte) < MAX_LONG_CHARS:
            self._at_byte.append(at_byte)
            self._at_char.append(at_char)
        else:
            self._is_lost = True

    def char_at(self, byte: int) -> int | None:
        """Return the character that begins at `byte`, or holds it; None where that is not known."""
        return self._other(byte, self._at_byte, self._at_char, self._chars)

    def byte_at(self, char: int) -> int | None:
        """Return the byte at which `char` begins; None where that is not known."""
        return self._other(char, self._at_char, self._at_byte, self._bytes)

    def _other(self, place: int, here: Sequence[int], there: Sequence[int], end: int) -> int | None:
        last = bisect_left(here, place + 1) - 1
        if self._is_lost and last == len(here) - 1:
            return None
        known, other = (here[last], there[last]) if last >= 0 else (0, 0)
        return min(other + place - known, end, *there[last + 1 : last + 2])


def citations_of(grounding: WireGrounding, positions: TextPositions) -> list[Citation]:
    """Return what the answer cites: each source of each of its pieces or, where none is told, each source."""
    sources = [chunk.web or chunk.retrieved_context or chunk.maps for chunk in grounding.grounding_chunks or ()]
    pages = [Citation(source.uri or "", source.title or "") if source is not None else None for source in sources]
    if not grounding.grounding_supports:
        return [page for page in pages if page is not None]
    return [
        _cited(page, support.segment or WireSegment(), positions)
        for support in grounding.grounding_supports
        for page in _pages(support, pages)
    ]


def _pages(support: WireSupport, pages: list[Citation | None]) -> list[Citation]:
    numbers = support.grounding_chunk_indices or ()
    return [page for number in numbers if 0 <= number < len(pages) and (page := pages[number]) is not None]


def _cited(page: Citation, segment: WireSegment, positions: TextPositions) -> Citation:
    start = positions.char_at(segment.start_index or 0)
    end = None if segment.end_index is None else positions.char_at(segment.end_index)
    return Citation(page.url, page.title, start=start if end is not None else None, end=end)


class GroundingWriter:
    """Collects one alternative's citations for its last chunk."""

    __slots__ = ("_chunks", "_supports", "positions")

    def __init__(self) -> None:
        self._chunks: dict[tuple[str, str], int] = {}
        self._supports: list[Wire] = []
        self.positions = TextPositions()

    def add(self, citation: Citation) -> None:
        """Take a citation of a page; other things that are cited have no place here."""
        if not citation.url:
            return
        number = self._chunks.setdefault((citation.url, citation.title), len(self._chunks))
        if citation.start is None or citation.end is None:
            return
        start, end = self.positions.byte_at(citation.start), self.positions.byte_at(citation.end)
        if start is not None and end is not None:
            segment = {"startIndex": start, "endIndex": end}
            self._supports.append({"segment": segment, "groundingChunkIndices": [number]})

    def metadata(self) -> Wire | None:
        """Return `groundingMetadata`, None where nothing is cited."""
        if not self._chunks:
            return None
        chunks = [{"web": {"uri": url, "title": title}} for url, title in self._chunks]
        return {"groundingChunks": chunks, **({"groundingSupports": self._supports} if self._supports else {})}
