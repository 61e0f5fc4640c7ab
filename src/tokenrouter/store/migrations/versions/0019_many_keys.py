"""Which keys a change was of; what a search looks through; indexes for lists of many keys and for rare rows."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

_MAX_WORDS_BYTES = 2000
_SEARCHED = ("name", "hint", "user", "team", "comment")
_KEY_INDEXES = ("team", "user", "role", "parent_id", "enabled")
_LEDGER_INDEXES = {
    "ip": "client_ip",
    "tool": "client_tool",
    "alias": "alias",
    "error": "error_code",
    "client_request": "client_request_id",
    "provider_request": "provider_request_id",
}


def upgrade() -> None:
    """Create the table, the column and the indexes."""
    op.create_table(
        "tr_key_changes",
        sa.Column("version", sa.BigInteger, primary_key=True, nullable=False, autoincrement=False),
        sa.Column("key_id", sa.Text, primary_key=True, nullable=False),
    )
    op.add_column("tr_keys", sa.Column("words", sa.Text, nullable=False, server_default=""))
    _fill_words()
    op.create_index("tr_keys_order", "tr_keys", ["created_at_s", "id", "words"])
    op.create_index("tr_keys_expiry", "tr_keys", ["expires_at_s"])
    for column in _KEY_INDEXES:
        op.create_index(f"tr_keys_{column}_order", "tr_keys", [column, "created_at_s", "id"])
    for name, column in _LEDGER_INDEXES.items():
        said = sa.text(f"{column} <> ''")
        op.create_index(
            f"tr_ledger_{name}_time", "tr_ledger", [column, "started_us"], sqlite_where=said, postgresql_where=said
        )


def downgrade() -> None:
    """Drop them: every change is of all keys again."""
    for name in _LEDGER_INDEXES:
        op.drop_index(f"tr_ledger_{name}_time", "tr_ledger")
    for column in _KEY_INDEXES:
        op.drop_index(f"tr_keys_{column}_order", "tr_keys")
    op.drop_index("tr_keys_expiry", "tr_keys")
    op.drop_index("tr_keys_order", "tr_keys")
    op.drop_column("tr_keys", "words")
    op.drop_table("tr_key_changes")


def _fill_words() -> None:
    keys = sa.table("tr_keys", *(sa.column(name) for name in ("id", "words", *_SEARCHED)))
    connection = op.get_bind()
    for row in connection.execute(sa.select(keys)).mappings().all():
        words = "\n".join(row[name] for name in _SEARCHED).casefold()
        cut = words.encode()[:_MAX_WORDS_BYTES].decode(errors="ignore")
        connection.execute(sa.update(keys).where(keys.c.id == row["id"]).values(words=cut))
