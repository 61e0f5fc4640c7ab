"""Reading a body field by field."""

from collections.abc import Callable

import pytest

from tokenrouter.sandbox.errors import ApiError
from tokenrouter.sandbox.fields import MAX_DEPTH, Fields, read_body

FIELDS = Fields({"text": "x", "whole": 3, "half": 0.5, "flag": True, "none": None, "list": [{"a": 1}, 2]}, "body")


@pytest.mark.parametrize(
    ("read", "param", "code"),
    [
        (lambda: FIELDS.text("whole"), "body.whole", "invalid_type"),
        (lambda: FIELDS.flag("whole"), "body.whole", "invalid_type"),
        (lambda: FIELDS.integer("flag", 0, 9), "body.flag", "invalid_type"),
        (lambda: FIELDS.integer("half", 0, 9), "body.half", "invalid_type"),
        (lambda: FIELDS.number("flag", 0, 9), "body.flag", "invalid_type"),
        (lambda: FIELDS.integer("whole", 4, 9), "body.whole", "integer_below_minimum_value"),
        (lambda: FIELDS.number("half", 0, 0.4), "body.half", "decimal_above_maximum_value"),
        (lambda: FIELDS.required_text("none"), "body.none", "missing_required_parameter"),
        (lambda: FIELDS.required_member("absent"), "body.absent", "missing_required_parameter"),
        (lambda: FIELDS.choice("text", ("a", "b")), "body.text", "invalid_value"),
        (lambda: FIELDS.objects("list"), "body.list[1]", "invalid_type"),
        (lambda: FIELDS.texts("list", 4), "body.list", "invalid_type"),
    ],
)
def test_a_wrong_value_is_named_with_its_path(read: Callable[[], object], param: str, code: str) -> None:
    with pytest.raises(ApiError) as caught:
        read()

    assert (caught.value.status, caught.value.param, caught.value.code) == (400, param, code)


def test_null_is_as_good_as_absent() -> None:
    assert FIELDS.text("none") is FIELDS.text("absent") is None
    assert not FIELDS.present("none")
    assert FIELDS.texts("none", 4) == ()


def test_an_integer_is_a_number() -> None:
    assert FIELDS.number("whole", 0, 9) == 3.0


def test_a_body_is_an_object() -> None:
    assert read_body('{"a": "ü"}'.encode()).values == {"a": "ü"}


def test_a_body_may_be_long_but_not_deep() -> None:
    assert read_body(b'{"a":[' + b"[],{}," * MAX_DEPTH + b"[]]}").present("a")
    assert read_body(b'{"a":' + b"[" * (MAX_DEPTH - 1) + b"]" * (MAX_DEPTH - 1) + b"}").present("a")
    with pytest.raises(ApiError, match="nested"):
        read_body(b'{"a":' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"}")
