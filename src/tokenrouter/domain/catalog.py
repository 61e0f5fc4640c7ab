"""The Catalog: everything a request is decided by, in one immutable value.

It is built in the control process whenever anything changes, sent to the data processes whole and
swapped in one assignment, so a request sees one consistent state from begin to end. It is plain data;
the indexes that make look-ups fast are built from it in `gateway/directory.py`.
"""

from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from tokenrouter.domain.aliases import DEFAULT_PROFILE, Alias
from tokenrouter.domain.capture import CaptureRules
from tokenrouter.domain.guardrails import Guardrail, HookSetting
from tokenrouter.domain.ledger import Operation
from tokenrouter.domain.limits import Limit
from tokenrouter.domain.model_facts import ModelFacts
from tokenrouter.domain.people import Team
from tokenrouter.domain.prices import Price

Role = Literal["admin", "keymaster", "inferrer"]
Origin = Literal["file", "environment", "database", "automatic", "sandbox"]
OnDisconnect = Literal["cancel", "drain"]
OnJournalFailure = Literal["refuse", "serve"]
Unpriced = Literal["", "allow", "deny"]
"""What becomes of requests to models without a price; "" leaves it to who is asked next."""
UnboundedInput = Literal["", "allow", "deny"]
"""What becomes of requests under hard limits whose input has no bound that could be told from their bytes."""
CacheUse = Literal["", "off", "read", "on"]
"""Whether answers kept for the team are given to a key, and its own are kept; "" leaves it to who is asked next."""

MAX_CREDENTIALS: Final = 7
"""Most keys of one provider: one less than the places that a request is sent to, so that a fallback is among them."""

ShareInFlight = Literal["off", "deterministic", "always"]


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Bounds for each phase of a provider call, in seconds; 0 means no bound.

    `first_byte_s` runs from the request being sent to the first byte of the answer, `between_bytes_s`
    is the longest silence after it, `total_s` bounds the whole call.
    """

    connect_s: float = 10.0
    first_byte_s: float = 600.0
    between_bytes_s: float = 120.0
    total_s: float = 3600.0


@dataclass(frozen=True, slots=True)
class Provider:
    """One vendor, asked with one credential or with several.

    Attributes:
        name: the prefix in `provider/model`.
        kind: a preset's name or `openai-compatible`.
        base_url: without a trailing slash; operations' paths are joined by the kind's path rule.
        secret: the provider's key in clear, or None; never in a repr, a log or an answer.
        other_secrets: further keys, each as good as the first; there are none without a first.
        operations: what it offers, where that is not what its kind does; empty = as its kind.
        allowed_models: patterns of model names as sent upstream; empty = all.
        model_mapping: requested model name → the provider's.
        models: ids found by discovery or declared; for `/v1/models` and name resolution only.
        allow_private: whether its address may be loopback or private (file-declared and automatic ones may).
        passthrough_paths: what may be asked raw, as `METHOD /path/*`; empty = POSTs that name a model.
    """

    name: str
    kind: str
    base_url: str
    secret: str | None = field(default=None, repr=False)
    enabled: bool = True
    origin: Origin = "file"
    timeouts: Timeouts = Timeouts()
    on_disconnect: OnDisconnect = "cancel"
    operations: tuple[Operation, ...] = ()
    allowed_models: tuple[str, ...] = ()
    model_mapping: dict[str, str] = field(default_factory=dict)
    models: tuple[str, ...] = ()
    allow_private: bool = False
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    passthrough_paths: tuple[str, ...] = ()
    other_secrets: tuple[str, ...] = field(default=(), repr=False)

    @property
    def credentials(self) -> "tuple[Provider, ...]":
        """The provider as it is with each of its keys alone, the first one first."""
        if not self.other_secrets:
            return (self,)
        return tuple(replace(self, secret=secret, other_secrets=()) for secret in (self.secret, *self.other_secrets))

    @property
    def accounts(self) -> "tuple[Provider, ...]":
        """The same, each named as what is known of it alone: `name#1`, `name#2`; `name` where there is one key."""
        if not self.other_secrets:
            return (self,)
        return tuple(replace(one, name=account_name(self.name, at)) for at, one in enumerate(self.credentials, 1))


def account_name(provider: str, number: int) -> str:
    """Return what one of several credentials is called, which is shown instead of it; no provider has such a name."""
    return f"{provider}#{number}"


def provider_of(account: str) -> str:
    """Return whose account it is: the provider of `provider` or `provider#2`."""
    return account.partition("#")[0]


@dataclass(frozen=True, slots=True)
class Key:
    """One API key of ours, as its digest.

    Attributes:
        expires_at_s: seconds since the epoch, or None for never.
        allowed_models: patterns matched against the requested name and `provider/model`; empty = all.
        hint: what may be shown of it.
        passthrough: whether it may ask providers raw.
        unpriced: whether it may use models without a price; "" as the policy says.
        allow_unpriced: whether it may do so even under a hard limit of costs, which then cannot count them.
        clamp: whether a request that may become longer than its hard limits allow is sent with a lower bound on its
            answer; else it is refused.
        unbounded_input: whether it may send what cannot be bounded under hard limits; "" as the policy says.
        cache: whether it gets kept answers, and its own are kept; "" as its parent or the policy says.
        allowed_ips: addresses and networks (CIDR) that it may be used from; empty = all.
        temporary: whether it was made for one run of a program.
        heartbeat: whether somebody has to say again and again that it is still wanted.
        suspended: whether nobody has said so for too long; it is no good until somebody does.
        previous_digest: of the key that was in its place before a rotation, or None.
        previous_until_s: until when that one is good as well.
    """

    id: str
    name: str
    digest: bytes = field(repr=False)
    role: Role = "inferrer"
    origin: Origin = "database"
    parent_id: str | None = None
    team: str = ""
    user: str = ""
    allowed_models: tuple[str, ...] = ()
    created_at_s: float = 0.0
    expires_at_s: float | None = None
    enabled: bool = True
    hint: str = ""
    comment: str = ""
    passthrough: bool = False
    unpriced: Unpriced = ""
    allow_unpriced: bool = False
    clamp: bool = True
    unbounded_input: UnboundedInput = ""
    cache: CacheUse = ""
    allowed_ips: tuple[str, ...] = ()
    temporary: bool = False
    previous_digest: bytes | None = field(default=None, repr=False)
    previous_until_s: float | None = None
    heartbeat: bool = False
    suspended: bool = False

    @property
    def digests(self) -> tuple[bytes, ...]:
        """What it is known by: its digest, and that of the key before it as long as nothing takes that away."""
        return (self.digest,) if self.previous_digest is None else (self.digest, self.previous_digest)


@dataclass(frozen=True, slots=True)
class CacheRules:
    """For whom answers are kept, and how long.

    Attributes:
        ttl_s: how long; 0 keeps none, so that only what is asked at the same time is shared.
        share_in_flight: which requests share an answer that one of them is getting.
        teams: whose keys have it on unless they say otherwise; "*" is all keys.
        models: patterns of requested names; empty = all.
    """

    ttl_s: float = 3600.0
    share_in_flight: ShareInFlight = "deterministic"
    teams: tuple[str, ...] = ()
    models: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """Settings of the road itself.

    Attributes:
        max_concurrent_requests: for the whole gateway; 0 = no bound.
        max_concurrent_wait_s: longest wait for a free place before 429.
        max_waiting_requests: most requests that wait at once; more are refused at once.
        hold_first_byte_s: how long headers are held for the first content event.
        keep_alive_s: seconds of silence after which a stream gets a keep-alive.
        unpriced, allow_unpriced, unbounded_input: as of a `Key`, for keys that do not say.
        quota_wait_s: longest wait for what running requests hold of a limit; 0 = a 429 at once.
        quota_in_answers: whether answers tell limits as TokenRouter-Go did, in headers and in a `quota` object.
        responses_store_default: whether a response is stored when its request does not say.
        cache: for whom answers are kept.
    """

    max_concurrent_requests: int = 0
    max_concurrent_wait_s: float = 10.0
    max_waiting_requests: int = 1000
    hold_first_byte_s: float = 15.0
    keep_alive_s: float = 15.0
    on_journal_failure: OnJournalFailure = "refuse"
    responses_store_default: bool = False
    quota_wait_s: float = 0.0
    quota_in_answers: bool = False
    unpriced: Unpriced = "allow"
    allow_unpriced: bool = False
    unbounded_input: UnboundedInput = "allow"
    cache: CacheRules = CacheRules()


@dataclass(frozen=True, slots=True)
class Catalog:
    """All subjects at one moment. `providers` is in routing order (file, environment, database, automatic, sandbox).

    `active_profile` is the one that counts, `chosen_profile` the one that was chosen at run time, if any was. `facts`
    are by `provider/model`, as sent upstream. `teams` are those that restrict their keys, `disabled_users` the names of
    people whose keys are no good. `awaited` are names of providers that may join by themselves, there or not. `capture`
    says whose conversations are kept. `switched` are declared providers that are on or off in spite of what is
    declared, `changed` settings that are otherwise than declared, by path: they stand in all the rest already, and are
    for the next start.
    """

    version: int = 0
    providers: tuple[Provider, ...] = ()
    keys: tuple[Key, ...] = ()
    teams: tuple[Team, ...] = ()
    disabled_users: tuple[str, ...] = ()
    aliases: tuple[Alias, ...] = ()
    active_profile: str = DEFAULT_PROFILE
    chosen_profile: str = ""
    default_provider: str = ""
    limits: tuple[Limit, ...] = ()
    prices: dict[str, Price] = field(default_factory=dict)
    facts: dict[str, ModelFacts] = field(default_factory=dict)
    policy: Policy = Policy()
    guardrails: tuple[Guardrail, ...] = ()
    hooks: tuple[HookSetting, ...] = ()
    awaited: tuple[str, ...] = ()
    capture: CaptureRules = CaptureRules()
    switched: dict[str, bool] = field(default_factory=dict)
    changed: dict[str, Any] = field(default_factory=dict)


PriceKey = str
"""`provider/model`, model as sent upstream; in an operator's prices `*` may stand in it."""

__all__ = [
    "CacheRules",
    "CacheUse",
    "Catalog",
    "Key",
    "OnDisconnect",
    "OnJournalFailure",
    "Operation",
    "Origin",
    "Policy",
    "PriceKey",
    "Provider",
    "Role",
    "ShareInFlight",
    "Timeouts",
    "UnboundedInput",
    "Unpriced",
]
