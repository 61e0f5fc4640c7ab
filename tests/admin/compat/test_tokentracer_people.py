from fastapi.testclient import TestClient

from tests.admin.compat.people import person, token_of
from tests.admin.installation import Installation
from tokenrouter.admin.compat.tokentracer_people import TOKEN_S, WAY
from tokenrouter.store.audit import AuditFilter, audit_page
from tokenrouter.store.sessions import SessionOwner, list_sessions
from tokenrouter.store.users import find_user


def test_a_token_is_a_session_that_its_owner_can_see_and_end(client: TestClient, installation: Installation) -> None:
    person(installation)
    token = token_of(client)["Authorization"].removeprefix("Bearer ")

    owner = SessionOwner("person", find_user(installation.store, "ann").id)
    (session,) = list_sessions(installation.store, owner, now_s=installation.now_s)
    entries = audit_page(installation.store, AuditFilter(action="session.create"), limit=5)

    assert (session.way, session.expires_at_s) == (WAY, installation.now_s + TOKEN_S)
    assert entries[0].actor.name == "ann"
    assert token not in str(entries)
