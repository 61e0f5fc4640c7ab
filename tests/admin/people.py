"""People of an installation, and how they come in."""

from typing import Any, Final

from fastapi.testclient import TestClient

from tests.admin.installation import LIGHT, Installation
from tokenrouter.domain.people import PersonRole, User
from tokenrouter.store.users import NewUser, create_user

PASSWORD: Final = "a long enough password"


def person(installation: Installation, name: str, role: PersonRole = "member", password: str = PASSWORD) -> User:
    """Make somebody with the e-mail address `NAME@example.org`; without a password where it is ""."""
    kept = LIGHT.hash(password) if password else ""
    new = NewUser(name, f"{name}@example.org", role, password_hash=kept)
    return create_user(installation.store, new, now_s=installation.now_s)


def enter(client: TestClient, name: str, password: str = PASSWORD) -> dict[str, Any]:
    """Sign in and return who one is; `client` keeps the cookie, and sends the session's token from now on."""
    answer = client.post("/api/v1/session", json={"email": f"{name}@example.org", "password": password})
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    client.headers["x-csrf-token"] = told["csrf"]
    return told
