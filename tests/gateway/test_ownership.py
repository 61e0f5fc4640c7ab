from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.gateway.fakes import KEY, catalog
from tokenrouter.domain.errors import JournalUnavailable, NotFound
from tokenrouter.domain.ledger import Subject
from tokenrouter.domain.limits import Amounts
from tokenrouter.domain.ownership import Debt, OwnedId
from tokenrouter.gateway.directory import Directory
from tokenrouter.gateway.ownership import SLACK, Ownership, owner_of
from tokenrouter.journal.ownership_log import OwnershipLog

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


def test_where_several_write_anybodys_things_may_lie_anywhere(tmp_path: Path) -> None:
    alone, shared = Ownership(OwnershipLog(tmp_path / "a")), Ownership(OwnershipLog(tmp_path / "s", is_shared=True))

    assert not alone.may_hold("acme")
    assert shared.may_hold("acme")


async def test_where_something_lies_things_may_lie() -> None:
    register = Ownership(Paper())
    await register.record(FILE)

    assert (register.may_hold("acme"), register.may_hold("other")) == (True, False)


async def test_what_another_process_writes_is_known_when_it_is_asked_for(tmp_path: Path) -> None:
    first, second = (Ownership(OwnershipLog(tmp_path, is_shared=True)) for _ in range(2))
    batch = OwnedId("acme", "batch", "batch-1", "team:physics", 1, debt=DEBT)
    await first.record(FILE)
    await first.record(batch)
    assert second.find("team:physics", "file", "file-1") == FILE
    assert second.owners("acme", "file-1") == ["team:physics"]
    assert second.debts() == [batch]

    await second.record(batch._replace(debt=None))
    await second.forget(FILE)

    assert first.debts() == []
    assert first.owners("acme", "file-1") == []
    with pytest.raises(NotFound):
        first.find("team:physics", "file", "file-1")
