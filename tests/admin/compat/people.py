"""People who have signed in as TokenTracer's did."""

from fastapi.testclient import TestClient

from tests.admin.installation import Installation, bearer
from tokenrouter.domain.people import PersonRole
from tokenrouter.store.users import NewUser, create_user

PASSWORD = "a long enough password"


def person(installation: Installation, name: str = "ann", role: PersonRole = "member") -> None:
    """Make a person with an e-mail address and `PASSWORD`."""
    hashed = installation.state.passwords.hash(PASSWORD)
    wanted = NewUser(name, f"{name}@b.example", role, password_hash=hashed)
    create_user(installation.store, wanted, now_s=installation.now_s)


def token_of(client: TestClient, name: str = "ann") -> dict[str, str]:
    """Sign in, and return the header that shows the token."""
    answer = client.post("/auth/login", json={"email": f"{name}@b.example", "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return bearer(answer.json()["token"])
