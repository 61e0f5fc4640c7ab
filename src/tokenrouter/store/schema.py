"""Our tables, as SQLAlchemy Core describes them.

Every name begins with `tr_`, so that our tables can be told from those of the programs whose users
move here, and a database that is not ours is never touched (`store/engine.py`). Migrations
(`store/migrations/`) are written by hand; a test compares what they make with what is described here.

Only types and constraints that SQLite and PostgreSQL both have are used. Times are microseconds
(`_us`) or seconds (`_s`) since the epoch, money is nano-dollars: integers, so sums stay exact.
"""

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
    true,
)

from tokenrouter.domain.speeds import BUCKETS

TABLE_PREFIX: Final = "tr_"
REVISIONS: Final[tuple[str, ...]] = (
    *("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0010"),
    *("0011", "0012", "0013", "0014", "0015", "0016", "0018", "0019", "0021"),
    *("0022", "0023"),
)
"""Every migration in order; the last is what this program needs. Kept here because the control process
must compare without importing Alembic (40 MB)."""
REVISION_TABLE: Final = "tr_schema"

metadata = MetaData()


def _text(name: str, *, primary_key: bool = False) -> Column[str]:
    return Column(name, Text, nullable=False, primary_key=primary_key, server_default=None if primary_key else "")


def _count(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default="0")


tr_keys = Table(
    "tr_keys",
    metadata,
    _text("id", primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("digest", LargeBinary(32), nullable=False, unique=True),
    Column("role", String(16), nullable=False),
    Column("parent_id", Text, nullable=True, index=True),
    _text("team"),
    _text("user"),
    _text("allowed_models"),
    Column("created_at_s", Float, nullable=False),
    Column("expires_at_s", Float, nullable=True),
    Column("enabled", Boolean, nullable=False),
    _text("hint"),
    _text("comment"),
    Column("passthrough", Boolean, nullable=False, server_default=false()),
    _text("unpriced"),
    Column("allow_unpriced", Boolean, nullable=False, server_default=false()),
    Column("clamp", Boolean, nullable=False, server_default=true()),
    _text("unbounded_input"),
    _text("cache"),
    _text("allowed_ips"),
    Column("temporary", Boolean, nullable=False, server_default=false()),
    Column("previous_digest", LargeBinary(32), nullable=True, unique=True),
    Column("previous_until_s", Float, nullable=True),
    Column("heartbeat", Boolean, nullable=False, server_default=false()),
    Column("suspended", Boolean, nullable=False, server_default=false()),
    _text("words"),
    Index("tr_keys_order", "created_at_s", "id", "words"),
    Index("tr_keys_expiry", "expires_at_s"),
    *(
        Index(f"tr_keys_{column}_order", column, "created_at_s", "id")
        for column in ("team", "user", "role", "parent_id", "enabled")
    ),
)
"""`allowed_models` and `allowed_ips` are JSON arrays. `parent_id` may name a key of the file, so it is no foreign key.
A key that was rotated answers by its `previous_digest` too, until `previous_until_s`. `words` is what searches look
through (`store/key_pages.py`); the order of lists is an index that has them, so that a search reads nothing else."""

tr_heartbeats = Table(
    "tr_heartbeats",
    metadata,
    _text("key_id", primary_key=True),
    Column("heard_at_s", Float, nullable=False),
)
"""When it was last said of a key with a heartbeat that it is still wanted. Apart from the keys: that is written every
quarter of a minute and changes nothing that the Catalog shows."""

tr_key_changes = Table(
    "tr_key_changes",
    metadata,
    Column("version", BigInteger, primary_key=True, nullable=False, autoincrement=False),
    _text("key_id", primary_key=True),
)
"""Which keys the last changes of the Catalog were of, by its version; "" for one that was of no key."""

TOKEN_KINDS: Final = (
    "input_tokens",
    "output_tokens",
    "cached_input_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "audio_tokens",
    "cache_write_1h_tokens",
    "audio_output_tokens",
    "image_input_tokens",
    "image_output_tokens",
)
"""The counts of tokens in `domain.ledger.Usage`, a column each."""

tr_ledger = Table(
    "tr_ledger",
    metadata,
    _text("id", primary_key=True),
    Column("started_us", BigInteger, nullable=False),
    _text("operation"),
    _text("key_id"),
    _text("key_name"),
    _text("user"),
    _text("team"),
    _text("chain"),
    _text("client_ip"),
    _text("client_tool"),
    _text("client_request_id"),
    _text("alias"),
    _text("requested_model"),
    _text("provider"),
    _text("model"),
    Column("stream", Boolean, nullable=False),
    Column("status", Integer, nullable=False),
    _text("end_reason"),
    _text("error_code"),
    *(_count(kind) for kind in TOKEN_KINDS),
    Column("provider_requests", BigInteger, nullable=False, server_default="1"),
    _text("tier"),
    Column("estimated", Boolean, nullable=False),
    _count("overrun"),
    Column("cost_nano_usd", BigInteger, nullable=True),
    _text("price_source"),
    _count("latency_us"),
    _count("first_token_us"),
    _count("bytes_in"),
    _count("bytes_out"),
    _text("changed"),
    _text("provider_request_id"),
    Column("count", Integer, nullable=False),
    _text("answered_by"),
    _text("origin_id"),
    _count("saved_nano_usd"),
    _text("decision"),
    _text("traceparent"),
    Index("tr_ledger_time", "started_us"),
    *(
        Index(f"tr_ledger_{what}_time", column, "started_us")
        for what, column in (
            ("key", "key_id"),
            ("user", "user"),
            ("team", "team"),
            ("provider", "provider"),
            ("model", "model"),
            ("end", "end_reason"),
        )
    ),
    *(
        Index(
            f"tr_ledger_{what}_time",
            column,
            "started_us",
            sqlite_where=text(f"{column} <> ''"),
            postgresql_where=text(f"{column} <> ''"),
        )
        for what, column in (
            ("ip", "client_ip"),
            ("tool", "client_tool"),
            ("alias", "alias"),
            ("error", "error_code"),
            ("client_request", "client_request_id"),
            ("provider_request", "provider_request_id"),
        )
    ),
)
"""One row per request, never changed afterwards. `chain` is a JSON array. Every filter of a page has an index that
also has the order of time, so that the newest rows of a rare model cost what those of all do. What most rows leave
empty is indexed where it is said."""


def _usage_table(name: str, period: str) -> Table:
    indexes = {"key": ("key_id",), "team": ("team",), "user": ("user",), "model": ("provider", "model")}
    return Table(
        name,
        metadata,
        *(_text(part, primary_key=True) for part in (period, "key_id", "user", "team", "provider", "model")),
        _text("key_name"),
        _count("requests"),
        _count("failed"),
        *(_count(kind) for kind in TOKEN_KINDS),
        _count("cost_nano_usd"),
        _count("unpriced_requests"),
        *(Index(f"{name}_{what}", *columns, period) for what, columns in indexes.items()),
    )


tr_usage_daily = _usage_table("tr_usage_daily", "day")
"""The ledger summed by UTC day (`2026-02-28`), so that a month of a key is some dozens of rows."""

tr_usage_monthly = _usage_table("tr_usage_monthly", "month")
"""The same by UTC month (`2026-02`), so that years of all keys are some thousands."""

ACTIVITY_KEY: Final = ("step", "dimension", "slot_s", "name")
ACTIVITY_SUMS: Final = (
    *("requests", "failed", "input_tokens", "output_tokens", "cached_input_tokens", "reasoning_tokens"),
    *("cost_nano_usd", "unpriced_requests"),
)
"""Of tokens, what charts show."""
SPEED_SUMS: Final = (
    *("prompt_tokens", "prompt_us", "generated_tokens", "generation_us"),
    *(f"{what}_{number}" for what in ("latency", "first_token") for number in range(BUCKETS)),
)
"""The fields of `domain.speeds.Speeds`, its buckets one by one."""


def _activity_table(name: str, *sums: Column[Any]) -> Table:
    return Table(
        name,
        metadata,
        _text("step", primary_key=True),
        _text("dimension", primary_key=True),
        Column("slot_s", BigInteger, primary_key=True, autoincrement=False),
        _text("name", primary_key=True),
        *sums,
        sqlite_with_rowid=False,
    )


tr_activity = _activity_table(
    "tr_activity",
    _text("label"),
    *map(_count, ACTIVITY_SUMS),
)
"""The ledger summed by hour, day and month (`step`), of everything and by one dimension at a time, so that a chart of a
year reads some hundreds of rows. `slot_s` is when the step began, in UTC seconds (`store/activity_sums.py`)."""

tr_speeds = _activity_table("tr_speeds", *map(_count, SPEED_SUMS))
"""How fast requests were answered, by hour and day: of everything, by provider and by model."""

BALANCE_KEY: Final = ("period", "key_id", "user", "team", "provider", "model", "alias", "chain", "admitted")

tr_balances = Table(
    "tr_balances",
    metadata,
    *(_text(name, primary_key=True) for name in BALANCE_KEY[:-1]),
    Column("admitted", Boolean, primary_key=True, nullable=False),
    _text("key_name"),
    _count("requests"),
    _count("failed"),
    *(_count(kind) for kind in TOKEN_KINDS),
    _count("cost_nano_usd"),
    _count("unpriced_requests"),
    Column("first_us", BigInteger, nullable=False),
    Column("last_us", BigInteger, nullable=False),
)
"""What deleted ledger rows had used, by UTC month (`2026-02`) and by whom and where limits may look for it. Addresses
of clients are not kept: that rows are deleted is often for their sake."""

tr_limit_use = Table(
    "tr_limit_use",
    metadata,
    _text("limit_id", primary_key=True),
    _text("scope", primary_key=True),
    Column("window_start_us", BigInteger, primary_key=True),
    _count("used"),
)
"""What limits are restored from after a start; `window_start_us` is 0 for lifetime windows."""

tr_limit_first_use = Table(
    "tr_limit_first_use",
    metadata,
    _text("limit_id", primary_key=True),
    _text("scope", primary_key=True),
    Column("first_us", BigInteger, nullable=False),
)
"""When `interval` counters were first used: their windows follow one another from there on, whatever restarts."""

tr_limits = Table(
    "tr_limits",
    metadata,
    _text("id", primary_key=True),
    _text("scope"),
    Column("metric", String(16), nullable=False),
    _text("window"),
    _text("tz"),
    Column("week_start", Integer, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("mode", String(4), nullable=False),
    _count("boost"),
    Column("boost_until_s", Float, nullable=False),
    _count("carry_over"),
    _text("comment"),
    _text("made_by"),
    Column("created_at_s", Float, nullable=False),
    _text("handle"),
    _text("words"),
    UniqueConstraint("scope", "metric", "window", "mode", name="tr_limits_kind"),
    Index("tr_limits_order", "created_at_s", "id"),
    Index("tr_limits_handle", "handle"),
)
"""Limits made by API or command line. `id` names the counter (`domain/limit_text.py`), `week_start` is 0 for Monday,
`made_by` the id of a key or empty for the command line. `handle` is the `id` as paths have it; `words` is what searches
look through."""

tr_adjustments = Table(
    "tr_adjustments",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("kind", String(16), nullable=False),
    _text("limit_id"),
    _text("scope"),
    Column("amount", BigInteger, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("made_us", BigInteger, nullable=False),
    _text("made_by"),
    _text("reason"),
    _text("request_id"),
    Column("once", Text, nullable=True, unique=True),
    Index("tr_adjustments_limit", "limit_id", "number"),
    Index("tr_adjustments_made", "made_us"),
)
"""What was counted to limits by nobody's request; rows are never changed. `at_us` is when it counts, `made_us` when it
was made; of two with the same `once` there is only the first."""

tr_aliases = Table(
    "tr_aliases",
    metadata,
    _text("scope", primary_key=True),
    _text("name", primary_key=True),
    _text("said"),
    _text("comment"),
    _text("made_by"),
    Column("created_at_s", Float, nullable=False),
)
"""Aliases made by API or command line. `said` is JSON, what `domain/alias_text.py` reads; nobody searches in it, and
what aliases can say will grow."""

tr_teams = Table(
    "tr_teams",
    metadata,
    _text("id", primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("enabled", Boolean, nullable=False),
    _text("comment"),
    _text("allowed_models"),
    Column("created_at_s", Float, nullable=False),
)

tr_users = Table(
    "tr_users",
    metadata,
    _text("id", primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("email", Text, nullable=True, unique=True),
    Column("role", String(16), nullable=False),
    Column("enabled", Boolean, nullable=False),
    _text("comment"),
    _text("password_hash"),
    _text("oidc_issuer"),
    _text("oidc_subject"),
    Column("created_at_s", Float, nullable=False),
    Column("signed_in_at_s", Float, nullable=True),
    Index("tr_users_oidc", "oidc_issuer", "oidc_subject"),
)

tr_members = Table(
    "tr_members",
    metadata,
    _text("team", primary_key=True),
    _text("user", primary_key=True),
    Column("admin", Boolean, nullable=False),
    _text("given_by"),
    Index("tr_members_user", "user"),
)
"""Who is in which team, both by name, as keys and limits name them; the team may be one of the file."""

tr_sessions = Table(
    "tr_sessions",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),
    _text("id"),
    Column("kind", String(16), nullable=False),
    _text("user_id"),
    Column("key_digest", LargeBinary(32), nullable=True),
    Column("created_at_s", Float, nullable=False),
    Column("seen_at_s", Float, nullable=False),
    Column("expires_at_s", Float, nullable=False),
    _text("address"),
    _text("agent"),
    _text("way"),
    Index("tr_sessions_user", "user_id"),
)
"""Who is signed in. `digest` is that of the cookie; `kind` is that of the actor: person, key or password; `way` is how
it was begun: `password`, `oidc:NAME`, `key`, …"""

tr_sign_in_waits = Table(
    "tr_sign_in_waits",
    metadata,
    _text("subject", primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_s", Float, nullable=False),
    Index("tr_sign_in_waits_last", "last_s"),
)
"""Who has got secrets wrong: `address:…`, or `account:` with a digest of what was typed."""

tr_password_links = Table(
    "tr_password_links",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),
    _text("user_id"),
    Column("kind", String(16), nullable=False),
    Column("expires_at_s", Float, nullable=False),
    Index("tr_password_links_user", "user_id"),
)
"""Links with which a person sets a password: an invitation, or because the old one is lost."""

tr_access_codes = Table(
    "tr_access_codes",
    metadata,
    _text("id", primary_key=True),
    Column("digest", LargeBinary(32), nullable=False, unique=True),
    _text("hint"),
    _text("team"),
    Column("quota_tokens", BigInteger, nullable=True),
    _text("allowed_models"),
    Column("max_uses", Integer, nullable=True),
    Column("uses", Integer, nullable=False, server_default="0"),
    Column("expires_at_s", Float, nullable=True),
    Column("enabled", Boolean, nullable=False, server_default=true()),
    _text("comment"),
    Column("created_at_s", Float, nullable=False),
)
"""What people sign up with by themselves."""

tr_audit = Table(
    "tr_audit",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("at_us", BigInteger, nullable=False),
    Column("actor_kind", String(16), nullable=False),
    _text("actor_id"),
    _text("actor_name"),
    _text("address"),
    _text("action"),
    _text("kind"),
    _text("subject_id"),
    _text("subject_name"),
    _text("before"),
    _text("after"),
    _text("hash"),
    Index("tr_audit_subject", "kind", "subject_id", "number"),
    Index("tr_audit_actor", "actor_id", "number"),
    Index("tr_audit_action", "action", "number"),
)
"""Who changed what; rows are never changed. `before` and `after` are JSON objects or empty; `hash` covers the row and
the `hash` of the one before (`store/audit.py`)."""

tr_conversations = Table(
    "tr_conversations",
    metadata,
    _text("id", primary_key=True),
    _text("key_id"),
    _text("key"),
    _text("user"),
    _text("team"),
    _text("operation"),
    _text("provider"),
    _text("model"),
    _text("client_ip"),
    _count("begun_us"),
    _count("last_us"),
    _count("requests"),
    _count("internal"),
    _count("bytes"),
    Column("sealed", LargeBinary, nullable=False),
    Index("tr_conversations_last", "last_us", "id"),
    Index("tr_conversations_key_id", "key_id", "last_us", "id"),
    Index("tr_conversations_user", "user", "last_us", "id"),
    Index("tr_conversations_team", "team", "last_us", "id"),
)
"""Conversations that are kept for people to read. `sealed` has what people wrote (its title), encrypted; `internal` of
its `requests` were made by clients for themselves; provider, model and address are those of the last request."""

tr_conversation_records = Table(
    "tr_conversation_records",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    _text("conversation_id"),
    _text("kind"),
    _text("outcome"),
    _text("provider"),
    _text("model"),
    _text("operation"),
    _text("client_ip"),
    _count("started_us"),
    _count("ended_us"),
    _count("status"),
    _count("bytes"),
    _text("response_ref"),
    _text("asker_ref"),
    Column("gist", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Index("tr_conversation_records_conversation", "conversation_id", "number"),
    Index("tr_conversation_records_response", "response_ref"),
    Index("tr_conversation_records_asker", "asker_ref", "ended_us"),
    Index("tr_conversation_records_age", "ended_us", "bytes"),
)
"""Their requests; `id` is the ledger's. `sealed` has request and answer, `gist` the few words of both that are
searched, each encrypted; the references are hashes by which the next request of a conversation is recognised."""

tr_conversation_files = Table("tr_conversation_files", metadata, _text("file", primary_key=True))
"""Files of captured requests that are in the database for good and may still lie on a disk."""

tr_capture_rules = Table(
    "tr_capture_rules",
    metadata,
    _text("scope", primary_key=True),
    Column("enabled", Boolean, nullable=False),
    _text("made_by"),
    Column("created_at_s", Float, nullable=False),
)
"""Whose conversations are kept, as it was said at run time."""

tr_secrets = Table(
    "tr_secrets",
    metadata,
    _text("kind", primary_key=True),
    _text("id", primary_key=True),
    _text("field", primary_key=True),
    _text("key_id"),
    Column("wrapped", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    _text("hint"),
    Column("created_at_s", Float, nullable=False),
    Column("rotated_at_s", Float, nullable=True),
    Index("tr_secrets_key", "key_id"),
)
"""Secrets in envelopes (`config/envelope.py`): a row for each `field` of the subject that `kind` and `id` name."""

tr_providers = Table(
    "tr_providers",
    metadata,
    _text("name", primary_key=True),
    Column("enabled", Boolean, nullable=False),
    _text("said"),
    _text("comment"),
    _text("made_by"),
    Column("created_at_s", Float, nullable=False),
    Column("changed_at_s", Float, nullable=False),
)
"""Providers made by API or command line. `said` is JSON in the words of `[[providers]]`, without what is secret, which
stands in `tr_secrets`."""

tr_prices = Table(
    "tr_prices",
    metadata,
    _text("name", primary_key=True),
    _text("said"),
    _text("comment"),
    _text("made_by"),
    Column("changed_at_s", Float, nullable=False),
)
"""Prices made by API or command line: `name` is `provider/model`, `said` JSON in the words of `[[prices]]`."""

tr_numbers = Table(
    "tr_numbers",
    metadata,
    _text("kind", primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    _text("subject"),
    UniqueConstraint("kind", "subject", name="tr_numbers_subject"),
)
"""What subjects are called in the APIs of predecessors, whose ids are numbers (`store/numbers.py`)."""

tr_journal = Table(
    "tr_journal",
    metadata,
    _text("file", primary_key=True),
    _count("offset"),
)
"""Up to where each journal file is in the ledger for good."""

tr_setup_links = Table(
    "tr_setup_links",
    metadata,
    Column("token_digest", LargeBinary(32), primary_key=True),
    Column("expires_at_s", Float, nullable=False),
    Column("used_at_s", Float, nullable=True),
)

tr_settings = Table(
    "tr_settings",
    metadata,
    _text("key", primary_key=True),
    _text("value"),
)
"""Facts about this installation that must last, such as which carried-over use was applied."""

tr_meta = Table(
    "tr_meta",
    metadata,
    _text("name", primary_key=True),
    _count("value"),
)
"""Counters about the database itself; `catalog` rises with every change that the Catalog must show."""
