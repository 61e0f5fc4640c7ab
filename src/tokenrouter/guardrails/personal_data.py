"""What personal data and secrets look like: candidates by pattern, then whatever their check digits say.

A detector that finds too much makes answers worse, one that finds too little gives a person away; so whatever has a
checksum is checked, and what has none needs the look of it (a telephone number needs its `+`, or separators).
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final, NamedTuple, Protocol

from tokenrouter.domain.guardrails import Detector
from tokenrouter.guardrails.patterns import Match

IBAN_LENGTHS: Final[Mapping[str, int]] = {
    country: length
    for length, countries in {
        15: "NO",
        16: "BE",
        18: "DK FI FK FO GL NL SD",
        19: "MK SI",
        20: "AT BA EE KZ LT LU MN XK",
        21: "CH HR LI LV",
        22: "BG BH CR DE GB GE IE ME RS VA",
        23: "AE GI IL IQ OM SO TL",
        24: "AD CZ ES MD PK RO SA SE SK TN VG",
        25: "LY PT ST",
        26: "IS TR",
        27: "BI DJ FR GR IT MC MR SM",
        28: "AL AZ BY CY DO GT HN HU LB NI PL SV",
        29: "BR EG PS QA UA",
        30: "JO KW MU YE",
        31: "MT SC",
        32: "LC",
        33: "RU",
    }.items()
    for country in countries.split()
}
"""Characters of an account number by country (SWIFT, IBAN registry, release 99, read 2026-11)."""
_CARD_DIGITS: Final = range(13, 20)
"""ISO/IEC 7812-1: 13 to 19 in use; those of banks and merchants begin with 2 to 6."""
_DOUBLED: Final = str.maketrans("0123456789", "0246813579")
"""Each digit twice, with the digits of that added up."""
_PHONE_DIGITS: Final = range(7, 16)
"""E.164: at most 15; shorter ones are room numbers."""


class Span(NamedTuple):
    """Where something stands in a text."""

    start: int
    end: int


class Finder(Protocol):
    """A pattern, of either engine."""

    def finditer(self, text: str, /) -> Iterator[Match]: ...


@dataclass(frozen=True, slots=True)
class Rule:
    """How one kind of data is found.

    Attributes:
        label: of its placeholders.
        hint: characters of which one is in every match; "" where there are none such.
        check: returns how many of the candidate's characters are the data, 0: none.
        group: of the pattern, what it finds; with one in a look-ahead, candidates may overlap.
        neighbours: whether a letter or digit beside a match speaks against it.
    """

    label: str
    pattern: Finder
    hint: str = ""
    check: Callable[[str], int] = len
    group: int = 0
    neighbours: bool = True

    def spans(self, text: str) -> list[Span]:
        """Return where it stands in `text`."""
        if self.hint and self.hint not in text:
            return []
        found: list[Span] = []
        for match in self.pattern.finditer(text):
            start, end = match.span(self.group)
            if found and start < found[-1].end:
                continue
            length = self.check(text[start:end])
            if length and not (self.neighbours and _is_within_word(text, start, start + length)):
                found.append(Span(start, start + length))
        return found


def _is_within_word(text: str, start: int, end: int) -> bool:
    return (start > 0 and _is_word(text[start - 1])) or (end < len(text) and _is_word(text[end]))


def _is_word(letter: str) -> bool:
    return letter.isalnum() or letter == "_"


def luhn(digits: str) -> bool:
    """Whether the last of `digits` is the check digit of the others (ISO/IEC 7812-1, annex B)."""
    return (sum(map(int, digits[::-2])) + sum(map(int, digits[-2::-2].translate(_DOUBLED)))) % 10 == 0


def is_iban(text: str) -> bool:
    """Whether `text`, without blanks, is an account number: its country's length, and 1 modulo 97 (ISO 13616-1)."""
    if IBAN_LENGTHS.get(text[:2]) != len(text):
        return False
    return int("".join(str(int(letter, 36)) for letter in text[4:] + text[:4])) % 97 == 1


def _card(candidate: str) -> int:
    """Return the length of the longest card number at the candidate's beginning."""
    at = [place for place, letter in enumerate(candidate) if letter.isdigit()]
    digits = "".join(candidate[place] for place in at)
    for count in range(min(len(digits), _CARD_DIGITS[-1]), _CARD_DIGITS[0] - 1, -1):
        if luhn(digits[:count]) and len(set(digits[:count])) > 1:
            return at[count - 1] + 1
    return 0


def _iban(candidate: str) -> int:
    places = [place for place, letter in enumerate(candidate) if letter.isalnum()]
    length = IBAN_LENGTHS.get(candidate[:2].upper(), 0)
    if not 0 < length <= len(places):
        return 0
    number = "".join(candidate[place] for place in places[:length]).upper()
    return places[length - 1] + 1 if is_iban(number) else 0


def _phone(candidate: str) -> int:
    return len(candidate) if sum(letter.isdigit() for letter in candidate) in _PHONE_DIGITS else 0


def _address(candidate: str) -> int:
    """Return the length of an IP address; a colon or a full stop after it belongs to the sentence."""
    text = candidate.rstrip(".:") if not candidate.endswith("::") else candidate
    if ":" in text and sum(1 for group in text.split(":") if group) < 3:
        return 0  # `a::b` is an address by the letter, and in most texts a name of a program's
    try:
        ip_address(text)
    except ValueError:
        return 0
    return len(text)


_SECRETS: Final = (
    r"(?:sk|pk|rk|xai|gsk|hf|npm|glpat|tr|llmp|pplx|r8|nvapi|whsec|dop_v1)[-_][A-Za-z0-9_-]{16,250}+"
    r"|(?:gh[pousr]|github_pat)_[A-Za-z0-9_]{20,250}+"
    r"|(?:AKIA|ASIA)[0-9A-Z]{16}"
    r"|AIza[0-9A-Za-z_-]{35}"
    r"|xox[abeoprs]-[A-Za-z0-9-]{10,250}+"
    r"|eyJ[A-Za-z0-9_-]{10,4000}+\.[A-Za-z0-9_-]{10,4000}+\.[A-Za-z0-9_-]{5,4000}+"
    r"|-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[A-Za-z0-9+/=\s\\]{0,8000}+(?:-----END [A-Z ]{0,30}PRIVATE KEY-----)?"
)
"""Keys by their prefixes, as their vendors' pages and secret scanners list them (2026-11)."""

_ALONE: Final = r"(?<![^\W_])"
"""No letter or digit before it: a long word is looked at once, and not from each of its letters."""
_V4: Final = r"(?<![\w.])[0-9]{1,3}(?:\.[0-9]{1,3}){3}"
_V6: Final = r"(?<![\w:.])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}+(?:\.[0-9]{1,3}){0,3}"

RULES: Final[Mapping[Detector, Rule]] = {
    "secret": Rule("SECRET", re.compile(rf"{_ALONE}(?:{_SECRETS})")),
    "email": Rule(
        "EMAIL",
        re.compile(r"(?<![\w.%+\-])[\w.%+\-]{1,64}+@(?:[^\W_][\w\-]{0,62}\.){1,8}[^\W\d_]{2,24}"),
        hint="@",
    ),
    "iban": Rule(
        "IBAN", re.compile(_ALONE + r"(?=([A-Za-z]{2}[0-9]{2}(?: ?[A-Za-z0-9]){11,30}+))"), check=_iban, group=1
    ),
    "card": Rule("CARD", re.compile(_ALONE + r"(?=([2-6][0-9]{3}(?:[ \-]?[0-9]{2,6}){2,6}))"), check=_card, group=1),
    "ip": Rule("IP", re.compile(f"{_V4}|{_V6}"), check=_address),
    "phone": Rule(
        "PHONE",
        re.compile(
            _ALONE + r"(?:(?:\+|00)[0-9](?:[ ().\-/]{0,2}[0-9]){6,14}"
            r"|\([0-9]{2,5}\) ?[0-9]{3,4}[ .\-]?[0-9]{3,4}"
            r"|[0-9]{2,5}[ .\-/][0-9]{3,4}[ .\-][0-9]{3,4})"
        ),
        check=_phone,
    ),
}
"""Each kind of data, those first that are the surest where two stand in one place.

Python's engine is the faster one where there are many near misses, and these patterns give it nothing to go back for:
every repetition is bounded or possessive.
"""
