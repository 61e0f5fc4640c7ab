"""What the Classroom system's README promises, asked of a real server: unchanged but for the address.

The provider is declared by its variables, as there, and the panel's requests are sent with `X-Admin-Password`.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tokenrouter.testing.processes import Answer, GatewayProcess, SandboxProcess, make_home, wait_until

pytestmark = pytest.mark.e2e

ADMIN = {"X-Admin-Password": "correct horse battery staple"}
CODE = "spring-2026"


@pytest.fixture(scope="module")
def classroom(sandbox: SandboxProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    env = {
        "PROVIDER_API_KEY": "sandbox",
        "PROVIDER_BASE_URL": sandbox.base_url,
        "ALLOWED_MODELS": "echo,byte",
        "ADMIN_PASSWORD": ADMIN["X-Admin-Password"],
        "REGISTRATION_ACCESS_CODES": CODE,
        "ALLOWED_EMAIL_DOMAINS": "school.example",
        "DEFAULT_REGISTRATION_QUOTA": "50000",
        "PUBLIC_API_URL": "https://ai.school.example/v1",
    }
    with GatewayProcess(make_home(tmp_path_factory.mktemp("classroom")), env=env) as running:
        wait_until("the control process", lambda: running.call("GET", "/admin", key=None).status == 200)
        yield running


def admin(classroom: GatewayProcess, method: str, path: str, body: object = None) -> Answer:
    return classroom.call(method, path, key=None, json_body=body, headers=ADMIN)


def chat(classroom: GatewayProcess, token: str, model: str = "echo") -> Answer:
    """Ask once; limits that were just made are waited for."""
    body = {"model": model, "messages": [{"role": "user", "content": "Hello"}], "temperature": 1.0, "max_tokens": 50}
    answers: list[Answer] = []

    def has_answered() -> bool:
        answers.append(classroom.call("POST", "/v1/chat/completions", json_body=body, key=token))
        return answers[-1].status != 503

    wait_until("the counters", has_answered)
    return answers[-1]


def usage(classroom: GatewayProcess, team: str, token: str) -> dict[str, Any]:
    told: dict[str, Any] = classroom.call("GET", f"/v1/usage/{team}", key=token).json()
    return told


def test_a_team_gets_a_token_uses_its_quota_is_stopped_and_reset(classroom: GatewayProcess) -> None:
    made = admin(classroom, "POST", "/admin/teams", {"name": "Team Alpha", "quota_tokens": 20_000})
    assert made.status == 201, made.body
    team = made.json()
    token, path = team["token"], f"/admin/teams/{team['id']}"
    assert admin(classroom, "POST", "/admin/teams", {"name": "Team Alpha", "quota_tokens": 1}).status == 400

    answer = chat(classroom, token)
    assert answer.status == 200, answer.body
    used = answer.json()["usage"]["total_tokens"]
    wait_until("the books", lambda: usage(classroom, "Team%20Alpha", token)["used_tokens"] == used)

    admin(classroom, "PUT", path, {"quota_tokens": used})
    assert chat(classroom, token).status == 429
    shown = admin(classroom, "GET", path).json()
    assert (shown["remaining_tokens"], shown["usage_percentage"]) == (0, 100.0)

    assert admin(classroom, "POST", f"{path}/reset").json()["used_tokens"] == 0
    admin(classroom, "PUT", path, {"quota_tokens": 50_000})
    assert chat(classroom, token).status == 200
    assert chat(classroom, token, "large").status in (403, 404)

    logs = admin(classroom, "GET", f"{path}/logs?limit=50").json()
    assert {row["status"] for row in logs} == {"success", "error"}
    assert all(row["request_payload"] is None for row in logs)
    stats = admin(classroom, "GET", "/admin/stats").json()
    assert (stats["total_teams"], stats["active_teams"]) == (1, 1)

    admin(classroom, "PUT", path, {"is_active": False})
    assert chat(classroom, token).status in (401, 403)
    assert admin(classroom, "DELETE", path).status == 204
    assert chat(classroom, token).status == 401


def test_who_has_an_access_code_registers_and_uses_the_key(classroom: GatewayProcess) -> None:
    wanted = {"username": "anna_bell", "email": "anna@school.example", "access_code": CODE}

    assert b"Access code" in classroom.call("GET", "/register", key=None).body
    assert classroom.call("POST", "/register", key=None, json_body=wanted | {"access_code": "guess-1"}).status == 401
    made = classroom.call("POST", "/register", key=None, json_body=wanted)

    assert made.status == 201, made.body
    told = made.json()
    assert (told["api_base_url"], told["quota_tokens"]) == ("https://ai.school.example/v1", 50_000)
    assert chat(classroom, told["api_key"]).status == 200
    assert usage(classroom, "anna_bell", told["api_key"])["quota_tokens"] == 50_000


def test_nothing_is_told_to_whoever_does_not_know_the_password(classroom: GatewayProcess) -> None:
    for headers in ({}, {"X-Admin-Password": "admin123"}):
        assert classroom.call("GET", "/admin/teams", key=None, headers=headers).status == 401
    assert classroom.call("GET", "/v1/usage/anna_bell", key=None).status == 401
