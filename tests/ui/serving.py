"""A real gateway with the sandbox behind it, and people in it who are signed in.

People and sessions are written into its store, which is what the pages for signing in do in the end; signing in itself
has tests of its own.
"""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Final

from tests.ui.pages import Role
from tokenrouter.domain.people import Membership, PersonRole
from tokenrouter.store.engine import Store, open_store
from tokenrouter.store.sessions import SessionOwner, begin_session
from tokenrouter.store.teams import create_team, put_member
from tokenrouter.store.users import NewUser, create_user, find_user
from tokenrouter.testing.processes import GatewayProcess, wait_until

TEAM: Final = "Physics 7b"
PEOPLE: Final[dict[Role, tuple[str, PersonRole]]] = {
    "owner": ("Olga Marin", "owner"),
    "admin": ("Adam Weiss", "admin"),
    "team_admin": ("Tina Novak", "member"),
    "member": ("Mia Larsen", "member"),
}
"""By role, who plays it; the last two are in `TEAM`."""


@dataclass(frozen=True, slots=True)
class UiServer:
    """A gateway that runs, and its store, which may be written to beside it."""

    gateway: GatewayProcess
    store: Store

    @property
    def origin(self) -> str:
        return self.gateway.origin

    def cookie(self, role: Role) -> str:
        """Begin a session of whoever plays `role`, and return its cookie."""
        user = find_user(self.store, PEOPLE[role][0])
        owner = SessionOwner("person", user.id)
        return begin_session(self.store, owner, way="password", address="127.0.0.1", agent="test", now_s=time.time())


@contextmanager
def served(gateway: GatewayProcess) -> Iterator[UiServer]:
    """Put people into a gateway that runs; return when its pages are there."""
    wait_until("the pages to be there", lambda: gateway.call("GET", "/admin", key=None).status == 200)
    with closing(open_store(f"sqlite:///{gateway.home.path / 'data' / 'tokenrouter.db'}")) as store:
        _make_people(store)
        yield UiServer(gateway, store)


def _make_people(store: Store) -> None:
    now_s = time.time()
    create_team(store, TEAM, now_s=now_s)
    for role, (name, person_role) in PEOPLE.items():
        address = f"{name.partition(' ')[0].lower()}@school.example"
        create_user(store, NewUser(name, address, person_role), now_s=now_s)
        if person_role == "member":
            put_member(store, Membership(TEAM, name, admin=role == "team_admin"))
