"""What personal data looks like, and what only looks like it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.domain.guardrails import DETECTORS, Detector
from tokenrouter.guardrails.personal_data import IBAN_LENGTHS, RULES, is_iban, luhn

FOUND: list[tuple[Detector, str, list[str]]] = [
    ("email", "to ann.o'hara+x@example.co.uk, or bob@b.de.", ["hara+x@example.co.uk", "bob@b.de"]),
    ("email", "Grüße an josé@exämple.de!", ["josé@exämple.de"]),
    ("email", "@decorator a@b user@localhost @ann", []),
    (
        "phone",
        "call +49 30 1234567 or (030) 123 4567, 555-123-4567",
        ["+49 30 1234567", "(030) 123 4567", "555-123-4567"],
    ),
    ("phone", "2026-11-21 17:30:45 0.123456789 1234567890 v1.2.3 x555-123-4567", []),
    ("card", "4111 1111 1111 1111, 4111-1111-1111-1111", ["4111 1111 1111 1111", "4111-1111-1111-1111"]),
    ("card", "5555555555554444 exp 12", ["5555555555554444"]),
    ("card", "no 12 4111 1111 1111 1111", ["4111 1111 1111 1111"]),
    ("card", "4111111111111112 0000000000000000 1234567890123", []),
    (
        "iban",
        "DE89 3704 0044 0532 0130 00 AND gb82west12345698765432",
        ["DE89 3704 0044 0532 0130 00", "gb82west12345698765432"],
    ),
    ("iban", "AB12 see DE89370400440532013000", ["DE89370400440532013000"]),
    ("iban", "DE88370400440532013000 XX89370400440532013000", []),
    (
        "ip",
        "from 10.1.2.3. to fe80::1:2:3, 2001:db8::8a2e:370:7334",
        ["10.1.2.3", "fe80::1:2:3", "2001:db8::8a2e:370:7334"],
    ),
    ("ip", "256.1.1.1 1.2.3 std::vector a::b 12:30:45", []),
    (
        "secret",
        "key sk-abcdefghijklmnop1234 and AKIAABCDEFGHIJKLMNOP",
        ["sk-abcdefghijklmnop1234", "AKIAABCDEFGHIJKLMNOP"],
    ),
    ("secret", "a task-list-of-things-to-do and desk-abcdefghijklmnopqrst", []),
]


@pytest.mark.parametrize(("kind", "text", "expected"), FOUND)
def test_each_kind_is_found_and_nothing_else(kind: Detector, text: str, expected: list[str]) -> None:
    assert [text[span.start : span.end] for span in RULES[kind].spans(text)] == expected


def test_every_kind_has_a_rule() -> None:
    assert set(RULES) == set(DETECTORS)


@given(st.text(alphabet="0123456789", min_size=12, max_size=18))
def test_of_ten_last_digits_one_makes_a_card_number(digits: str) -> None:
    assert sum(luhn(digits + last) for last in "0123456789") == 1


@given(st.sampled_from(sorted(IBAN_LENGTHS)), st.data())
def test_of_all_check_digits_hardly_any_make_an_account_number(country: str, data: st.DataObject) -> None:
    size = IBAN_LENGTHS[country] - 4
    account = data.draw(st.text(alphabet="0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=size, max_size=size))
    fitting = [number for number in range(2, 99) if is_iban(f"{country}{number:02}{account}")]
    assert len(fitting) == 1


@pytest.mark.parametrize(
    "unit", ["a@", "1", "1-", "a", ":", "DE12", "-----BEGIN PRIVATE KEY-----", "eyJaaaaaaaaaa", "é", "+1 "]
)
@pytest.mark.parametrize("kind", DETECTORS)
def test_a_text_of_near_misses_is_looked_through_once(kind: Detector, unit: str) -> None:
    """Whoever looked through it from each of its letters to its end would not come back."""
    RULES[kind].spans(unit * (50_000 // len(unit)) + "@")
