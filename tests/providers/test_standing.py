import pytest

from tokenrouter.domain.conditions import Status
from tokenrouter.providers.standing import standing_of

JSON = {b"content-type": b"application/json"}
HTML = {b"content-type": b"text/html; charset=UTF-8"}


@pytest.mark.parametrize(
    ("status", "standing"),
    [
        (200, "online"),
        (401, "auth problem"),
        (403, "auth problem"),
        (404, "unknown"),
        (405, "unknown"),
        (429, "online"),
        (301, "offline"),
        (400, "offline"),
        (500, "offline"),
        (503, "offline"),
    ],
)
def test_the_status_decides(status: int, standing: Status) -> None:
    assert standing_of(status, JSON, b'{"error": {"message": "no"}}') == standing


@pytest.mark.parametrize(
    "body",
    [
        b'{"error": {"message": "API key not valid. Please pass a valid API key.", "status": "INVALID_ARGUMENT"}}',
        b'{"error": {"message": "no", "details": [{"reason": "API_KEY_INVALID"}]}}',
        b'{"message": "Incorrect API key provided"}',
    ],
)
def test_a_400_about_the_key_is_a_problem_of_the_key(body: bytes) -> None:
    assert standing_of(400, JSON, body) == "auth problem"


def test_a_page_that_keeps_programs_out_is_told_apart_from_a_refused_key() -> None:
    page = b"<!DOCTYPE html><html><head><title>Just a moment...</title>"

    assert standing_of(403, HTML, page) == "blocked"
    assert standing_of(503, HTML, b"<script src='/cdn-cgi/challenge-platform/x'>") == "blocked"
    assert standing_of(403, {b"cf-mitigated": b"challenge"}, b"") == "blocked"
    assert standing_of(403, JSON, page) == "auth problem"
