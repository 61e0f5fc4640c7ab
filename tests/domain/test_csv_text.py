import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.domain.csv_text import RISKY_STARTS, Cell, csv_text, defused

TEXTS = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(
    ["=1+1", "+1", "-1", "@x", "'=x", 'a,"b"\n']
)


def read_back(header: list[str], pages: list[list[list[Cell]]]) -> list[list[str]]:
    return list(csv.reader(io.StringIO("".join(csv_text(header, pages)), newline=""), strict=True))


def restored(cell: str) -> str:
    """What the documents say: one apostrophe is taken away from the front."""
    return cell.removeprefix("'")


@given(st.lists(st.lists(st.lists(TEXTS, min_size=2, max_size=2), max_size=3), max_size=3))
def test_what_was_written_reads_back_but_for_one_apostrophe(pages: list[list[list[Cell]]]) -> None:
    header, *rows = read_back(["a", "b"], pages)

    assert header == ["a", "b"]
    told = [[restored(cell) for cell in row] for row in rows]
    assert told == [[str(cell) for cell in row] for page in pages for row in page]


@given(TEXTS)
def test_no_cell_begins_as_a_formula_does_and_one_apostrophe_leads_back(text: str) -> None:
    written = defused(text)

    assert not written.startswith(tuple(sign for sign in RISKY_STARTS if sign != "'"))
    assert restored(written) == text


def test_harmless_texts_stay_as_they_are() -> None:
    assert defused("a=b") == "a=b"
    assert defused("") == ""
    assert defused("=cmd()") == "'=cmd()"


def test_lines_end_and_cells_are_quoted_as_the_specification_says() -> None:
    text = "".join(csv_text(["a", "b"], [[["x,y", 'he said "no"']], [[1, None], [True, -2]]]))

    assert text == 'a,b\r\n"x,y","he said ""no"""\r\n1,\r\ntrue,-2\r\n'
