"""A class list, as spreadsheets write them: bytes in, lines and mistakes out (pure).

Whoever makes such a list does not choose its form: a spreadsheet does, by the language of its menus. So separators,
encodings and the words of the head are told by looking, and what is wrong is named by line and column, all of it at
once, so that a list is mended in one go.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from tokenrouter.domain.limit_text import MAX_AMOUNT

MAX_ROSTER_BYTES: Final = 4 * 2**20
MAX_ROSTER_LINES: Final = 10_000
"""More people than that come from a directory, not from a list."""
MAX_NAME_CHARS: Final = 100
MAX_EMAIL_CHARS: Final = 254
"""RFC 5321, 4.5.3.1.3, less the angle brackets."""
MAX_MODELS: Final = 100
MAX_SHOWN_CHARS: Final = 60
"""How much of a cell a mistake repeats."""

Column = Literal["name", "first name", "last name", "email", "team", "quota", "models"]
_WORDS: Final[Mapping[Column, frozenset[str]]] = {
    "name": frozenset({"name", "fullname", "student", "studentname", "user", "username", "displayname", "person"}),
    "first name": frozenset({"firstname", "givenname", "forename", "vorname", "prénom", "prenom"}),
    "last name": frozenset({"lastname", "surname", "familyname", "nachname"}),
    "email": frozenset({"email", "mail", "emailaddress", "mailaddress"}),
    "team": frozenset({"team", "teamname", "group", "class", "course", "section", "klasse", "gruppe", "groupe"}),
    "quota": frozenset({"quota", "quotatokens", "tokenquota", "tokens", "tokenlimit", "budget"}),
    "models": frozenset({"models", "model", "allowedmodels", "modelle", "modèles"}),
}
"""How a column may be called; upper case, spaces, hyphens and underscores do not matter."""
_SEPARATORS: Final = ",;\t|"
_SAID_SEPARATOR: Final = re.compile(r"sep=([,;\t|])\r?\n", re.IGNORECASE)
"""What Excel writes, and reads, before everything else."""
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
_EMAIL: Final = re.compile(r"[^\s@<>\"',;:]+@[^\s@<>\"',;:]+\.[^\s@<>\"',;:.]+")
_PLAIN_NUMBER: Final = re.compile(r"\d{1,19}")
_GROUPED_NUMBER: Final = re.compile(r"\d{1,3}(?:([.,'\u2019 \u00a0\u202f])\d{3})(?:\1\d{3})*")
_SHORT_NUMBER: Final = re.compile(r"(\d{1,9})(?:[.,](\d{1,6}))?\s*([kKmM])")
_NO_LIMIT: Final = frozenset({"unlimited", "none", "no limit", "∞"})
_ALL_MODELS: Final = frozenset({"all", "*", "any"})


@dataclass(frozen=True, slots=True)
class Unlimited:
    """A quota that says that there is none, which is more than saying nothing."""


UNLIMITED: Final = Unlimited()


@dataclass(frozen=True, slots=True)
class RosterLine:
    """One person of the list.

    Attributes:
        number: of the line in the file, the first is 1.
        quota_tokens: for all time; None where nothing is said.
        allowed_models: patterns; empty where nothing is said, `("*",)` for all.
    """

    number: int
    name: str
    email: str = ""
    team: str = ""
    quota_tokens: int | Unlimited | None = None
    allowed_models: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RosterMistake:
    """What is wrong with one cell, or with a whole line where `column` is ""."""

    number: int
    column: str
    message: str

    def __str__(self) -> str:
        return f"line {self.number}{f', {self.column}' if self.column else ''}: {self.message}"


@dataclass(frozen=True, slots=True)
class Roster:
    """What a list says, and what is wrong with it; `notes` say what was guessed or passed over."""

    lines: tuple[RosterLine, ...] = ()
    mistakes: tuple[RosterMistake, ...] = ()
    notes: tuple[str, ...] = ()


def read_roster(raw: bytes) -> Roster:
    """Return what the list says. It never raises: whatever is wrong is among the mistakes."""
    if len(raw) > MAX_ROSTER_BYTES:
        return _unreadable(f"the list has more than {MAX_ROSTER_BYTES // 2**20} MiB")
    text, note = _decoded(raw)
    notes = [note] if note else []
    said = _SAID_SEPARATOR.match(text)
    rest = text[said.end() :] if said else text
    separator = said[1] if said else _separator(rest)
    mistakes: list[RosterMistake] = []
    records = _records(rest, separator, 1 if said else 0, mistakes)
    first = next(records, None)
    if first is None:
        return Roster((), tuple(mistakes) or _unreadable("the list is empty").mistakes, tuple(notes))
    head = _read_head(*first, mistakes, notes)
    if mistakes:
        return Roster((), tuple(mistakes), tuple(notes))
    lines: list[RosterLine] = []
    for number, cells in records:
        if len(lines) == MAX_ROSTER_LINES:
            mistakes.append(RosterMistake(number, "", f"the list has more than {MAX_ROSTER_LINES} people"))
            break
        if any(cell.strip() for cell in cells):
            lines.append(_read_line(number, cells, head, mistakes))
    _find_twice(lines, mistakes)
    return Roster(tuple(lines), tuple(sorted(mistakes, key=lambda one: one.number)), tuple(notes))


def parse_quota(text: str) -> int | Unlimited | None:
    """Read an amount of tokens: `100000`, `100,000`, `100.000`, `100k`, `1.5M`, `unlimited`; None for "".

    Raises:
        ValueError: it is none of these.
    """
    text = text.strip()
    if not text:
        return None
    if text.lower() in _NO_LIMIT:
        return UNLIMITED
    amount = _whole_number(text)
    if amount is None:
        raise ValueError(f"{_cut(text)!r} is no amount of tokens; write a whole number, such as 100000, 250k or 1M")
    if amount > MAX_AMOUNT:
        raise ValueError(f"{_cut(text)!r} is more than can be counted")
    return amount


def _whole_number(text: str) -> int | None:
    if _PLAIN_NUMBER.fullmatch(text):
        return int(text)
    if _GROUPED_NUMBER.fullmatch(text):
        return int(re.sub(r"\D", "", text))
    short = _SHORT_NUMBER.fullmatch(text)
    if short is None:
        return None
    zeros = 3 if short[3] in "kK" else 6
    fraction = short[2] or ""
    return int(short[1] + fraction.ljust(zeros, "0")) if len(fraction) <= zeros else None


def _unreadable(message: str) -> Roster:
    return Roster(mistakes=(RosterMistake(1, "", message),))


def _decoded(raw: bytes) -> tuple[str, str]:
    """Return the text, and what has to be said about how it was read."""
    if raw.startswith(_UTF16):
        return raw.decode("utf-16", "replace"), ""
    try:
        return raw.decode("utf-8-sig"), ""
    except UnicodeDecodeError:
        pass
    for encoding in ("cp1252", "latin-1"):
        try:
            return raw.decode(encoding), f"the list is not UTF-8; it was read as {encoding}: look at names with accents"
        except UnicodeDecodeError:
            continue
    raise AssertionError("latin-1 decodes everything")


def _separator(text: str) -> str:
    """Return what stands between the words of the head, which have no such characters in them."""
    head = text.lstrip("\r\n").partition("\n")[0]
    return max(_SEPARATORS, key=head.count)


def _records(
    text: str, separator: str, lines_before: int, mistakes: list[RosterMistake]
) -> Iterator[tuple[int, list[str]]]:
    """Yield the records that are not empty, each with the number of its first line."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True, skipinitialspace=True)
    while True:
        number = reader.line_num + lines_before + 1
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            words = "a quotation mark is not closed, or stands within a cell" if '"' in text else str(error)
            mistakes.append(RosterMistake(number, "", f"it cannot be read: {words}"))
            return
        if record:
            yield number, record


@dataclass(frozen=True, slots=True)
class _Head:
    """The first line: where each column stands, how the list calls it, and how many cells it has."""

    columns: Mapping[Column, tuple[int, str]]
    width: int

    def cell(self, column: Column, cells: Sequence[str]) -> str:
        """Return what a line says there, without spaces that nobody sees; "" where it ends before."""
        place = self.columns[column][0] if column in self.columns else len(cells)
        return " ".join(unicodedata.normalize("NFC", cells[place]).split()) if place < len(cells) else ""

    def called(self, column: Column) -> str:
        """Return the list's own word for it."""
        return self.columns[column][1] if column in self.columns else column


def _read_head(number: int, cells: Sequence[str], mistakes: list[RosterMistake], notes: list[str]) -> _Head:
    found: dict[Column, tuple[int, str]] = {}
    unknown = []
    for place, said in enumerate(cells):
        column = _column(said)
        if column is None:
            unknown += [_cut(said.strip())] if said.strip() else []
        elif column in found:
            mistakes.append(RosterMistake(number, _cut(said), f"there are two columns for the {column}"))
        else:
            found[column] = place, _cut(said.strip())
    if "name" not in found and not {"first name", "last name"} <= found.keys():
        words = ", ".join(repr(_cut(one)) for one in cells[:8])
        message = f"no column is called 'name'; the first line must name the columns, and it says {words}"
        mistakes.append(RosterMistake(number, "", message))
    if unknown and not mistakes:
        notes.append(f"these columns were passed over: {', '.join(unknown[:20])}")
    return _Head(found, len(cells))


def _column(said: str) -> Column | None:
    word = re.sub(r"[\s_\-.]", "", unicodedata.normalize("NFC", said)).casefold()
    return next((column for column, words in _WORDS.items() if word in words), None)


def _read_line(number: int, cells: Sequence[str], head: _Head, mistakes: list[RosterMistake]) -> RosterLine:
    def check(column: Column | None, message: str) -> None:
        if message:
            mistakes.append(RosterMistake(number, head.called(column) if column else "", message))

    def said(column: Column) -> str:
        return head.cell(column, cells)

    if any(cell.strip() for cell in cells[head.width :]):
        check(None, "it has more cells than the first line; is a name with a separator not in quotation marks?")
    name = said("name") or " ".join(part for part in (said("first name"), said("last name")) if part)
    check("name" if "name" in head.columns else "last name", _name_mistake(name))
    check("email", _email_mistake(said("email")))
    check("team", _name_mistake(said("team")) if said("team") else "")
    quota: int | Unlimited | None = None
    try:
        quota = parse_quota(said("quota"))
    except ValueError as error:
        check("quota", str(error))
    models = _models(said("models"))
    check("models", f"{len(models)} models; at most {MAX_MODELS} are possible" if len(models) > MAX_MODELS else "")
    return RosterLine(number, name, said("email"), said("team"), quota, models)


def _models(text: str) -> tuple[str, ...]:
    if text.casefold() in _ALL_MODELS:
        return ("*",)
    return tuple(dict.fromkeys(part for part in re.split(r"[\s,;|]+", text) if part))


def _name_mistake(name: str) -> str:
    if not name:
        return "is missing"
    if len(name) > MAX_NAME_CHARS:
        return f"{_cut(name)!r} has {len(name)} characters; at most {MAX_NAME_CHARS} are possible"
    if not name.isprintable() or any(char in "*:" for char in name):
        return f"{_cut(name)!r} has a character that names cannot have: '*', ':' or one that does not print"
    return ""


def _email_mistake(email: str) -> str:
    if not email or (len(email) <= MAX_EMAIL_CHARS and email.isprintable() and _EMAIL.fullmatch(email)):
        return ""
    return f"{_cut(email)!r} is no e-mail address"


def _find_twice(lines: Sequence[RosterLine], mistakes: list[RosterMistake]) -> None:
    """Note who stands there twice: nobody could tell which of the two lines counts."""
    seen: dict[tuple[Column, str], int] = {}
    for line in lines:
        values: tuple[tuple[Column, str], ...] = (("name", line.name), ("email", line.email.casefold()))
        for column, value in values:
            first = seen.setdefault((column, value), line.number) if value else line.number
            if first != line.number:
                mistakes.append(RosterMistake(line.number, column, f"{_cut(value)!r} stands in line {first} already"))


def _cut(text: str) -> str:
    """Return as much of a cell as a message repeats."""
    return text if len(text) <= MAX_SHOWN_CHARS else text[:MAX_SHOWN_CHARS] + "…"
