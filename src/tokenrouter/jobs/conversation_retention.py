"""Conversations are kept for as long, and as many, as the operator wants; the oldest requests go first."""

from tokenrouter.config.settings import ConversationSettings
from tokenrouter.store.conversations import prune
from tokenrouter.store.engine import Store

DAY_S = 86_400


def delete_old_conversations(store: Store, settings: ConversationSettings, now_s: float) -> int:
    """Delete what is older, or more, than `settings` say; return how many requests went.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database is away; call again later.
    """
    before_us = int((now_s - settings.max_age_days * DAY_S) * 1e6)
    return prune(store, max_items=settings.max_items, max_bytes=settings.max_bytes, before_us=before_us)
