import pytest
from fastapi.testclient import TestClient

from tests.admin.installation import ROOT
from tokenrouter.admin.compat.error_shapes import as_detail, as_text, shape_of


@pytest.mark.parametrize(
    ("path", "shape"),
    [
        ("/admin/gen_key", as_detail),
        ("/admin/teams/7/logs", as_detail),
        ("/v1/usage/physics", as_detail),
        ("/register", as_detail),
        ("/auth/login", as_text),
        ("/manage/providers/7/models", as_text),
        ("/admin/teamsters", None),
        ("/admin/api/stats", None),
        ("/api/v1/keys", None),
    ],
)
def test_errors_of_each_api_have_its_shape(path: str, shape: object) -> None:
    assert shape_of(path) is shape


def test_fields_at_fault_are_a_list_as_fastapi_has_it() -> None:
    problem = {"status": 422, "detail": "name: is missing", "errors": [{"field": "name.0", "message": "is missing"}]}

    assert as_detail(problem) == (
        422,
        "application/json",
        b'{"detail": [{"loc": ["body", "name", "0"], "msg": "is missing", "type": "value_error"}]}',
    )
    assert as_text(problem) == (400, "text/plain; charset=utf-8", b"name: is missing\n")


def test_other_paths_and_answers_are_left_as_they_are(client: TestClient) -> None:
    assert client.get("/api/v1/keys").headers["content-type"] == "application/problem+json"
    assert client.get("/admin/list_users", headers=ROOT).json()["users"]


def test_an_answer_in_another_shape_keeps_its_status_and_headers(client: TestClient) -> None:
    answer = client.get("/admin/list_users")

    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/json")
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.headers["cache-control"] == "no-store"
