"""What every setting is for and what it may be, so that pages render settings they know nothing about.

The table says it a second time beside the readers, which decide; a test asks the readers whether it is true.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

from tokenrouter.config.settings import PRICE_SOURCES, AcmeChallenge, HttpMode, LogLevel, RedisLoss, TlsMode
from tokenrouter.domain.catalog import ShareInFlight

Kind = Literal["flag", "whole", "seconds", "text", "choice", "texts", "wholes", "secret"]
"""`secret` is a text of which it is only shown that it is set; `texts` and `wholes` are arrays."""
Group = Literal["requests", "money", "keys", "providers", "cache", "keeping", "alerts", "signing_in", "log", "server"]
Unit = Literal["", "s", "bytes", "days", "percent", "tokens", "lines"]


@dataclass(frozen=True, slots=True)
class Description:
    """What a setting is.

    Attributes:
        about: a sentence for operators.
        least, most: of a number, and of each number of an array, where it may be changed while everything runs.
        choices: what a choice may be, and what may stand in `texts` where not anything may.
    """

    group: Group
    kind: Kind
    about: str
    unit: Unit = ""
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()


def _flag(group: Group, about: str) -> Description:
    return Description(group, "flag", about)


def _count(group: Group, about: str, unit: Unit = "", least: float | None = None) -> Description:
    return Description(group, "whole", about, unit, least)


def _seconds(group: Group, about: str, least: float | None = None) -> Description:
    return Description(group, "seconds", about, "s", least)


def _choice(group: Group, about: str, choices: tuple[str, ...]) -> Description:
    return Description(group, "choice", about, choices=choices)


_PORTS: Final = Description("providers", "wholes", "Ports of this machine where such a server is looked for.")
_LEVELS: Final = get_args(LogLevel)

DESCRIBED: Final[Mapping[str, Description]] = {
    # How requests wait, and what is refused.
    "max_concurrent_requests": _count(
        "requests", "Requests that run at once in the whole gateway; 0 is no bound.", least=0
    ),
    "max_concurrent_wait_s": _seconds(
        "requests", "How long a request waits for its turn before it is refused (429).", least=0
    ),
    "max_waiting_requests": _count(
        "requests", "How many requests wait for their turn; more are refused at once.", least=0
    ),
    "quota_wait_s": _seconds(
        "requests", "How long a request waits for what running requests hold of its limits; 0 refuses at once.", least=0
    ),
    "hold_first_byte_s": _seconds("requests", "How long headers wait for the first content of a stream.", 0.1),
    "keep_alive_s": _seconds("requests", "Silence after which a stream gets a keep-alive.", 0.1),
    "quota_in_answers": _flag(
        "requests", "Answers carry the limits as TokenRouter-Go does, instead of as the vendors' SDKs read them."
    ),
    "responses_store_default": _flag(
        "requests", "/v1/responses stores an answer for a day when the request does not say whether it should."
    ),
    "timeouts.connect_s": _seconds("requests", "The longest wait for a connection to a provider."),
    "timeouts.first_byte_s": _seconds("requests", "The longest wait for the first byte of a provider's answer."),
    "timeouts.between_bytes_s": _seconds("requests", "The longest silence within a provider's answer."),
    "timeouts.total_s": _seconds("requests", "The longest time that a provider's answer takes altogether."),
    "idempotency.enabled": _flag("requests", "The header Idempotency-Key is heeded: a repeated request runs once."),
    "idempotency.keep_s": _seconds(
        "requests", "How long such an answer is given again; 0 is only while the first request runs."
    ),
    "idempotency.max_bytes": _count("requests", "Most that is kept of such answers, in each process.", "bytes"),
    "idempotency.max_entry_bytes": _count("requests", "The longest such answer that is kept.", "bytes"),
    # Prices, and what they bound.
    "unpriced": _choice("money", "Whether models without a price may be used.", ("allow", "deny")),
    "allow_unpriced": _flag("money", "Models without a price may be used even under a limit of costs."),
    "unbounded_input": _choice(
        "money", "What becomes of requests under hard limits whose input has no known bound.", ("allow", "deny")
    ),
    "on_journal_failure": _choice(
        "money", "When requests cannot be recorded: refuse them, or serve them unrecorded.", ("refuse", "serve")
    ),
    "price_sources": Description(
        "money", "texts", "Where prices come from besides yours, the most trusted first.", choices=PRICE_SOURCES
    ),
    # Keys that go by themselves.
    "auto_remove_expired_tokens": _flag("keys", "Keys are removed when they have expired."),
    "auto_remove_empty_quota_tokens": _flag(
        "keys", "Keys are removed when they have used up a hard limit for all time; admins' keys stay."
    ),
    "admin_key_in_query": _flag(
        "keys",
        "?key= in an address stands for a key in TokenRouter-Go's API. Addresses are kept by proxies and browsers.",
    ),
    "admin_password": Description("keys", "secret", "A password that opens this page without an account."),
    # Providers.
    "default_provider": Description("providers", "text", "Who gets the models that name no provider; empty is nobody."),
    "discovery": _flag("providers", "Providers are asked for their models, and so how they are."),
    "quota_inspection": _flag("providers", "It is looked what providers have left for you."),
    "auto_detect_local_servers": _flag(
        "providers", "Ollama, LM Studio, vLLM and llama.cpp on this machine join by themselves."
    ),
    "auto_enable_public_free_models": _flag(
        "providers", "Public providers that want no key join by themselves. Prompts go to third parties there."
    ),
    "auto_exclude": Description("providers", "texts", "Names of providers that never join by themselves."),
    "allow_private_providers": _flag(
        "providers", "Providers that are made here may be at loopback and private addresses."
    ),
    "local_servers.check_s": _seconds("providers", "How often servers on this machine are looked for."),
    "local_servers.ports.llama-cpp": _PORTS,
    "local_servers.ports.lmstudio": _PORTS,
    "local_servers.ports.ollama": _PORTS,
    "local_servers.ports.vllm": _PORTS,
    "proxies": Description("providers", "secret", "Proxies of the environment by which providers are reached."),
    # Answers that are given again.
    "cache.backend": _choice("cache", "Where kept answers lie.", ("memory", "redis")),
    "cache.ttl_s": _seconds(
        "cache", "How long answers are given again; 0 keeps none: requests at the same time share one.", least=0
    ),
    "cache.share_in_flight": _choice(
        "cache",
        "Which equal requests at one time share an answer: those that leave nothing to chance, none, or all.",
        get_args(ShareInFlight),
    ),
    "cache.teams": Description(
        "cache", "texts", "Teams whose keys use the cache unless they say otherwise; * is every key."
    ),
    "cache.models": Description("cache", "texts", "Patterns of models whose answers are kept; empty is all."),
    "cache.max_bytes": _count("cache", "Most that is kept, in each process.", "bytes"),
    "cache.max_entry_bytes": _count("cache", "The longest answer that is kept.", "bytes"),
    # What is kept, and for how long.
    "ledger_retention_days": _count(
        "keeping",
        "Requests that are older are summed up and deleted; 0 keeps them for ever, otherwise 35 or more.",
        "days",
        least=0,
    ),
    "conversations.enabled": _flag("keeping", "Conversations may be kept; off forbids it while it runs, too."),
    "conversations.capture": Description(
        "keeping", "texts", "Whose conversations are kept: global, team:NAME, user:NAME, key:NAME."
    ),
    "conversations.max_items": _count("keeping", "Most requests that are kept of conversations."),
    "conversations.max_age_days": _count("keeping", "How long they are kept.", "days"),
    "conversations.max_bytes": _count("keeping", "Most bytes of all of them.", "bytes"),
    "conversations.max_body_bytes": _count("keeping", "Most bytes that are kept of one body.", "bytes"),
    # Who is told of what.
    "soft_limit_alerts": Description(
        "alerts", "wholes", "At how many percent soft limits are told of; empty tells nothing.", "percent", 1, 1000
    ),
    "alerts.quota_thresholds": Description(
        "alerts", "wholes", "Percent left at a provider at which it is told of.", "percent"
    ),
    "alerts.shortest_window_s": _seconds("alerts", "Providers' limits of shorter windows are told of nowhere."),
    "alerts.journal_lag_s": _seconds("alerts", "How far the ledger may be behind before it is told of."),
    # Who gets in.
    "sign_up.enabled": _flag("signing_in", "People may make an account without an invitation."),
    "sign_up.by_code": _flag("signing_in", "They need an access code for it."),
    "sign_up.email_domains": Description(
        "signing_in", "texts", "Only e-mail addresses of these domains may; empty is all."
    ),
    "registration.enabled": _flag("signing_in", "Anybody with a code gets a key at /register."),
    "registration.access_codes": Description(
        "signing_in", "secret", "The codes for that; without one nobody gets a key."
    ),
    "registration.email_domains": Description(
        "signing_in", "texts", "Only e-mail addresses of these domains may; empty is all."
    ),
    "registration.quota_tokens": _count("signing_in", "Tokens for all time that such a key gets.", "tokens"),
    "encryption_key": Description("signing_in", "secret", "The installation's secret, where a variable names it."),
    "encryption_key_old": Description("signing_in", "secret", "The one before it, while it is being replaced."),
    "encryption_key_first": Description("signing_in", "secret", "The very first one, for what stays with it."),
    # The log, metrics and traces.
    "log_level": _choice("log", "What the console shows: this and what is more serious.", _LEVELS),
    "log_format": _choice("log", "How the console shows it.", ("auto", "console", "json")),
    "logs.level": _choice("log", "What is kept of the log: this and what is more serious.", _LEVELS),
    "logs.max_lines": _count("log", "Most lines that are kept; the oldest go first.", "lines"),
    "logs.max_bytes": _count("log", "Most bytes that are kept.", "bytes"),
    "metrics_token": Description("log", "secret", "A bearer token that may read /metrics and nothing else."),
    "metrics_addr": Description("log", "text", "An address that serves /metrics alone, to whoever reaches it."),
    "otel.enabled": _flag("log", "Traces and metrics are sent by OpenTelemetry."),
    "otel.endpoint": Description("log", "text", "The collector's address."),
    "otel.headers": Description("log", "secret", "Headers that are sent along."),
    "otel.service_name": Description("log", "text", "What this gateway is called there."),
    "otel.traces": _flag("log", "Traces are sent."),
    "otel.metrics": _flag("log", "Metrics are sent."),
    "otel.interval_s": _seconds("log", "How often metrics are sent."),
    # The server itself.
    "listen_addr": Description("server", "text", "Where the gateway listens."),
    "http_mode": _choice(
        "server",
        "What plain HTTP is for while there is HTTPS: everything, leading to HTTPS, or nothing.",
        get_args(HttpMode),
    ),
    "tls.enabled": _flag("server", "HTTPS is served, by the gateway itself."),
    "tls.mode": _choice("server", "Where the certificate comes from.", get_args(TlsMode)),
    "tls.listen_addr": Description("server", "text", "Where HTTPS is served; no host is every address."),
    "tls.redirect_addr": Description(
        "server", "text", "One more address for plain HTTP, which leads to HTTPS and answers challenges."
    ),
    "tls.domains": Description("server", "texts", "Names of the certificate; the first is what the gateway is called."),
    "tls.email": Description("server", "text", "Where a certificate authority writes to."),
    "tls.cache_dir": Description("server", "text", "Where accounts at such authorities are kept."),
    "tls.cert_file": Description("server", "text", "A certificate with its chain; looked at again and again."),
    "tls.key_file": Description("server", "text", "The key that belongs to it."),
    "tls.cert_pem": Description("server", "secret", "A certificate with its chain, itself."),
    "tls.key_pem": Description("server", "secret", "The key that belongs to it."),
    "tls.acme_directory_url": Description("server", "text", "Who is asked for certificates, if not Let's Encrypt."),
    "tls.acme_ca_file": Description("server", "text", "Certificates to trust then, in place of the system's."),
    "tls.acme_accept_terms": _flag("server", "The terms of service of the certificate authority are accepted."),
    "tls.acme_eab_kid": Description("server", "text", "The account by which it knows the operator already."),
    "tls.acme_eab_hmac_key": Description("server", "secret", "The key of that account, in base64url."),
    "tls.acme_profile": Description("server", "text", "Its word for the kind of certificate, like shortlived."),
    "tls.challenge": _choice("server", "How it is shown that a name is ours.", get_args(AcmeChallenge)),
    "tls.hsts_max_age_s": Description(
        "server", "whole", "How long browsers are to come by HTTPS only; 0 says nothing to them.", "s"
    ),
    "public_url": Description("server", "text", "What clients are pointed at, where that is not our own address."),
    "trusted_proxies": Description(
        "server", "texts", "Proxies in front that are believed about whose requests they pass on."
    ),
    "workers": _count("server", "Data processes that share the work."),
    "database_url": Description("server", "text", "Where the database is."),
    "migrate_on_start": _flag("server", "Older tables of a PostgreSQL are brought up to date at the start."),
    "redis_url": Description("server", "text", "Where counters are that several processes and machines share."),
    "redis_loss": _choice(
        "server", "What becomes of requests under hard limits while that server is away.", get_args(RedisLoss)
    ),
    "max_connections": _count("server", "Connections that are open at once."),
    "max_head_bytes": _count("server", "The largest request line with headers.", "bytes"),
    "max_body_bytes": _count("server", "The largest body, as sent and unpacked.", "bytes"),
    "head_timeout_s": _seconds("server", "How long a request's headers may take to arrive."),
    "body_timeout_s": _seconds("server", "How long a request's body may take to arrive."),
    "idle_timeout_s": _seconds("server", "How long a connection stays open between requests."),
    "client_stall_s": _seconds("server", "How long a client may go without reading."),
    "drain_s": _seconds("server", "How long a stop waits for running requests."),
    "journal_sync_s": _seconds("server", "The most that a power failure may cost."),
    "journal_reserve_bytes": _count("server", "Kept free so that open requests can end on a full disk.", "bytes"),
    "sandbox": _flag("server", "A provider without an account runs beside the gateway, for trying things."),
}
"""By the setting's path in the file."""
