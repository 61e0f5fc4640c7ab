"""A request on its way to a provider of the same dialect: only the model changes, however the JSON is written."""

import json
import string
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokenrouter.dialects.anthropic.messages import MESSAGES
from tokenrouter.dialects.base import Dialect
from tokenrouter.dialects.gemini.content import GENERATE_CONTENT
from tokenrouter.dialects.openai_chat.chat import CHAT
from tokenrouter.dialects.openai_responses.responses import RESPONSES
from tokenrouter.domain.errors import InvalidJson

MODEL = "acme/m-1"
TOLD = b'"m-1"'
"""What takes the place of the model's name."""
NAMED: list[tuple[Dialect, dict[str, str]]] = [
    (CHAT, {"messages": '[{"role":"user", "content":"x"}]', "stream": "true"}),
    (RESPONSES, {"input": '[ {"role":"user","content":"\\u00fc"} ]', "max_output_tokens": "9"}),
    (MESSAGES, {"messages": "[ ]", "max_tokens": "9", "system": '"be\\/brief"'}),
]
"""Dialects that have the model in the body, with what they need beside it."""
each_dialect = pytest.mark.parametrize(("dialect", "needed"), NAMED, ids=[dialect.name for dialect, _ in NAMED])

NUMBERS = st.sampled_from(["0", "-0.0", "1.0e0", "1E+2", "0.10", "123456789012345678901234567890", "1e-320"])
BLANKS = st.text(" \t\r\n", max_size=2)
ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "/": "\\/", "é": "\\u00e9", "😀": "\\ud83d\\ude00"}


@st.composite
def string_texts(draw: st.DrawFn, value: str | None = None) -> str:
    """Draw a JSON string; each character as itself or as an escape, where both may be."""
    value = draw(st.text(string.ascii_letters + ' ."\\\n/é😀', max_size=6)) if value is None else value
    written = []
    for character in value:
        escaped = ESCAPES.get(character, f"\\u{ord(character):04x}")
        must = character in '"\\\n'
        written.append(escaped if must or draw(st.booleans()) else character)
    return f'"{"".join(written)}"'


def lists_of(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(BLANKS, st.lists(inner, max_size=3), BLANKS).map(lambda t: f"[{t[0]}{f',{t[2]}'.join(t[1])}]")


def objects_of(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return objects; a key may stand twice in them, which is the provider's business."""
    pair = st.tuples(string_texts(), BLANKS, inner).map(lambda t: f"{t[0]}{t[1]}:{t[1]}{t[2]}")
    return st.tuples(BLANKS, st.lists(pair, max_size=3)).map(lambda t: f"{{{t[0]}{','.join(t[1])}}}")


VALUES = st.recursive(
    st.sampled_from(["null", "true", "false"]) | NUMBERS | string_texts(),
    lambda inner: lists_of(inner) | objects_of(inner),
    max_leaves=6,
)
UNKNOWN = st.dictionaries(st.text(string.ascii_lowercase + "é_", max_size=5).map("x-{}".format), VALUES, max_size=4)
"""Fields that nobody knows."""


@st.composite
def bodies(draw: st.DrawFn, needed: dict[str, str], *, twice: bool = False) -> tuple[str, list[tuple[str, str]]]:
    """Draw a body, and its fields with their values as they are written; `twice`: one of them stands twice."""
    model = draw(string_texts(MODEL))
    fields = draw(st.permutations(list({"model": model, **needed, **draw(UNKNOWN)}.items())))
    if twice:
        fields.insert(draw(st.integers(0, len(fields))), draw(st.sampled_from(fields)))
    if draw(st.booleans()):
        return "{" + ",".join(f"{json.dumps(key, ensure_ascii=False)}:{value}" for key, value in fields) + "}", fields
    written = [
        f"{draw(BLANKS)}{draw(string_texts(key))}{draw(BLANKS)}:{draw(BLANKS)}{value}{draw(BLANKS)}"
        for key, value in fields
    ]
    return f"{draw(BLANKS)}{{{','.join(written)}}}{draw(BLANKS)}", fields


def fields_in(body: str) -> Iterator[tuple[str, str]]:
    """Yield the top-level fields of a JSON object with their values as they are written."""
    decoder = json.JSONDecoder()
    at = _blanks_after(body, body.index("{") + 1)
    while body[at] != "}":
        key, at = decoder.raw_decode(body, at)
        at = _blanks_after(body, body.index(":", at) + 1)
        _, end = decoder.raw_decode(body, at)
        yield key, body[at:end]
        at = _blanks_after(body, end)
        if body[at] == ",":
            at = _blanks_after(body, at + 1)


def _blanks_after(text: str, at: int) -> int:
    return at + len(text[at:]) - len(text[at:].lstrip(" \t\r\n"))


@each_dialect
@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_only_the_models_name_changes(dialect: Dialect, needed: dict[str, str], data: Any) -> None:
    body, fields = data.draw(bodies(needed))

    head = dialect.peek(body.encode())
    sent = b"".join(head.body.with_value("model", TOLD)).decode()

    assert head.model == MODEL
    assert list(fields_in(sent)) == [(key, TOLD.decode() if key == "model" else value) for key, value in fields]


@each_dialect
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_other_changes_leave_the_rest_alone_too(dialect: Dialect, needed: dict[str, str], data: Any) -> None:
    """A bound under a hard limit, and the request for usage, go in beside the name."""
    body, fields = data.draw(bodies(needed))
    head = dialect.peek(body.encode())
    changes = {"model": TOLD, **dialect.bounding_output(head, 7), **dialect.asking_usage(head)}

    sent = dict(fields_in(b"".join(head.body.changed(changes)).decode()))

    assert sent == dict(fields) | {key: bytes(value).decode() for key, value in changes.items()}


@each_dialect
@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_a_compact_body_keeps_every_other_byte(dialect: Dialect, needed: dict[str, str], data: Any) -> None:
    _, fields = data.draw(bodies(needed))
    model = data.draw(st.integers(0, len(fields)))
    others = [(key, value) for key, value in fields if key != "model"]
    before = "".join(f'"{key}":{value},' for key, value in others[:model])
    after = "".join(f',"{key}":{value}' for key, value in others[model:])

    head = dialect.peek(f'{{{before}"model":"{MODEL}"{after}}}'.encode())

    assert b"".join(head.body.with_value("model", TOLD)) == f'{{{before}"model":{TOLD.decode()}{after}}}'.encode()


@each_dialect
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_field_that_stands_twice_is_refused(dialect: Dialect, needed: dict[str, str], data: Any) -> None:
    body, _ = data.draw(bodies(needed, twice=True))

    with pytest.raises(InvalidJson, match="stands twice"):
        dialect.peek(body.encode())


def test_gemini_has_the_model_in_its_path_so_that_no_byte_need_change() -> None:
    assert GENERATE_CONTENT.model_field("m-1") is None


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_gemini_refuses_a_field_that_stands_twice(data: Any) -> None:
    body, _ = data.draw(bodies({"contents": "[ ]", "generationConfig": "{}"}, twice=True))

    with pytest.raises(InvalidJson, match="stands twice"):
        GENERATE_CONTENT.peek(body.encode(), "m-1", False)
