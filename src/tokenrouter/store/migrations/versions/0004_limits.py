"""Limits that people manage: those of the database, adjustments of what counts, and when `interval` windows began.

Until now the windows of `interval` limits were kept in sixtieths of their length, without their beginning. Their sums
are dropped, and made again from the ledger at the next start.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the tables, and let what `interval` limits have used be counted anew."""
    op.create_table(
        "tr_limit_first_use",
        _part_of_key("limit_id"),
        _part_of_key("scope"),
        sa.Column("first_us", sa.BigInteger, nullable=False),
    )
    _create_limits()
    _create_adjustments()
    op.execute("DELETE FROM tr_limit_use WHERE limit_id LIKE '%|interval:%'")
    op.execute("DELETE FROM tr_settings WHERE key LIKE 'carried_use/%|interval:%' OR key = 'covered_limits'")


def downgrade() -> None:
    """Drop the tables, with all that is in them; what limits have used is counted anew."""
    for table in ("tr_adjustments", "tr_limits", "tr_limit_first_use"):
        op.drop_table(table)
    op.execute("DELETE FROM tr_limit_use")
    op.execute("DELETE FROM tr_settings WHERE key LIKE 'carried_use/%' OR key = 'covered_limits'")


def _part_of_key(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, primary_key=True, nullable=False)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default="")


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, server_default="0")


def _create_limits() -> None:
    op.create_table(
        "tr_limits",
        _part_of_key("id"),
        _text("scope"),
        sa.Column("metric", sa.String(16), nullable=False),
        _text("window"),
        _text("tz"),
        sa.Column("week_start", sa.Integer, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("mode", sa.String(4), nullable=False),
        _count("boost"),
        sa.Column("boost_until_s", sa.Float, nullable=False),
        _count("carry_over"),
        _text("comment"),
        _text("made_by"),
        sa.Column("created_at_s", sa.Float, nullable=False),
        sa.UniqueConstraint("scope", "metric", "window", "mode", name="tr_limits_kind"),
    )


def _create_adjustments() -> None:
    op.create_table(
        "tr_adjustments",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("kind", sa.String(16), nullable=False),
        _text("limit_id"),
        _text("scope"),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("made_us", sa.BigInteger, nullable=False),
        _text("made_by"),
        _text("reason"),
        _text("request_id"),
        sa.Column("once", sa.Text, nullable=True, unique=True),
    )
    op.create_index("tr_adjustments_limit", "tr_adjustments", ["limit_id", "number"])
    op.create_index("tr_adjustments_made", "tr_adjustments", ["made_us"])
