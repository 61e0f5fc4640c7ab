from pathlib import Path

from tests.journal.captured import NOON_US, SEALING, captured
from tokenrouter.config.settings import ConversationSettings
from tokenrouter.jobs.conversation_retention import delete_old_conversations
from tokenrouter.store.conversation_pages import conversation_sums
from tokenrouter.store.conversations import NewRecord, take_in_file
from tokenrouter.store.engine import open_store
from tokenrouter.store.migrate import migrate

DAY_S = 86_400


def test_what_is_older_than_the_days_that_are_kept_goes(tmp_path: Path) -> None:
    migrate(f"sqlite:///{tmp_path / 'tokenrouter.db'}")
    store = open_store(f"sqlite:///{tmp_path / 'tokenrouter.db'}")
    take_in_file(store, SEALING, "f", [NewRecord(captured(f"r{day}", day * DAY_S)) for day in range(5)])
    settings = ConversationSettings(max_age_days=2)

    assert delete_old_conversations(store, settings, NOON_US / 1e6 + 4 * DAY_S) == 2
    assert delete_old_conversations(store, settings, NOON_US / 1e6 + 4 * DAY_S) == 0
    assert conversation_sums(store).requests == 3
    store.close()
