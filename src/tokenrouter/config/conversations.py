"""Reading `[conversations]`: whose requests and answers are kept for people to read, and how many.

TokenRouter-Go kept everybody's by default and wrote `enabled = true` into every file. Such a file must not make a
gateway keep what people write unless its operator means it, so `enabled` only allows it, and `capture` says whose.
"""

from typing import Final

from tokenrouter.config.settings import ConversationSettings, Notice
from tokenrouter.config.table import Table
from tokenrouter.domain.capture import EVERYBODY, scope_mistake

_LEAST_BODY_BYTES: Final = 1024
_MOST_BODY_BYTES: Final = 8 * 2**20
_LEAST_BYTES: Final = 2**20
_CAPTURES_NOBODY: Final = (
    f'captures nobody: say whose conversations are kept, such as capture = ["{EVERYBODY}"] or ["team:NAME"]'
)


def read_conversations(top: Table) -> tuple[ConversationSettings, list[Notice]]:
    """Return what the section says, and what its operator should know of it."""
    table, usual = top.table("conversations"), ConversationSettings()
    is_said = table.has("enabled")
    settings = ConversationSettings(
        enabled=table.flag("enabled", usual.enabled),
        capture=_scopes(table),
        max_items=table.count("max_items", usual.max_items, least=100, most=200_000),
        max_age_days=table.count("max_age_days", usual.max_age_days, least=1, most=36_500),
        max_bytes=table.count("max_bytes", usual.max_bytes, least=_LEAST_BYTES),
        max_body_bytes=table.count(
            "max_body_bytes", usual.max_body_bytes, least=_LEAST_BODY_BYTES, most=_MOST_BODY_BYTES
        ),
    )
    table.finish()
    if is_said and settings.enabled and not settings.capture:
        return settings, [Notice(table.where("enabled"), f"conversations.enabled alone {_CAPTURES_NOBODY}")]
    return settings, []


def _scopes(table: Table) -> tuple[str, ...]:
    scopes = table.texts("capture")
    for scope in scopes:
        if mistake := scope_mistake(scope):
            table.problem("capture", mistake)
    return tuple(dict.fromkeys(scopes))
