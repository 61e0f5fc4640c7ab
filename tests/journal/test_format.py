from dataclasses import fields
from typing import Any

import msgspec
import pytest
from hypothesis import given

from tests.journal.entries import amounts, beginnings, begun, ended, endings, ids, subjects
from tokenrouter.domain.ledger import Begun, Borrowed, Ended, LedgerEntry, Subject, Usage
from tokenrouter.domain.limits import Amounts
from tokenrouter.journal.format import (
    HEADER,
    Begin,
    End,
    Progress,
    Whole,
    decode,
    encode_begin,
    encode_end,
    encode_progress,
    encode_subject,
    encode_whole,
)


def payload(framed: bytes) -> bytes:
    return framed[HEADER.size :]


@given(subjects, beginnings, amounts)
def test_a_begin_comes_back_as_it_was_written(subject: Subject, first: Begun, held: Amounts) -> None:
    assert decode(payload(encode_begin(encode_subject(subject), first, held))) == Begin(subject, first, held)


@given(ids, amounts)
def test_a_progress_comes_back_as_it_was_written(entry_id: str, held: Amounts) -> None:
    assert decode(payload(encode_progress(entry_id, held))) == Progress(entry_id, held)


@given(endings)
def test_an_end_comes_back_as_it_was_written(one: Ended) -> None:
    assert decode(payload(encode_end(one))) == End(one)


@given(subjects, beginnings, endings)
def test_a_whole_entry_comes_back_as_it_was_written(subject: Subject, first: Begun, one: Ended) -> None:
    assert decode(payload(encode_whole(subject, first, one, 7))) == Whole(subject, first, one, 7)
    lent = Borrowed("cache", "req_0", 5)
    assert decode(payload(encode_whole(subject, first, one, 1, lent))) == Whole(subject, first, one, 1, lent)


def test_every_field_of_a_row_is_in_some_record() -> None:
    in_records = {*Subject._fields, *Begun._fields, *Ended._fields, *Borrowed._fields, "count"}

    assert in_records - {"requests"} == {field.name for field in fields(LedgerEntry)}


def test_a_record_of_an_older_version_is_read_with_defaults() -> None:
    kind, values = msgspec.msgpack.decode(payload(encode_end(ended())))

    older = decode(msgspec.msgpack.encode((kind, values[:-3])))

    assert older == End(ended())


def test_usage_of_the_version_before_is_read_as_one_request_in_the_usual_tier() -> None:
    kind, values = msgspec.msgpack.decode(payload(encode_end(ended())))
    values[Ended._fields.index("usage")] = [10, 5, 4, 3, 2, 1]

    older = decode(msgspec.msgpack.encode((kind, values)))

    assert older == End(ended()._replace(usage=Usage(10, 5, 4, 3, 2, 1, 0, 0, 0, 0, 1, "")))


@pytest.mark.parametrize(
    "record", [encode_end(ended()), encode_begin(encode_subject(Subject("chat")), begun(), Amounts())]
)
def test_what_a_newer_version_adds_at_the_end_is_passed_over(record: bytes) -> None:
    kind, *values = msgspec.msgpack.decode(payload(record))
    longer: list[Any] = [[*value, "new", 1] if isinstance(value, list) else value for value in values]

    assert decode(msgspec.msgpack.encode([kind, *longer])) == decode(payload(record))


def test_a_kind_that_is_not_known_is_named() -> None:
    with pytest.raises(ValueError, match="unknown kind 9"):
        decode(msgspec.msgpack.encode((9, "something")))
