"""Conversations that are kept for people to read, and whose they are."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "tr_conversations",
        _text("id", primary_key=True),
        *map(_text, ("key_id", "key", "user", "team", "operation", "provider", "model", "client_ip")),
        *map(_count, ("begun_us", "last_us", "requests", "internal", "bytes")),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    op.create_index("tr_conversations_last", "tr_conversations", ["last_us", "id"])
    for column in ("key_id", "user", "team"):
        op.create_index(f"tr_conversations_{column}", "tr_conversations", [column, "last_us", "id"])
    op.create_table(
        "tr_conversation_records",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        *map(_text, ("conversation_id", "kind", "outcome", "provider", "model", "operation", "client_ip")),
        *map(_count, ("started_us", "ended_us", "status", "bytes")),
        *map(_text, ("response_ref", "asker_ref")),
        sa.Column("gist", sa.LargeBinary, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    records = "tr_conversation_records"
    op.create_index(f"{records}_conversation", records, ["conversation_id", "number"])
    op.create_index(f"{records}_response", records, ["response_ref"])
    op.create_index(f"{records}_asker", records, ["asker_ref", "ended_us"])
    op.create_index(f"{records}_age", records, ["ended_us", "bytes"])
    op.create_table("tr_conversation_files", _text("file", primary_key=True))
    op.create_table(
        "tr_capture_rules",
        _text("scope", primary_key=True),
        sa.Column("enabled", sa.Boolean, nullable=False),
        _text("made_by"),
        sa.Column("created_at_s", sa.Float, nullable=False),
    )


def downgrade() -> None:
    """Drop them, with every conversation."""
    for table in ("tr_capture_rules", "tr_conversation_files", "tr_conversation_records", "tr_conversations"):
        op.drop_table(table)


def _text(name: str, *, primary_key: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, primary_key=primary_key, server_default=None if primary_key else "")


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, server_default="0")
