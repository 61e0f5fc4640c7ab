from typing import Any

from tokenrouter.admin.answered_fields import require_answered_fields
from tokenrouter.admin.app import api_document


def _document(**schemas: Any) -> dict[str, Any]:
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Taken"}}}}
    answer = {"content": {"application/json": {"schema": {"items": {"$ref": "#/components/schemas/Answered"}}}}}
    path = {"post": {"requestBody": body, "responses": {"200": answer}}, "parameters": []}
    return {"paths": {"/x": path}, "components": {"schemas": schemas}}


def test_what_is_answered_requires_all_that_it_has_and_what_is_taken_does_not() -> None:
    usual = {"default": "", "type": "string"}
    inner = {"properties": {"a": usual}}
    answered = {
        "properties": {"b": usual, "inner": {"anyOf": [{"$ref": "#/components/schemas/Inner"}]}},
        "required": ["b"],
    }
    document = _document(Taken={"properties": {"a": usual}}, Answered=answered, Inner=inner, Unused=dict(inner))

    require_answered_fields(document)

    schemas = document["components"]["schemas"]
    assert schemas["Answered"]["required"] == ["b", "inner"]
    assert schemas["Inner"]["required"] == ["a"]
    assert "required" not in schemas["Taken"]
    assert "required" not in schemas["Unused"]


def test_a_shape_that_is_sent_as_well_keeps_what_may_be_left_out() -> None:
    both = {"properties": {"a": {"default": 1}}}
    document = _document(
        Taken={"properties": {"shared": {"$ref": "#/components/schemas/Both"}}},
        Answered={"properties": {"shared": {"$ref": "#/components/schemas/Both"}}},
        Both=both,
    )

    require_answered_fields(document)

    assert "required" not in both


def test_the_api_says_of_its_answers_that_every_field_is_there() -> None:
    schemas = api_document()["components"]["schemas"]

    assert "conversation" in schemas["LedgerRow"]["required"]
    assert "comment" not in schemas["NewKey"].get("required", [])
