"""What a configuration says, after everything that was wrong with it has been refused.

`Settings` is the whole of it; nothing else in the program reads the environment or the file. Subjects
that can also live in the database (providers, keys, teams, limits, prices) use the domain's own types
where they fit, so the catalog builder joins both without translation.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from tokenrouter.domain.aliases import Alias
from tokenrouter.domain.capture import DEFAULT_BODY_BYTES
from tokenrouter.domain.catalog import CacheUse, Origin, Policy, Provider, Role, Timeouts, UnboundedInput, Unpriced
from tokenrouter.domain.guardrails import Guardrail, HookSetting
from tokenrouter.domain.limits import Limit
from tokenrouter.domain.model_facts import ModelFacts
from tokenrouter.domain.prices import Price
from tokenrouter.providers.local_servers import DEFAULT_PORTS

PRICE_SOURCES: Final = ("local", "provider", "zen", "genai-prices")
"""Where prices may come from besides the operator, the most trusted first."""


@dataclass(frozen=True, slots=True)
class Paths:
    """Where this installation keeps what. With `TOKENROUTER_HOME` all of it lies there.

    Attributes:
        config_file: the file that is read, or None when there is none.
        default_config_file: where it would be looked for last; named in messages.
        state_dir: database, journal, snapshot, key file (mode 0700).
        cache_dir: what may be deleted at any time.
    """

    config_file: Path | None
    default_config_file: Path
    state_dir: Path
    cache_dir: Path


@dataclass(frozen=True, slots=True)
class KeySetting:
    """A key that the file declares (`[[incoming_tokens]]`)."""

    id: str
    name: str
    key: str = field(repr=False)
    role: Role = "inferrer"
    parent_id: str | None = None
    team: str = ""
    user: str = ""
    allowed_models: tuple[str, ...] = ()
    created_at_s: float = 0.0
    expires_at_s: float | None = None
    comment: str = ""
    passthrough: bool = False
    unpriced: Unpriced = ""
    allow_unpriced: bool = False
    clamp: bool = True
    unbounded_input: UnboundedInput = ""
    cache: CacheUse = ""
    allowed_ips: tuple[str, ...] = ()
    origin: Origin = "file"


RedisLoss = Literal["refuse", "local"]
AnswerBackend = Literal["memory", "redis"]


@dataclass(frozen=True, slots=True)
class KeptRoom:
    """Where answers lie that are given again, and how much of them.

    Attributes:
        max_bytes: of each process: of what it keeps in its memory, and of what it remembers of answers on their way.
        max_entry_bytes: longest answer that is kept.
    """

    backend: AnswerBackend = "memory"
    max_bytes: int = 64 * 2**20
    max_entry_bytes: int = 2**20


@dataclass(frozen=True, slots=True)
class IdempotencySettings:
    """How requests with an `Idempotency-Key` are met that are sent again; `keep_s`: how long their answers are kept."""

    enabled: bool = True
    keep_s: float = 24 * 3600.0
    room: KeptRoom = KeptRoom()


@dataclass(frozen=True, slots=True)
class CarriedUse:
    """A counter value that an older configuration brings along (`quota.*.used`): applied once.

    `window_started_s` is seconds since the epoch, or None when the file names none.
    """

    limit_id: str
    scope: str
    used: int
    window_started_s: float | None = None


@dataclass(frozen=True, slots=True)
class WebhookSetting:
    """Where alerts are sent. `secret` signs them; `allow_private`: whether it may be a loopback or private address."""

    url: str = field(repr=False)
    secret: str = field(repr=False)
    allow_private: bool = False


SmtpSecurity = Literal["starttls", "tls", "none"]


@dataclass(frozen=True, slots=True)
class EmailSetting:
    """Who gets alerts by e-mail, and by way of which server.

    Attributes:
        security: `starttls` and `tls` check the server's certificate; `none` sends in the clear.
        kinds: which alerts, as patterns such as `provider.*`; none means all.
        ca_file: certificates to trust in place of the system's, or "".
    """

    host: str
    port: int
    sender: str
    recipients: tuple[str, ...]
    security: SmtpSecurity = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    kinds: tuple[str, ...] = ()
    ca_file: str = ""


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """When and how an operator is told that something needs looking at.

    Attributes:
        quota_thresholds: percent left of a provider's quota at which it is told of, the highest first.
        shortest_window_s: providers' limits of shorter windows are told of nowhere.
        webhooks: who is told besides the log.
        journal_lag_s: how far the ledger may be behind before it is told of.
        email: who is told by e-mail, or None.
    """

    quota_thresholds: tuple[int, ...] = (20, 5, 0)
    shortest_window_s: float = 3600.0
    webhooks: tuple[WebhookSetting, ...] = ()
    journal_lag_s: float = 60.0
    email: EmailSetting | None = None


LogLevel = Literal["debug", "info", "warning", "error"]


@dataclass(frozen=True, slots=True)
class LogSettings:
    """What of the log is kept in files of this node, whatever the console shows.

    Attributes:
        max_lines, max_bytes: of all processes together; the oldest give way.
        level: this one and what is more serious.
    """

    max_lines: int = 5000
    max_bytes: int = 64 * 2**20
    level: LogLevel = "info"


@dataclass(frozen=True, slots=True)
class OtelSettings:
    """Where traces and metrics are sent by OTLP over HTTP.

    Attributes:
        endpoint: the collector's address, without `/v1/traces`; "" where the environment has it.
        headers: sent along, often a token.
        interval_s: how often metrics are sent.
        environ: the `OTEL_…` variables that were found, in the environment or `.env`.
    """

    enabled: bool = False
    endpoint: str = ""
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    service_name: str = "tokenrouter"
    traces: bool = True
    metrics: bool = True
    interval_s: float = 60.0
    environ: tuple[tuple[str, str], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class GroupRights:
    """What members of a group at an identity provider are here: in which team, and with which role ("" for none)."""

    team: str = ""
    role: Literal["", "owner", "admin", "member"] = ""
    team_admin: bool = False


@dataclass(frozen=True, slots=True)
class OidcSetting:
    """An identity provider at which people may sign in (`[[oidc]]`).

    Attributes:
        name: in addresses, and on the button where there is no `title`.
        issuer: as its own documents spell it.
        groups_claim: where groups are told; "" gives nobody a team or a role.
        group_teams: what members of each group are here.
        allowed_domains: of e-mail addresses that may sign in; all where empty.
        auto_create: whether somebody who was not invited gets an account at the first sign-in.
        session_s: when a session ends that began here, whatever happens.
        redirect_uri: where it sends browsers back to; "" for the address that the browser asked for.
        allow_private: whether hosts that it names besides its own may be private.
    """

    name: str
    issuer: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    title: str = ""
    scopes: tuple[str, ...] = ("openid", "email", "profile")
    groups_claim: str = ""
    group_teams: dict[str, GroupRights] = field(default_factory=dict)
    allowed_domains: tuple[str, ...] = ()
    auto_create: bool = False
    session_s: float = 12 * 3600.0
    redirect_uri: str = ""
    allow_private: bool = False
    origin: str = ""


@dataclass(frozen=True, slots=True)
class SignUpSettings:
    """Who may make an account without an invitation (`[sign_up]`); nobody, as it is shipped.

    Attributes:
        email_domains: of addresses that may; all where empty.
        by_code: whether an access code is needed.
    """

    enabled: bool = False
    by_code: bool = True
    email_domains: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ConversationSettings:
    """Which conversations are kept for people to read, and how many of them.

    Attributes:
        enabled: whether any may be; where it is False, nobody can switch it on at run time.
        capture: whose are, as the file says: `global`, `team:NAME`, `user:NAME`, `key:NAME`.
        max_items: most requests that are kept; the oldest go first.
        max_age_days: how long each is kept.
        max_bytes: most bytes of all of them, as they lie in the database.
        max_body_bytes: most bytes of one body.
    """

    enabled: bool = True
    capture: tuple[str, ...] = ()
    max_items: int = 5000
    max_age_days: int = 30
    max_bytes: int = 2**30
    max_body_bytes: int = DEFAULT_BODY_BYTES


@dataclass(frozen=True, slots=True)
class RegistrationSettings:
    """Who may get a key at `/register` by themselves: the Classroom system's variables.

    Attributes:
        enabled: `REGISTRATION_ENABLED`; without codes nobody may all the same.
        access_codes: `REGISTRATION_ACCESS_CODES`.
        email_domains: `ALLOWED_EMAIL_DOMAINS`, in lower case; all where empty.
        quota_tokens: `DEFAULT_REGISTRATION_QUOTA`, tokens for all time.
    """

    enabled: bool = True
    access_codes: tuple[str, ...] = field(default=(), repr=False)
    email_domains: tuple[str, ...] = ()
    quota_tokens: int = 500_000


HttpMode = Literal["enabled", "redirect", "disabled"]
TlsMode = Literal["letsencrypt", "self_signed", "pem"]
AcmeChallenge = Literal["auto", "http-01", "tls-alpn-01"]


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """How HTTPS is served (`[tls]`).

    Attributes:
        mode: where the certificate comes from.
        listen_addr: where HTTPS is served; an empty host is every address.
        redirect_addr: one more address for plain HTTP that leads to HTTPS and answers challenges, or "".
        domains: names of the certificate; the first one is what the gateway is called.
        email: where a certificate authority writes to.
        cache_dir: where accounts at such authorities are kept, "" for the state folder.
        cert_pem, key_pem: the certificate with its chain, and its key, themselves.
        cert_file, key_file: where they lie; looked at again and again.
        acme_directory_url: whose certificates are asked for, "" for Let's Encrypt.
        acme_ca_file: certificates to trust in place of the system's when it is asked, or "".
        acme_accept_terms: whether the operator has accepted its terms of service.
        acme_eab_kid, acme_eab_hmac_key: the account by which it knows the operator already, or "".
        acme_profile: its word for the kind of certificate that is asked for, or "".
        challenge: how it is shown that a name is ours.
        hsts_max_age_s: how long browsers are to come by HTTPS only; 0 says nothing to them.
    """

    enabled: bool = False
    mode: TlsMode = "letsencrypt"
    listen_addr: str = "0.0.0.0:443"
    redirect_addr: str = ""
    domains: tuple[str, ...] = ()
    email: str = ""
    cache_dir: str = ""
    cert_pem: str = field(default="", repr=False)
    key_pem: str = field(default="", repr=False)
    cert_file: str = ""
    key_file: str = ""
    acme_directory_url: str = ""
    acme_ca_file: str = ""
    acme_accept_terms: bool = False
    acme_eab_kid: str = ""
    acme_eab_hmac_key: str = field(default="", repr=False)
    acme_profile: str = ""
    challenge: AcmeChallenge = "auto"
    hsts_max_age_s: int = 0


@dataclass(frozen=True, slots=True)
class Notice:
    """Something legal that the operator should know; `where` is `file:line` or the variable's name."""

    where: str
    message: str


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole configuration. Secrets in it are resolved (`env:`, `file:`) and never in a repr.

    Attributes:
        listen_addr: `host:port` of plain HTTP.
        http_mode: what plain HTTP is for while there is HTTPS: everything, leading to HTTPS, or nothing.
        tls: how HTTPS is served.
        database_url: `sqlite:///…` with an absolute path, or `postgresql://…` as it was written, password and all.
        redis_url: where counters are kept that several processes share, or "" for the process's own memory.
        redis_loss: what becomes of requests under hard limits while it is away: `refuse`, or for rates `local`.
        workers: how many data processes serve.
        migrate_on_start: whether older tables of a PostgreSQL are brought up to date by `serve` itself.
        allow_private_providers: whether providers of the API may be at loopback and private addresses.
        ledger_retention_days: how long ledger rows are kept before they are summed up in balances; 0 is for ever.
        encryption_key: `ENCRYPTION_KEY`, or "" when the key file is used.
        encryption_key_old: `ENCRYPTION_KEY_OLD`, the one before it, while a rotation goes on.
        encryption_key_first: `ENCRYPTION_KEY_FIRST`, the one that the installation began with.
        admin_password: `ADMIN_PASSWORD`, or "".
        public_url: what clients are pointed at (`PUBLIC_API_URL`), such as `https://ai.example/v1`; "" for our address.
        registration: who may get a key by themselves at `/register`.
        admin_key_in_query: whether `?key=` stands for a bearer in the admin API of TokenRouter-Go.
        metrics_token: bearer that may read `/metrics` and nothing else, or "".
        trusted_proxies: addresses and networks of proxies that are believed about whom they pass on.
        metrics_addr: `host:port` that serves `/metrics` alone, to everybody who reaches it, or "".
        logs: what of the log is kept in files; what the console shows is `log_level`.
        otel: where traces and metrics are sent.
        journal_sync_s: longest time between appending to the journal and its reaching the disk.
        journal_reserve_bytes: kept free so that open requests can end on a full disk.
        drain_s: how long a stop waits for running requests.
        facts: by `provider/model`, what the operator says of models (`[[models]]`).
        conversations: which are kept for people to read.
        cache: where answers of the response cache lie; for whom they are kept is in `policy`.
        report_keys: by provider, the key that may read its bills; kept out of the Catalog, since no request needs it.
        quota_inspection: whether providers are asked what is left of their quotas.
        quota_probes: by provider, the model of the probe that its operator wants, "" for the usual one.
        alerts: when and whom to tell that a quota comes to an end.
        oidc: identity providers at which people may sign in.
        sign_up: who may make an account without an invitation.
        proxies: `http_proxy`/`https_proxy`/`all_proxy`/`no_proxy` of the environment, lower-case names.
        auto_detect_local_servers: whether model servers on this machine join by themselves.
        local_check_s: how often they are looked for.
        local_ports: by kind of server, where; the first port is the one at which it has the kind's own name.
        auto_enable_public_free_models: whether public providers that want no key join by themselves.
        public_base_urls: other addresses of those, by name.
        auto_exclude: names of providers that never join by themselves.
        soft_limit_alerts: percent of a soft limit at which it is told of.
        sandbox: whether `serve` starts the sandbox provider beside it.
    """

    paths: Paths
    listen_addr: str = "127.0.0.1:8080"
    http_mode: HttpMode = "enabled"
    tls: TlsSettings = TlsSettings()
    database_url: str = field(default="", repr=False)
    redis_url: str = field(default="", repr=False)
    redis_loss: RedisLoss = "refuse"
    workers: int = 1
    migrate_on_start: bool = False
    allow_private_providers: bool = False
    ledger_retention_days: int = 0
    encryption_key: str = field(default="", repr=False)
    encryption_key_old: str = field(default="", repr=False)
    encryption_key_first: str = field(default="", repr=False)
    admin_password: str = field(default="", repr=False)
    metrics_token: str = field(default="", repr=False)
    trusted_proxies: tuple[str, ...] = ()
    metrics_addr: str = ""
    public_url: str = ""
    registration: RegistrationSettings = RegistrationSettings()
    admin_key_in_query: bool = False
    default_provider: str = ""
    active_model_profile: str = ""
    providers: tuple[Provider, ...] = ()
    keys: tuple[KeySetting, ...] = ()
    teams: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    aliases: tuple[Alias, ...] = ()
    limits: tuple[Limit, ...] = ()
    carried_use: tuple[CarriedUse, ...] = ()
    prices: dict[str, Price] = field(default_factory=dict)
    facts: dict[str, ModelFacts] = field(default_factory=dict)
    report_keys: dict[str, str] = field(default_factory=dict, repr=False)
    guardrails: tuple[Guardrail, ...] = ()
    hooks: tuple[HookSetting, ...] = ()
    policy: Policy = Policy()
    cache: KeptRoom = KeptRoom()
    idempotency: IdempotencySettings = IdempotencySettings()
    conversations: ConversationSettings = ConversationSettings()
    timeouts: Timeouts = Timeouts()
    max_head_bytes: int = 64 * 2**10
    max_body_bytes: int = 64 * 2**20
    head_timeout_s: float = 10.0
    body_timeout_s: float = 60.0
    idle_timeout_s: float = 120.0
    client_stall_s: float = 300.0
    max_connections: int = 20_000
    drain_s: float = 30.0
    journal_sync_s: float = 0.1
    journal_reserve_bytes: int = 16 * 2**20
    auto_remove_expired_tokens: bool = True
    auto_remove_empty_quota_tokens: bool = False
    soft_limit_alerts: tuple[int, ...] = (80, 100)
    discovery: bool = True
    quota_inspection: bool = True
    quota_probes: dict[str, str] = field(default_factory=dict)
    alerts: AlertSettings = AlertSettings()
    oidc: tuple[OidcSetting, ...] = ()
    sign_up: SignUpSettings = SignUpSettings()
    auto_detect_local_servers: bool = True
    local_check_s: float = 10.0
    local_ports: dict[str, tuple[int, ...]] = field(default_factory=lambda: dict(DEFAULT_PORTS))
    auto_enable_public_free_models: bool = False
    auto_exclude: tuple[str, ...] = ()
    public_base_urls: dict[str, str] = field(default_factory=dict)
    price_sources: tuple[str, ...] = PRICE_SOURCES
    proxies: dict[str, str] = field(default_factory=dict, repr=False)
    log_level: LogLevel = "info"
    log_format: Literal["auto", "console", "json"] = "auto"
    logs: LogSettings = LogSettings()
    otel: OtelSettings = OtelSettings()
    sandbox: bool = False
    notices: tuple[Notice, ...] = ()
    origins: dict[str, str] = field(default_factory=dict)
    """`providers.acme`, `keys.alice`, … → `torod.toml:12` or `$OPENAI_API_KEY`: who owns a subject."""
    moved: dict[str, str] = field(default_factory=dict)
    """Of addresses that were moved at run time (`listen_addr`, `tls.listen_addr`), what the configuration says."""
