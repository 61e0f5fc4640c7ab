from typing import Any

from tokenrouter.admin.answers import declare_problems

NAME = {"name": "name", "in": "path"}
IF_MATCH = {"name": "if-match", "in": "header"}


def declared(method: str = "get", **operation: Any) -> set[str]:
    """Return what an operation that needs a key declares."""
    answers: dict[str, Any] = {"200": {}}
    declare_problems({"paths": {"/x": {method: {"security": [{"key": []}], "responses": answers, **operation}}}})
    return set(answers) - {"200"}


def test_what_needs_a_key_may_be_refused_and_the_database_may_be_away() -> None:
    assert declared() == {"401", "403", "503"}


def test_what_a_path_names_may_not_be_there() -> None:
    assert declared(parameters=[NAME]) - declared() == {"404", "422"}


def test_what_is_written_may_be_somebody_elses() -> None:
    assert declared("post", requestBody={}) - declared() == {"400", "404", "409", "422"}


def test_what_was_read_may_have_changed_meanwhile() -> None:
    assert declared("delete", parameters=[NAME, IF_MATCH]) - declared("delete", parameters=[NAME]) == {"400", "412"}


def test_who_signs_in_may_have_tried_too_often() -> None:
    document: dict[str, Any] = {"paths": {"/x": {"post": {"responses": {"201": {}}}}}}

    declare_problems(document)

    assert "429" in document["paths"]["/x"]["post"]["responses"]


def test_what_a_route_says_by_its_status_is_a_problem_document_too() -> None:
    document: dict[str, Any] = {"paths": {"/x": {"get": {"responses": {"200": {}, "502": {"description": "Bad"}}}}}}

    declare_problems(document)

    assert document["paths"]["/x"]["get"]["responses"]["502"] == {"$ref": "#/components/responses/Problem502"}
    answer = document["components"]["responses"]["Problem502"]
    assert answer["content"] == {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


def test_the_frameworks_own_shapes_are_not_declared() -> None:
    document: dict[str, Any] = {"paths": {}, "components": {"schemas": {"HTTPValidationError": {}, "Key": {}}}}

    declare_problems(document)

    assert set(document["components"]["schemas"]) == {"Key", "Problem"}
