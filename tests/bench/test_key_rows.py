"""Keys that the database makes itself."""

from pathlib import Path

from bench.key_rows import KEY_READS, TEAMS, fill_keys, one_key
from tokenrouter.store.engine import open_store
from tokenrouter.store.keys import list_keys, search_words
from tokenrouter.store.migrate import migrate
from tokenrouter.store.teams import list_teams

KEYS = 10_100


def test_keys_are_as_a_company_has_them_and_every_question_finds_some(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'tokenrouter.db'}"
    migrate(url)
    store = open_store(url)
    fill_keys(store, KEYS)

    assert len(list_keys(store)) == KEYS
    assert len(list_teams(store)) == TEAMS
    key = next(key for key in list_keys(store) if key.name == "pupil 4711")
    assert search_words(key).split() == ["pupil", "4711", "tr_abc…wxyz", "user", "4711", "team", "711", "term", "2026"]
    empty = [name for name, question in KEY_READS.items() if not question.ask(store, KEYS)]
    assert empty == ["keys: a search that finds none"]
    assert one_key(store)
    store.close()
