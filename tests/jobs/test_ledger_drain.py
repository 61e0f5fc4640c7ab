import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tokenrouter.domain.ledger import Begun, Ended, LedgerEntry, Subject, Usage, entry_of
from tokenrouter.domain.limit_text import limit_id, parse_window
from tokenrouter.domain.limits import Amounts, Limit, LimitTable, Window
from tokenrouter.jobs.ledger_drain import LedgerDrain
from tokenrouter.journal.names import DAMAGED_SUFFIX, room_of
from tokenrouter.journal.reader import journal_files
from tokenrouter.journal.writer import JournalWriter
from tokenrouter.limits.redis_corrections import Correction, Remains
from tokenrouter.store.engine import Store, open_store
from tokenrouter.store.ledger import MAX_PAGE_ROWS, LedgerFilter, ledger_page
from tokenrouter.store.limit_use import limit_use
from tokenrouter.store.migrate import migrate

NOON_US = 1_767_268_800_000_000
HELD = Amounts(1, 100, 200, 3000)
SMALL = 4096
DAY = Window("day")
FOREVER = Window("lifetime")
LIMIT = Limit(limit_id("key:*", "tokens", DAY), "key:*", "tokens", DAY, 10**6)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    url = f"sqlite:///{tmp_path / 'tokenrouter.db'}"
    migrate(url)
    store = open_store(url)
    yield store
    store.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "journal"


@pytest.fixture
def journal(folder: Path) -> Iterator[JournalWriter]:
    journal = JournalWriter(folder, segment_bytes=SMALL, reserve_bytes=SMALL)
    yield journal
    journal.close()


def new_drain(store: Store, folder: Path) -> LedgerDrain:
    return LedgerDrain(store, folder, lambda: (LimitTable([LIMIT]), lambda key_id: key_id.removeprefix("key_")))


SUBJECT = Subject("chat", key_id="key_alice", chain=("key_alice",), provider="acme")


def begin(journal: JournalWriter, entry_id: str, held: Amounts = HELD) -> None:
    journal.begin(journal.subject(SUBJECT), Begun(entry_id, NOON_US), held)


def ending(entry_id: str) -> Ended:
    return Ended(entry_id, NOON_US, Usage(10, 20), 200, "completed", cost_nano_usd=300, latency_us=5)


def ended(entry_id: str) -> LedgerEntry:
    return entry_of(SUBJECT, Begun(entry_id, NOON_US), ending(entry_id))


def refuse(journal: JournalWriter, entry_id: str) -> None:
    journal.whole(SUBJECT, Begun(entry_id, NOON_US), ending(entry_id))


def rows(store: Store) -> dict[str, LedgerEntry]:
    found: dict[str, LedgerEntry] = {}
    before = None
    while page := ledger_page(store, LedgerFilter(before=before), limit=MAX_PAGE_ROWS):
        assert not found.keys() & {row.id for row in page}
        found |= {row.id: row for row in page}
        before = (page[-1].started_us, page[-1].id)
    return found


def fill_a_segment(journal: JournalWriter, folder: Path, name: str) -> list[str]:
    """End requests until one more segment is in use; return their ids."""
    files = len(journal_files(folder))
    ids: list[str] = []
    while len(journal_files(folder)) == files:
        ids.append(f"{name}_{len(ids)}")
        refuse(journal, ids[-1])
    journal.sync()
    return ids


def damage(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def test_an_ended_request_is_a_row_while_its_writer_lives(store: Store, folder: Path, journal: JournalWriter) -> None:
    drain = new_drain(store, folder)
    begin(journal, "a")
    assert drain.drain() == 0
    journal.end(ending("a"))

    assert drain.drain() == 1
    assert drain.drain() == 0
    assert rows(store) == {"a": ended("a")}


def test_a_row_is_charged_to_its_limits_once(store: Store, folder: Path, journal: JournalWriter) -> None:
    refuse(journal, "a")
    new_drain(store, folder).drain()
    new_drain(store, folder).drain()

    with store.read() as connection:
        assert limit_use(connection) == {(LIMIT.id, "key:alice"): {NOON_US - 12 * 3600 * 10**6: 30}}


def test_a_limit_that_is_new_knows_what_was_used_before_and_is_charged_once(
    store: Store, folder: Path, journal: JournalWriter
) -> None:
    limits: list[Limit] = [LIMIT]
    known = (LimitTable(limits), lambda key_id: key_id.removeprefix("key_"))
    drain = LedgerDrain(store, folder, lambda: known, clock=lambda: NOON_US / 1e6)
    refuse(journal, "a")
    drain.drain()
    refuse(journal, "b")
    begin(journal, "long")

    new = Limit(limit_id("key:alice", "requests", FOREVER), "key:alice", "requests", FOREVER, 9)
    known = (LimitTable([LIMIT, new]), known[1])

    figures = drain.figures()
    assert figures.limit_ids == {LIMIT.id, new.id}
    assert figures.together() == {(LIMIT.id, "key:alice"): 60 + 300, (new.id, "key:alice"): 3}
    journal.end(ending("long"))
    assert drain.figures().together() == {(LIMIT.id, "key:alice"): 90, (new.id, "key:alice"): 3}


@pytest.mark.parametrize("restarts", [False, True])
def test_a_limit_that_was_gone_knows_what_was_used_meanwhile(
    store: Store, folder: Path, journal: JournalWriter, restarts: bool
) -> None:
    def name(key_id: str) -> str:
        return key_id.removeprefix("key_")

    def made() -> LedgerDrain:
        return LedgerDrain(store, folder, lambda: known[-1], clock=lambda: NOON_US / 1e6)

    known = [(LimitTable([LIMIT]), name)]
    drain = made()
    for entry_id, limits in (("a", [LIMIT]), ("b", []), ("c", [LIMIT])):
        known.append((LimitTable(limits), name))
        drain = made() if restarts else drain
        refuse(journal, entry_id)
        drain.drain()

    assert drain.figures().together() == {(LIMIT.id, "key:alice"): 90}


class Node:
    """One of several nodes: a journal of its own, and the limits that it has heard of."""

    def __init__(self, url: str, folder: Path, *limits: Limit) -> None:
        self.store = open_store(url)
        self.journal = JournalWriter(folder, segment_bytes=SMALL, reserve_bytes=SMALL)
        self.hear(*limits)
        self.drain = LedgerDrain(self.store, folder, lambda: self.limits, clock=lambda: NOON_US / 1e6)

    def hear(self, *limits: Limit) -> None:
        self.limits = (LimitTable(limits), lambda key_id: key_id.removeprefix("key_"))

    def serve(self, entry_id: str) -> None:
        """End a request, and bring it into the ledger."""
        refuse(self.journal, entry_id)
        self.drain.drain()

    def close(self) -> None:
        self.journal.close()
        self.store.close()


def a_limit(scope: str, window: str = "lifetime") -> Limit:
    parsed = parse_window(window)
    return Limit(limit_id(scope, "tokens", parsed), scope, "tokens", parsed, 10**6)


SUBJECT_USE = 30


@pytest.fixture
def nodes(database_url: str, tmp_path: Path) -> Iterator[list[Node]]:
    with ExitStack() as running:
        yield [running.enter_context(closing(Node(database_url, tmp_path / name, LIMIT))) for name in ("a", "b")]


@pytest.mark.parametrize("window", ["lifetime", "day", "60s", "interval:1h"])
def test_what_a_node_writes_that_has_not_heard_of_a_new_limit_is_charged_to_it(nodes: list[Node], window: str) -> None:
    a, b = nodes
    new = a_limit("key:alice", window)
    a.serve("a1")
    b.serve("b1")

    a.hear(LIMIT, new)
    a.serve("a2")
    b.serve("b2")
    b.hear(LIMIT)
    b.serve("b3")

    counter = (new.id, "key:alice")
    assert a.drain.figures().together()[counter] == 5 * SUBJECT_USE
    b.hear(LIMIT, new)
    assert b.drain.figures().together()[counter] == 5 * SUBJECT_USE
    b.serve("b4")
    assert a.drain.figures().together()[counter] == 6 * SUBJECT_USE


def test_a_limit_that_one_node_has_not_heard_the_end_of_is_whole_for_both(nodes: list[Node]) -> None:
    a, b = nodes
    a.serve("a1")
    b.serve("b1")

    a.hear()
    a.serve("a2")
    b.serve("b2")
    assert b.drain.figures().together() == {(LIMIT.id, "key:alice"): 4 * SUBJECT_USE}
    a.hear(LIMIT)
    assert a.drain.figures().together() == {(LIMIT.id, "key:alice"): 4 * SUBJECT_USE}

    for node in nodes:
        node.hear()
        node.drain.drain()
    with a.store.read() as connection:
        assert limit_use(connection) == {}


def test_a_node_that_starts_with_an_older_file_takes_no_limit_from_the_others(
    nodes: list[Node], database_url: str, tmp_path: Path
) -> None:
    a, b = nodes
    a.hear(LIMIT, a_limit("key:alice"))
    a.serve("a1")
    b.serve("b1")
    with closing(Node(database_url, tmp_path / "c", LIMIT)) as c:
        c.serve("c1")
        b.serve("b2")
        a.serve("a2")
        c.serve("c2")

    assert a.drain.figures().together()[a_limit("key:alice").id, "key:alice"] == 6 * SUBJECT_USE


def test_limits_that_come_and_go_while_others_write_equal_the_ledger(nodes: list[Node]) -> None:
    a, b = nodes
    rounds = 25

    def keep_writing() -> None:
        for number in range(rounds * 4):
            b.serve(f"b{number}")

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(keep_writing)
        for number in range(rounds):
            a.hear(LIMIT, *(a_limit("key:alice", f"interval:{1 + one}h") for one in range(number % 5)))
            a.serve(f"a{number}")
        writing.result()

    new = a_limit("key:alice", "interval:1h")
    for node in (a, b):
        node.hear(LIMIT, new)
        used = node.drain.figures().together()
        assert used == {(one.id, "key:alice"): rounds * 5 * SUBJECT_USE for one in (LIMIT, new)}


def test_what_a_dead_writer_left_open_is_charged_as_interrupted(store: Store, folder: Path) -> None:
    journal = JournalWriter(folder, segment_bytes=SMALL, reserve_bytes=SMALL)
    begin(journal, "a")
    begin(journal, "b")
    journal.progress("b", Amounts(1, 100, 900, 9000))
    refuse(journal, "c")
    journal.close()

    assert new_drain(store, folder).drain() == 3

    written = rows(store)
    assert {name: row.end_reason for name, row in written.items()} == {
        "a": "interrupted",
        "b": "interrupted",
        "c": "completed",
    }
    assert (written["b"].usage.output_tokens, written["b"].cost_nano_usd) == (900, 9000)
    assert not list(folder.iterdir())


def test_what_a_killed_process_kept_allocated_is_removed(store: Store, folder: Path) -> None:
    program = subprocess.Popen(
        [sys.executable, "-m", "tests.journal.writing_program", str(folder)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(["src", "."])},
    )
    assert program.stdout is not None
    said = [program.stdout.readline().split() for _ in range(200)]
    new_drain(store, folder).drain()
    program.send_signal(signal.SIGKILL)
    program.wait()
    program.stdout.close()

    new_drain(store, folder).drain()

    assert {entry_id.decode() for _, entry_id in said} <= set(rows(store))
    assert not list(folder.iterdir())


def test_room_is_removed_of_a_process_that_left_no_journal(store: Store, folder: Path, journal: JournalWriter) -> None:
    kept = sorted(folder.iterdir())
    for room in room_of(folder, "dead"):
        room.write_bytes(bytes(SMALL))

    new_drain(store, folder).drain()

    assert sorted(folder.iterdir()) == kept


def test_full_segments_of_a_living_writer_go_when_they_are_in_the_ledger(
    store: Store, folder: Path, journal: JournalWriter
) -> None:
    ids = fill_a_segment(journal, folder, "first") + fill_a_segment(journal, folder, "second")

    new_drain(store, folder).drain()

    assert set(rows(store)) == set(ids)
    assert len(journal_files(folder)) == 1


def test_segments_stay_as_long_as_something_older_is_open(store: Store, folder: Path, journal: JournalWriter) -> None:
    drain = new_drain(store, folder)
    begin(journal, "long")
    fill_a_segment(journal, folder, "first")
    fill_a_segment(journal, folder, "second")
    drain.drain()
    assert len(journal_files(folder)) == 3

    journal.end(ending("long"))
    drain.drain()

    assert len(journal_files(folder)) == 1


def test_a_drain_that_was_restarted_goes_on_where_something_is_open(
    store: Store, folder: Path, journal: JournalWriter
) -> None:
    begin(journal, "long")
    begin(journal, "short")
    fill_a_segment(journal, folder, "first")
    journal.end(ending("short"))
    new_drain(store, folder).drain()

    restarted = new_drain(store, folder)
    restarted.drain()
    journal.end(ending("long"))
    restarted.drain()
    journal.close()
    restarted.drain()

    written = rows(store)
    assert written["long"] == ended("long")
    assert written["short"] == ended("short")
    assert not list(folder.iterdir())


def test_a_restarted_drain_lets_go_of_what_ended_in_a_later_file(
    store: Store, folder: Path, journal: JournalWriter
) -> None:
    begin(journal, "long")
    begin(journal, "short")
    fill_a_segment(journal, folder, "first")
    journal.end(ending("short"))
    new_drain(store, folder).drain()
    restarted = new_drain(store, folder)
    restarted.drain()

    journal.end(ending("long"))
    restarted.drain()

    assert len(journal_files(folder)) == 1


def test_a_damaged_file_is_kept_for_a_person(store: Store, folder: Path) -> None:
    journal = JournalWriter(folder, segment_bytes=SMALL, reserve_bytes=SMALL)
    refuse(journal, "a")
    refuse(journal, "b")
    journal.close()
    (path,) = journal_files(folder)
    damage(path, -1)

    assert new_drain(store, folder).drain() == 1

    assert set(rows(store)) == {"a"}
    assert [left.suffix for left in folder.iterdir()] == [DAMAGED_SUFFIX]


@pytest.mark.parametrize("at", [0, 8, 2000, -1])
def test_a_damaged_full_segment_of_a_living_writer_is_kept_and_told_and_the_next_ones_are_read(
    store: Store, folder: Path, journal: JournalWriter, at: int
) -> None:
    fill_a_segment(journal, folder, "first")
    behind = fill_a_segment(journal, folder, "second")
    damaged = journal_files(folder)[0]
    content_before = damaged.stat().st_size
    damage(damaged, at)
    drain = new_drain(store, folder)

    with capture_logs() as told:
        drain.drain()
        drain.drain()

    assert set(behind) <= set(rows(store))
    assert [line["file"] for line in told if line["log_level"] == "error"] == [damaged.name]
    assert damaged.with_suffix(DAMAGED_SUFFIX).stat().st_size == content_before
    assert len(journal_files(folder)) == 1


def test_a_damaged_segment_in_which_a_request_is_open_is_told_at_once_and_read_again_after_a_restart(
    store: Store, folder: Path, journal: JournalWriter
) -> None:
    begin(journal, "long")
    fill_a_segment(journal, folder, "first")
    damaged = journal_files(folder)[0]
    damage(damaged, -1)

    with capture_logs() as told:
        new_drain(store, folder).drain()
    assert [line["file"] for line in told] == [damaged.name]
    restarted = new_drain(store, folder)
    restarted.drain()
    journal.end(ending("long"))
    restarted.drain()

    assert rows(store)["long"] == ended("long")
    assert damaged.with_suffix(DAMAGED_SUFFIX).exists()


def test_a_file_that_cannot_be_read_keeps_no_other_writer_waiting(
    store: Store, folder: Path, journal: JournalWriter
) -> None:
    (folder / "00000000000000000000-1-dead-000001.journal").write_bytes(b"something else" * 20)
    refuse(journal, "a")

    with capture_logs() as told:
        assert new_drain(store, folder).drain() == 1

    assert [line["log_level"] for line in told] == ["error"]
    assert [path.name for path in folder.glob(f"*{DAMAGED_SUFFIX}")] == ["00000000000000000000-1-dead-000001.damaged"]


def test_a_full_segment_that_its_writer_still_holds_stays(store: Store, folder: Path, journal: JournalWriter) -> None:
    while len(journal_files(folder)) == 1:
        refuse(journal, f"first_{journal.records}")
    drain = new_drain(store, folder)
    drain.drain()
    assert len(journal_files(folder)) == 2

    journal.sync()
    drain.drain()

    assert len(journal_files(folder)) == 1


class Others:
    """Where limits are counted that several processes share: knows of nodes what the test says, and is told."""

    def __init__(self, remains: Remains | None) -> None:
        self.remains = remains
        self.buried: list[str] = []
        self.told: dict[str, Amounts] = {}

    def bury(self, node: str) -> Remains | None:
        self.buried.append(node)
        return self.remains

    def correct(self, corrections: Sequence[Correction]) -> bool:
        self.told |= {one.request_id: one.used for one in corrections}
        return True


def drain_of(store: Store, folder: Path, others: Others) -> LedgerDrain:
    return LedgerDrain(store, folder, lambda: (LimitTable([LIMIT]), str), elsewhere=others)


def test_what_a_dead_writer_left_with_others_is_charged_what_its_rows_say(store: Store, folder: Path) -> None:
    journal = JournalWriter(folder, segment_bytes=SMALL, reserve_bytes=SMALL)
    for entry_id in ("ended", "batch", "open"):
        begin(journal, entry_id)
    journal.end(ending("ended"))
    journal.end(ending("batch"))
    drain_of(store, folder, Others(None)).drain()
    journal.close()
    left = {"ended", "batch/1a", "open", "unasked", "batch_of_others/2b"}
    others = Others(Remains(was_here=True, request_ids=frozenset(left)))

    drain_of(store, folder, others).drain()

    used, nothing = Amounts(1, 10, 20, 300), Amounts()
    assert others.buried == [journal.name]
    assert others.told == {
        "ended": used,
        "batch/1a": used,
        "open": HELD,
        "unasked": nothing,
        "batch_of_others/2b": nothing,
    }


@pytest.mark.parametrize("was_here", [False, True])
def test_the_last_endings_of_a_node_that_nobody_has_heard_of_are_told(
    store: Store, folder: Path, was_here: bool
) -> None:
    journal = JournalWriter(folder, segment_bytes=SMALL, reserve_bytes=SMALL)
    begin(journal, "ended")
    journal.end(ending("ended"))
    others = Others(Remains(was_here, frozenset()))
    drain = drain_of(store, folder, others)
    drain.drain()
    journal.close()
    drain.drain()

    assert others.told == ({} if was_here else {"ended": Amounts(1, 10, 20, 300)})


def test_a_dead_writer_is_not_buried_before_others_have_heard_of_it(store: Store, folder: Path) -> None:
    journal = JournalWriter(folder, segment_bytes=SMALL, reserve_bytes=SMALL)
    begin(journal, "open")
    journal.close()
    others = Others(None)
    drain = drain_of(store, folder, others)
    assert drain.drain() == 0
    assert journal_files(folder)

    others.remains = Remains(was_here=False, request_ids=frozenset())
    assert drain.drain() == 1
    assert not journal_files(folder)


def test_where_a_journal_is_damaged_nobody_says_that_nothing_was_asked(store: Store, folder: Path) -> None:
    journal = JournalWriter(folder, segment_bytes=SMALL, reserve_bytes=SMALL)
    begin(journal, "a")
    journal.close()
    (path,) = journal_files(folder)
    damage(path, path.stat().st_size - 3)
    others = Others(Remains(was_here=True, request_ids=frozenset({"a"})))

    drain_of(store, folder, others).drain()

    assert others.told == {}
