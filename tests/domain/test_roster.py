import codecs
import csv
import io
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.domain.limit_text import MAX_AMOUNT
from tokenrouter.domain.roster import (
    MAX_ROSTER_BYTES,
    MAX_ROSTER_LINES,
    UNLIMITED,
    RosterLine,
    parse_quota,
    read_roster,
)

PLAIN = "name,email,team,quota,models\nAnna Bell,anna@school.example,7b,100000,acme/small acme/tiny\nBen Ode,,,,\n"
ANNA = RosterLine(2, "Anna Bell", "anna@school.example", "7b", 100_000, ("acme/small", "acme/tiny"))


def said(text: str) -> list[str]:
    return [str(mistake) for mistake in read_roster(text.encode()).mistakes]


def test_a_list_is_read() -> None:
    roster = read_roster(PLAIN.encode())

    assert roster.lines == (ANNA, RosterLine(3, "Ben Ode"))
    assert (roster.mistakes, roster.notes) == ((), ())


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_separators_and_ends_of_lines_are_told_by_looking(separator: str, end: str) -> None:
    text = PLAIN.replace(",", separator).replace("\n", end)

    assert read_roster(text.encode()).lines[0] == ANNA


@pytest.mark.parametrize(
    "raw",
    [
        codecs.BOM_UTF8 + PLAIN.encode(),
        PLAIN.encode("utf-16"),
        codecs.BOM_UTF16_BE + PLAIN.encode("utf-16-be"),
        b"\r\n\n" + PLAIN.encode(),
    ],
    ids=["utf-8 with a mark", "utf-16", "utf-16, big-endian", "empty lines first"],
)
def test_marks_and_empty_lines_before_the_head_do_not_matter(raw: bytes) -> None:
    first = read_roster(raw).lines[0]

    assert (first.name, first.email) == ("Anna Bell", "anna@school.example")


def test_a_separator_that_excel_has_written_first_is_obeyed_and_lines_are_counted_with_it() -> None:
    roster = read_roster(b"sep=;\r\nname;team\r\nAnna;7b\r\n;7b\r\n")

    assert roster.lines[0] == RosterLine(3, "Anna", team="7b")
    assert str(roster.mistakes[0]) == "line 4, name: is missing"


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
def test_a_list_that_is_not_utf_8_is_read_as_windows_writes_it_and_that_is_said(encoding: str) -> None:
    roster = read_roster("name;team\nZoë Müller;7é\n".encode(encoding))

    assert roster.lines[0].name == "Zoë Müller"
    assert "not UTF-8" in roster.notes[0]


def test_bytes_that_windows_has_no_letters_for_are_read_as_well() -> None:
    assert read_roster(b"name\n\x81\xe9\n").mistakes[0].column == "name"


@pytest.mark.parametrize(
    "head", ["Student Name;E-Mail;CLASS;Token-Quota;Allowed_Models", "Full name;Email address;group;Tokens;model"]
)
def test_heads_are_understood_however_they_are_written(head: str) -> None:
    roster = read_roster(f"{head}\nAnna Bell;anna@school.example;7b;100.000;acme/small, acme/tiny\n".encode())

    assert roster.lines == (ANNA,)


def test_first_and_last_names_are_put_together() -> None:
    assert read_roster(b"Last name,First name\nBell, Anna\n").lines[0].name == "Anna Bell"


def test_quotation_marks_hold_separators_and_each_other_and_lines_are_still_counted() -> None:
    roster = read_roster(b'name,models\n"Bell, ""Anna""","a\nb"\n,x\n')

    assert roster.lines[0] == RosterLine(2, 'Bell, "Anna"', allowed_models=("a", "b"))
    assert roster.mistakes[0].number == 4


def test_columns_that_nobody_knows_are_passed_over_and_named() -> None:
    assert read_roster(b"name,birthday\nAnna,1.1.\n").notes == ("these columns were passed over: birthday",)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "line 1: the list is empty"),
        ("\n\n", "line 1: the list is empty"),
        ("Anna,anna@school.example\n", "line 1: no column is called 'name'"),
        ("name,Full Name\nA,A\n", "line 1, Full Name: there are two columns for the name"),
        ("name,E-Mail\nAnna,anna(at)school\n", "line 2, E-Mail: 'anna(at)school' is no e-mail address"),
        ("name,quota\nAnna,lots\n", "line 2, quota: 'lots' is no amount of tokens"),
        ("name,quota\nAnna,-1\n", "line 2, quota: '-1' is no amount of tokens"),
        ("name\nkey:*\n", "line 2, name: 'key:*' has a character that names cannot have"),
        ("name\nA\0B\n", "line 2, name: "),
        (f"name\n{'x' * 101}\n", "line 2, name: "),
        ("name,team\nAnna,a:b\n", "line 2, team: "),
        ("name,team\nBell, Anna,7b\n", "line 2: it has more cells than the first line"),
        ('name\nAnna\n"Ben\nCleo\n', "line 3: it cannot be read: a quotation mark is not closed"),
        ('name\nAnna\n"Ben"x\n', "line 3: it cannot be read: a quotation mark is not closed, or stands within a cell"),
        ("name\nAnna\n\nAnna\n", "line 4, name: 'Anna' stands in line 2 already"),
        ("name,email\nA,a@b.c\nB,A@B.C\n", "line 3, email: 'a@b.c' stands in line 2 already"),
        ("name,models\nA," + " ".join(map(str, range(101))) + "\n", "line 2, models: 101 models"),
    ],
)
def test_what_is_wrong_is_named_by_line_and_column(text: str, told: str) -> None:
    found = said(text)

    assert len(found) == 1
    assert found[0].startswith(told)


def test_everything_that_is_wrong_is_told_at_once() -> None:
    assert len(said("name,email,quota\n,x,y\nAnna,,\n,a@b.c,1\n")) == 4


def test_sizes_are_bounded() -> None:
    many = "name\n" + "".join(f"n{number}\n" for number in range(MAX_ROSTER_LINES + 1))

    assert "MiB" in said("x" * (MAX_ROSTER_BYTES + 1))[0]
    assert said(many) == [f"line {MAX_ROSTER_LINES + 2}: the list has more than {MAX_ROSTER_LINES} people"]


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("", None),
        (" 0 ", 0),
        ("100000", 100_000),
        ("100,000", 100_000),
        ("1.000.000", 1_000_000),
        ("1 000 000", 1_000_000),
        ("1\u202f000", 1000),
        ("1'000", 1000),
        ("250k", 250_000),
        ("1.5M", 1_500_000),
        ("1,25 m", 1_250_000),
        ("Unlimited", UNLIMITED),
        (str(MAX_AMOUNT), MAX_AMOUNT),
    ],
)
def test_amounts_are_understood_as_people_write_them(text: str, amount: object) -> None:
    assert parse_quota(text) == amount


@pytest.mark.parametrize("text", ["1.5", "1,000.000", "1e5", "10,00", "1.0005k", str(MAX_AMOUNT + 1), "5 t", "½"])
def test_amounts_that_could_mean_something_else_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"amount|more than"):
        parse_quota(text)


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(raw: bytes) -> None:
    roster = read_roster(b"name,quota\n" + raw)

    named_wrong = {mistake.number for mistake in roster.mistakes}
    assert all(line.name or line.number in named_wrong for line in roster.lines)


@given(
    st.lists(
        st.text(st.characters(codec="utf-8", categories=["L", "N", "P"], exclude_characters="*:"), min_size=1),
        unique=True,
        max_size=8,
    )
)
def test_names_that_a_spreadsheet_has_written_are_read_back(names: list[str]) -> None:
    names = list(dict.fromkeys(unicodedata.normalize("NFC", name)[:100] for name in names))
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=";").writerows([["name", "team"], *([name, "x"] for name in names)])

    assert [line.name for line in read_roster(written.getvalue().encode()).lines] == names
