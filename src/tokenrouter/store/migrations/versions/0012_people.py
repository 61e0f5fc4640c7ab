"""Teams, people, sessions, access codes and the audit log; temporary and rotated keys."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

_KEY_COLUMNS = ("previous_until_s", "previous_digest", "temporary", "allowed_ips")


def upgrade() -> None:
    """Create the tables, and the columns of keys."""
    with op.batch_alter_table("tr_keys") as keys:
        keys.add_column(_text("allowed_ips"))
        keys.add_column(sa.Column("temporary", sa.Boolean, nullable=False, server_default=sa.false()))
        keys.add_column(sa.Column("previous_digest", sa.LargeBinary(32), nullable=True))
        keys.add_column(sa.Column("previous_until_s", sa.Float, nullable=True))
        keys.create_unique_constraint("tr_keys_previous_digest_key", ["previous_digest"])
    _create_people()
    _create_ways_in()
    op.create_table(
        "tr_audit",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("actor_kind", sa.String(16), nullable=False),
        *map(_text, ("actor_id", "actor_name", "address", "action", "kind", "subject_id", "subject_name")),
        *map(_text, ("before", "after", "hash")),
    )
    op.create_index("tr_audit_subject", "tr_audit", ["kind", "subject_id", "number"])
    op.create_index("tr_audit_actor", "tr_audit", ["actor_id", "number"])
    op.create_index("tr_audit_action", "tr_audit", ["action", "number"])


def downgrade() -> None:
    """Drop the tables, with everybody in them, and the columns: keys that were rotated answer by the new key only."""
    for table in ("tr_audit", "tr_access_codes", "tr_sessions", "tr_members", "tr_users", "tr_teams"):
        op.drop_table(table)
    with op.batch_alter_table("tr_keys") as keys:
        keys.drop_constraint("tr_keys_previous_digest_key", type_="unique")
        for column in _KEY_COLUMNS:
            keys.drop_column(column)


def _create_people() -> None:
    op.create_table(
        "tr_teams",
        _id(),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        sa.Column("enabled", sa.Boolean, nullable=False),
        _text("comment"),
        _text("allowed_models"),
        sa.Column("created_at_s", sa.Float, nullable=False),
    )
    op.create_table(
        "tr_users",
        _id(),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        sa.Column("email", sa.Text, nullable=True, unique=True),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("enabled", sa.Boolean, nullable=False),
        *map(_text, ("comment", "password_hash", "oidc_issuer", "oidc_subject")),
        sa.Column("created_at_s", sa.Float, nullable=False),
        sa.Column("signed_in_at_s", sa.Float, nullable=True),
    )
    op.create_index("tr_users_oidc", "tr_users", ["oidc_issuer", "oidc_subject"])
    op.create_table(
        "tr_members",
        sa.Column("team", sa.Text, primary_key=True, nullable=False),
        sa.Column("user", sa.Text, primary_key=True, nullable=False),
        sa.Column("admin", sa.Boolean, nullable=False),
        _text("given_by"),
    )
    op.create_index("tr_members_user", "tr_members", ["user"])


def _create_ways_in() -> None:
    op.create_table(
        "tr_sessions",
        sa.Column("digest", sa.LargeBinary(32), primary_key=True),
        _text("id"),
        sa.Column("kind", sa.String(16), nullable=False),
        _text("user_id"),
        sa.Column("key_digest", sa.LargeBinary(32), nullable=True),
        sa.Column("created_at_s", sa.Float, nullable=False),
        sa.Column("seen_at_s", sa.Float, nullable=False),
        sa.Column("expires_at_s", sa.Float, nullable=False),
        _text("address"),
        _text("agent"),
    )
    op.create_index("tr_sessions_user", "tr_sessions", ["user_id"])
    op.create_table(
        "tr_access_codes",
        _id(),
        sa.Column("digest", sa.LargeBinary(32), nullable=False, unique=True),
        _text("hint"),
        _text("team"),
        sa.Column("quota_tokens", sa.BigInteger, nullable=True),
        _text("allowed_models"),
        sa.Column("max_uses", sa.Integer, nullable=True),
        sa.Column("uses", sa.Integer, nullable=False, server_default="0"),
        sa.Column("expires_at_s", sa.Float, nullable=True),
        sa.Column("enabled", sa.Boolean, nullable=False, server_default=sa.true()),
        _text("comment"),
        sa.Column("created_at_s", sa.Float, nullable=False),
    )


def _id() -> sa.Column[str]:
    return sa.Column("id", sa.Text, primary_key=True, nullable=False)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default="")
