from collections.abc import Iterable

import pytest

from tests.gateway.fakes import KEY, catalog
from tokenrouter.domain.errors import JournalUnavailable, NotFound
from tokenrouter.domain.ledger import Subject
from tokenrouter.domain.limits import Amounts
from tokenrouter.domain.ownership import Debt, OwnedId
from tokenrouter.gateway.directory import Directory
from tokenrouter.gateway.ownership import SLACK, Ownership, owner_of

FILE = OwnedId("acme", "file", "file-1", "team:physics", 1)
DEBT = Debt("req_1", 1, Subject("batches"), (), Amounts())


class Paper:
    """A log in memory."""

    is_shared = False

    def __init__(self, *records: OwnedId) -> None:
        self.written = list(records)
        self.full = False

    @property
    def records(self) -> int:
        return len(self.written)

    def load(self) -> list[OwnedId]:
        return list(self.written)

    def news(self) -> list[OwnedId]:
        return []

    def append(self, record: OwnedId) -> None:
        if self.full:
            raise JournalUnavailable("full")
        self.written.append(record)

    def rewrite(self, records: Iterable[OwnedId]) -> None:
        self.written = list(records)


@pytest.mark.parametrize(
    ("owner", "id_"), [("team:chemistry", "file-1"), ("team:physics", "file-2"), ("key:physics", "file-1")]
)
def test_what_is_not_ones_own_is_not_there(owner: str, id_: str) -> None:
    register = Ownership(Paper(FILE))
    assert register.find("team:physics", "file", "file-1") == FILE

    with pytest.raises(NotFound):
        register.find(owner, "file", id_)
    with pytest.raises(NotFound):
        register.find("team:physics", "batch", "file-1")


@pytest.mark.parametrize("id_", [None, 7, ["file-1"], ""])
def test_what_is_no_id_is_nobodys(id_: object) -> None:
    assert Ownership(Paper(FILE)).known("team:physics", "file", id_) is None


def test_two_providers_may_give_out_the_same_id() -> None:
    other = FILE._replace(provider="other", owner="team:chemistry")
    register = Ownership(Paper(FILE, other))

    assert register.find("team:physics", "file", "file-1").provider == "acme"
    assert register.find("team:chemistry", "file", "file-1").provider == "other"


async def test_what_could_not_be_written_does_not_count() -> None:
    paper = Paper()
    paper.full = True
    register = Ownership(paper)
    with pytest.raises(JournalUnavailable):
        await register.record(FILE)

    assert register.known("team:physics", "file", "file-1") is None


async def test_what_was_deleted_stays_deleted_after_a_restart() -> None:
    paper = Paper(FILE)
    await Ownership(paper).forget(FILE)

    assert len(Ownership(paper)) == 0


async def test_the_oldest_is_forgotten_first_but_no_debt() -> None:
    register = Ownership(Paper(), max_ids=2)
    await register.record(OwnedId("acme", "batch", "b", "o", 1, debt=DEBT))
    for n in range(3):
        await register.record(FILE._replace(id=f"file-{n}"))

    assert register.debts()
    assert [register.known("team:physics", "file", f"file-{n}") is not None for n in range(3)] == [False, False, True]


async def test_what_is_outdated_is_cleaned_up() -> None:
    paper = Paper()
    register = Ownership(paper)
    for _ in range(SLACK + 10):
        await register.record(FILE)

    assert paper.records < SLACK
    assert len(Ownership(paper)) == 1


@pytest.mark.parametrize(
    ("team", "user", "owner"),
    [("physics", "u", "team:physics"), ("", "u", "user:u"), ("", "", "key:k1")],
)
def test_the_team_owns_else_the_user_else_the_key(team: str, user: str, owner: str) -> None:
    principal = Directory(catalog(team=team, user=user), b"").authenticate((KEY,), 0.0)

    assert owner_of(principal) == owner
