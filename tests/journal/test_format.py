from dataclasses import fields, replace
from typing import Any

import msgspec
import pytest
from hypothesis import given

from tests.journal.entries import amounts, entries, entry, ids
from tokenrouter.domain.ledger import LedgerEntry, Usage
from tokenrouter.domain.limits import Amounts
from tokenrouter.journal.format import HEADER, Begin, End, Progress, decode, encode_begin, encode_end, encode_progress


def payload(framed: bytes) -> bytes:
    return framed[HEADER.size :]


@given(entries, amounts)
def test_a_begin_comes_back_as_it_was_written(one: LedgerEntry, held: Amounts) -> None:
    assert decode(payload(encode_begin(one, held))) == Begin(one, held)


@given(ids, amounts)
def test_a_progress_comes_back_as_it_was_written(entry_id: str, held: Amounts) -> None:
    assert decode(payload(encode_progress(entry_id, held))) == Progress(entry_id, held)


@given(entries)
def test_an_end_comes_back_as_it_was_written(one: LedgerEntry) -> None:
    assert decode(payload(encode_end(one))) == End(one)


@pytest.mark.parametrize("name", [field.name for field in fields(LedgerEntry)])
def test_every_field_of_an_entry_is_in_its_record(name: str) -> None:
    marks: dict[type, Any] = {
        int: 77,
        str: "mark",
        bool: True,
        tuple: ("mark",),
        Usage: Usage(1, 2, 3, 4, 5, 6),
        type(None): 77,
    }
    marked = replace(entry(), **{name: marks[type(getattr(entry(), name))]})

    assert decode(payload(encode_end(marked))) == End(marked)
    assert marked != entry()


def test_a_record_of_an_older_version_is_read_with_defaults() -> None:
    whole = msgspec.msgpack.decode(payload(encode_end(entry())))

    older = decode(msgspec.msgpack.encode(whole[:-2]))

    assert older == End(entry())


def test_what_a_newer_version_adds_at_the_end_is_passed_over() -> None:
    whole = msgspec.msgpack.decode(payload(encode_end(entry())))

    assert decode(msgspec.msgpack.encode([*whole, "new", 1])) == End(entry())


def test_a_kind_that_is_not_known_is_named() -> None:
    with pytest.raises(ValueError, match="unknown kind 9"):
        decode(msgspec.msgpack.encode((9, "something")))
