"""The Catalog with its indexes: what a request looks up, ready to be looked up.

Built once per catalogue swap. What it says of providers, aliases, limits and prices never changes afterwards. The keys
of the database may change beside it (`gateway/key_ring.py`): who calls is looked up once, at the beginning, and a
request keeps the `Principal` that it was given, so it sees one state from begin to end all the same. Of a hundred
thousand keys most are never used, so a `Principal` is made when somebody comes with its key.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Literal

from tokenrouter.dialects.sessions import tenant_of
from tokenrouter.domain.addresses import Network, covers, read_networks
from tokenrouter.domain.aliases import AliasTable
from tokenrouter.domain.catalog import (
    CacheRules,
    CacheUse,
    Catalog,
    Key,
    Provider,
    Role,
    UnboundedInput,
    Unpriced,
    account_name,
)
from tokenrouter.domain.errors import (
    AddressNotAllowed,
    ControlPlaneAway,
    DisabledKey,
    ExpiredKey,
    InvalidKey,
    MissingKey,
    ModelUnpriced,
)
from tokenrouter.domain.keys import key_digest
from tokenrouter.domain.limits import Limit, LimitTable
from tokenrouter.domain.price_table import PriceTable
from tokenrouter.domain.prices import Price
from tokenrouter.gateway.key_ring import KeyRing
from tokenrouter.providers import CompatibleAdapter, adapter

if TYPE_CHECKING:
    from tokenrouter.dialects.base import Dialect
    from tokenrouter.gateway.choices import Chosen
    from tokenrouter.gateway.lanes import Lane

MAX_CHAIN: Final = 8
"""Most keys between a key and its topmost parent, itself included (DESIGN.md, "Limits")."""
MAX_PRINCIPALS: Final = 20_000
"""Most keys that are ready to be used at once, in some kilobytes each; those that come back later are made again."""
MAX_REMEMBERED: Final = 4096
"""Most answers to "is this model allowed?" that one key remembers."""


KeyOf = Callable[[str], Key | None]


class ModelPatterns:
    """Allowed models: exact names and `*` patterns, case-sensitive; no pattern at all allows everything."""

    __slots__ = ("_known", "_pattern")

    def __init__(self, patterns: Iterable[str]) -> None:
        parts = [".*".join(map(re.escape, pattern.split("*"))) for pattern in patterns]
        self._pattern = re.compile("|".join(parts), re.DOTALL) if parts else None
        self._known: dict[str, bool] = {}

    def allow(self, model: str) -> bool:
        """Whether `model` matches."""
        if self._pattern is None:
            return True
        known = self._known.get(model)
        if known is None:
            if len(self._known) >= MAX_REMEMBERED:
                self._known.clear()
            known = self._known[model] = self._pattern.fullmatch(model) is not None
        return known


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is calling: a key with its parents.

    Attributes:
        chain: ids of the key and its parents, the key first.
        scopes: whom a request is charged to: the keys of the chain, user, team, global.
        allowed: one set of patterns per key in the chain that has any; all must allow.
        problem: why the key cannot be used, or "".
        expires_at_s: the earliest end in the chain.
        passthrough: whether every key in the chain may ask providers raw.
        unpriced: "deny" if any key in the chain says so, "allow" if all do, else "".
        allow_unpriced: whether every key in the chain may use models without a price under a limit of costs.
        clamp: whether answers of every key in the chain are shortened to fit their limits.
        unbounded_input: as `unpriced`.
        cache: "off", "read" or "on": whether it gets kept answers, and its own are kept.
        networks: of each key in the chain that has any, where it may be used from; all must allow.
        tenant: keeps its conversations apart from others' (`dialects.sessions`).
        alias_scopes: whose aliases it knows, those that count first.
        lanes: the ways to models that have been worked out, by dialect and requested name.
        choices: what is decided for each request anew, by requested name, and how its requests are carried.
        branches: the lanes of such names, by dialect, requested name and place.
        layered: what layers have worked out about it, by layer.
    """

    key: Key
    chain: tuple[str, ...]
    scopes: tuple[str, ...]
    allowed: tuple[ModelPatterns, ...]
    problem: str
    expires_at_s: float
    passthrough: bool = False
    unpriced: Unpriced = ""
    allow_unpriced: bool = False
    clamp: bool = True
    unbounded_input: UnboundedInput = ""
    cache: CacheUse = "off"
    alias_scopes: tuple[str, ...] = ()
    tenant: int = 0
    networks: tuple[tuple[Network, ...], ...] = ()
    lanes: "dict[tuple[Dialect, str], Lane]" = field(default_factory=dict, repr=False, compare=False)
    choices: "dict[str, Chosen]" = field(default_factory=dict, repr=False, compare=False)
    branches: "dict[tuple[Dialect, str, str], Lane]" = field(default_factory=dict, repr=False, compare=False)
    layered: dict[object, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def role(self) -> Role:
        return self.key.role

    def may_use(self, names: Iterable[str]) -> bool:
        """Whether any of a model's `names` is allowed by every key in the chain."""
        return all(any(patterns.allow(name) for name in names) for patterns in self.allowed)


@dataclass(frozen=True, slots=True)
class ProviderEntry:
    """A provider with what speaks to it, by one of its credentials.

    Attributes:
        number: which of several credentials, counted from 1; 0 where there is one.
        others: the provider by each of its other credentials; only the first one has them.
    """

    provider: Provider
    adapter: CompatibleAdapter
    allowed: ModelPatterns
    number: int = 0
    others: "tuple[ProviderEntry, ...]" = ()

    @property
    def account(self) -> str:
        """What stands for the credential: `provider#2`, or the provider's name where there is one."""
        name = self.provider.name
        return account_name(name, self.number) if self.number else name


@dataclass(slots=True)
class Directory:
    """One Catalog, indexed, with the keys that are not in it. `skipped` names providers that could not be built, with
    the reason.
    """

    catalog: Catalog
    pepper: bytes = field(repr=False)
    providers: dict[str, ProviderEntry] = field(init=False)
    aliases: AliasTable = field(init=False)
    skipped: dict[str, str] = field(init=False)
    _prices: PriceTable = field(init=False, repr=False)
    _cost_limits: LimitTable = field(init=False, repr=False)
    limits: LimitTable = field(init=False, repr=False)
    cached_models: ModelPatterns = field(init=False, repr=False)
    stored: KeyRing = field(default_factory=KeyRing, repr=False)
    _keys: dict[bytes, Key] = field(init=False, repr=False)
    _by_id: dict[str, Key] = field(init=False, repr=False)
    _owned: frozenset[str] = field(init=False, repr=False)
    _people: "_People" = field(init=False, repr=False)
    _principals: dict[bytes, Principal] = field(init=False, repr=False)
    _linked: dict[str, set[bytes]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.skipped = {}
        self.providers = dict(self._entries())
        self._prices = PriceTable(self.catalog.prices)
        self.limits = LimitTable(self.catalog.limits)
        self._cost_limits = LimitTable(
            limit for limit in self.catalog.limits if limit.metric == "cost_usd" and limit.mode == "hard"
        )
        self.aliases = AliasTable(self.catalog.aliases)
        self.cached_models = ModelPatterns(self.catalog.policy.cache.models)
        self._keys = {digest: key for key in self.catalog.keys for digest in key.digests}
        self._by_id = {key.id: key for key in self.catalog.keys}
        owned = [key for key in self.catalog.keys if key.origin != "database"]
        self._owned = frozenset(name for key in owned for name in (key.name, key.id))
        self._people = _People(self.catalog)
        self.forget_keys()

    def _entries(self) -> Iterable[tuple[str, ProviderEntry]]:
        for provider in self.catalog.providers:
            try:
                yield provider.name, _entry(provider)
            except ValueError as error:
                self.skipped[provider.name] = str(error)

    def authenticate(self, keys: Sequence[bytes], now_s: float, client_ip: str = "") -> Principal:
        """Return who calls with `keys` from `client_ip`; `now_s` is seconds since the epoch.

        Raises:
            MissingKey, InvalidKey, ExpiredKey, DisabledKey, AddressNotAllowed
            ControlPlaneAway: it may be a key of the database, which nobody has told yet.
        """
        return self.principal(self.digest(keys), now_s, client_ip)

    def digest(self, keys: Sequence[bytes]) -> bytes:
        """Return what stands in look-ups for the first of `keys` that is known, else the first; b"" for none."""
        digests = [key_digest(key, self.pepper) for key in keys]
        known = (one for one in digests if one in self._principals or self._make(one) is not None)
        return next(known, digests[0] if digests else b"")

    def principal(self, digest: bytes, now_s: float, client_ip: str = "") -> Principal:
        """Return whose key has this digest; b"" when none was sent.

        Raises:
            MissingKey, InvalidKey, ExpiredKey, DisabledKey, AddressNotAllowed
        """
        principal = self._principals.get(digest) or self._make(digest)
        if principal is None:
            if not digest:
                raise MissingKey("No API key was sent; send it as 'Authorization: Bearer <key>'.")
            if self.stored.is_awaited:
                raise ControlPlaneAway("The keys are still being loaded; try again in a moment.", retry_after_s=1.0)
            raise InvalidKey("The API key is not known here; check it, or ask for a new one.")
        if principal.problem:
            raise DisabledKey(principal.problem)
        if principal.expires_at_s <= now_s:
            raise ExpiredKey(f"The API key {principal.key.name!r} has expired; ask for a new one.")
        if principal.networks and not all(covers(networks, client_ip) for networks in principal.networks):
            raise AddressNotAllowed(f"The API key {principal.key.name!r} may not be used from {client_ip[:64]!r}.")
        return principal

    def key_named(self, name: str) -> Key | None:
        """Return the key of this name; looks at all of them."""
        own = next((key for key in self.catalog.keys if key.name == name), None)
        return own or self._unshadowed(self.stored.key_named(name))

    def as_if(self, key: Key) -> Principal:
        """Return who would call with `key`, which need not be known here, and is not remembered."""
        return _principal(key, self._key_of, self._people, self.catalog.policy.cache)[0]

    def forget_keys(self, ids: Iterable[str] | None = None) -> None:
        """Make the principals of these keys, and of all below them, anew when they are next asked for; None: all."""
        if ids is None:
            self._principals, self._linked = {}, {}
            return
        for digest in {digest for key_id in ids for digest in self._linked.pop(key_id, ())}:
            self._principals.pop(digest, None)

    def note_version(self, version: int) -> None:
        """Be of this version from now on: its keys are."""
        self.catalog = replace(self.catalog, version=max(version, self.catalog.version))

    def _make(self, digest: bytes) -> Principal | None:
        """Return whose key has this digest, if anybody's has, and keep it for the next time."""
        key = self._keys.get(digest) or self._unshadowed(self.stored.key(digest))
        if key is None:
            return None
        if len(self._principals) >= MAX_PRINCIPALS:
            self.forget_keys()
        principal, links = _principal(key, self._key_of, self._people, self.catalog.policy.cache)
        if digest != key.digest:  # it was rotated, and its previous one is good for a while
            until_s = min(principal.expires_at_s, key.previous_until_s or 0.0)
            principal = replace(principal, expires_at_s=until_s)
        for key_id in links:
            self._linked.setdefault(key_id, set()).add(digest)
        self._principals[digest] = principal
        return principal

    def _key_of(self, key_id: str) -> Key | None:
        return self._by_id.get(key_id) or self._unshadowed(self.stored.key_of(key_id))

    def _unshadowed(self, key: Key | None) -> Key | None:
        """Return a key of the database, unless the file or the environment has one of its name or id."""
        return None if key is None or key.name in self._owned or key.id in self._owned else key

    def price(self, provider: str, model: str) -> Price | None:
        """Return what `model` costs at `provider`, or None where nobody said."""
        return self._prices.of(f"{provider}/{model}")

    def require_counting(self, principal: Principal, scopes: Iterable[str], model: str) -> None:
        """Let `model`, which has no price, be used by `principal`, who is charged as `scopes`.

        Raises:
            ModelUnpriced: its keys or the policy forbid it, or a hard limit of costs stands over it.
        """
        policy = self.catalog.policy
        if (principal.unpriced or policy.unpriced) == "deny":
            raise ModelUnpriced(f"Nobody said what {model!r} costs, and models without a price are not allowed here.")
        if principal.allow_unpriced or policy.allow_unpriced:
            return
        limit = next(self._cost_limits_over(scopes), None)
        if limit is not None:
            raise ModelUnpriced(
                f"Nobody said what {model!r} costs, so the cost limit of {limit.scope} cannot be kept; "
                "set a price, or `allow_unpriced = true`."
            )

    def _cost_limits_over(self, scopes: Iterable[str]) -> Iterator[Limit]:
        """Yield the hard limits of costs of `scopes`, and of all addresses: where a request comes from is not known."""
        for scope in scopes:
            yield from self._cost_limits.of(scope)
        yield from (limit for limit in self._cost_limits if limit.scope.startswith("ip:"))


def _entry(provider: Provider) -> ProviderEntry:
    """Return what speaks to `provider`, by its first credential.

    Raises:
        ValueError: its settings cannot be used.
    """
    first, *others = map(adapter, provider.credentials)
    allowed = ModelPatterns(provider.allowed_models)
    if not others:
        return ProviderEntry(provider, first, allowed)
    further = tuple(ProviderEntry(provider, one, allowed, number) for number, one in enumerate(others, 2))
    return ProviderEntry(provider, first, allowed, 1, further)


class _People:
    """What teams and users say about the keys that are charged to them."""

    def __init__(self, catalog: Catalog) -> None:
        self._teams = {f"team:{team.name}": team for team in catalog.teams}
        self._disabled = {f"user:{name}" for name in catalog.disabled_users}

    def problem(self, scopes: Iterable[str]) -> str:
        """Return why keys of `scopes` are no good, or ""."""
        for scope in scopes:
            team = self._teams.get(scope)
            if team is not None and not team.enabled:
                return f"The team {team.name!r} is disabled; ask an administrator."
            if scope in self._disabled:
                return "The account of this API key's user is disabled; ask an administrator."
        return ""

    def allowed(self, scopes: Iterable[str]) -> Iterator[ModelPatterns]:
        """Yield what teams allow their keys."""
        for scope in scopes:
            team = self._teams.get(scope)
            if team is not None and team.allowed_models:
                yield ModelPatterns(team.allowed_models)


def _principal(key: Key, key_of: KeyOf, people: _People, rules: CacheRules) -> tuple[Principal, set[str]]:
    """Return who calls with `key`, and the ids of the keys that this follows from, there or not."""
    chain, problem = _chain(key, key_of)
    scopes = _scopes(chain)
    own = tuple(ModelPatterns(link.allowed_models) for link in chain if link.allowed_models)
    principal = Principal(
        key=key,
        chain=tuple(link.id for link in chain),
        scopes=scopes,
        allowed=(*own, *people.allowed(scopes)),
        problem=problem or people.problem(scopes),
        expires_at_s=min((link.expires_at_s for link in chain if link.expires_at_s is not None), default=float("inf")),
        passthrough=all(link.passthrough for link in chain),
        unpriced=_leave({link.unpriced for link in chain}),
        allow_unpriced=all(link.allow_unpriced for link in chain),
        clamp=all(link.clamp for link in chain),
        unbounded_input=_leave({link.unbounded_input for link in chain}),
        cache=_cache_use(chain, scopes, rules),
        tenant=tenant_of(chain[-1].id),
        networks=tuple(read_networks(link.allowed_ips) for link in chain if link.allowed_ips),
        alias_scopes=tuple(scope for scope in scopes if not scope.startswith("key:")),
    )
    return principal, {link for one in chain for link in (one.id, one.parent_id) if link is not None}


def _cache_use(chain: list[Key], scopes: tuple[str, ...], rules: CacheRules) -> CacheUse:
    """Return what the nearest key says that says anything, else what is said of its team; "off" above is for all."""
    words: list[CacheUse] = [link.cache for link in chain if link.cache]
    if "off" in words:
        return "off"
    if words:
        return words[0]
    return "on" if any(team == "*" or f"team:{team}" in scopes for team in rules.teams) else "off"


def _leave(words: set[Literal["", "allow", "deny"]]) -> Literal["", "allow", "deny"]:
    """Return what a key and its parents say together: one forbids for all, and all have to allow."""
    return "deny" if "deny" in words else "allow" if words == {"allow"} else ""


def _chain(key: Key, key_of: KeyOf) -> tuple[list[Key], str]:
    """Return the key with its parents, and what is wrong with them."""
    chain = [key]
    while chain[-1].parent_id is not None:
        parent = key_of(chain[-1].parent_id)
        if parent is None or len(chain) == MAX_CHAIN or parent in chain:
            return chain, f"The parent of API key {chain[-1].name!r} is gone, so the key is no longer valid."
        chain.append(parent)
    return chain, next((_refusal(link) for link in chain if link.suspended or not link.enabled), "")


def _refusal(link: Key) -> str:
    if not link.enabled:
        return f"The API key {link.name!r} is disabled; ask who gave it to you."
    return (
        f"The API key {link.name!r} is suspended: the program that it was made for has not been heard of for too long. "
        "It is good again as soon as that says that it still runs; else start it anew."
    )


def _scopes(chain: list[Key]) -> tuple[str, ...]:
    top = chain[-1]
    scopes = [f"key:{link.name}" for link in chain]
    user, team = chain[0].user or top.user, chain[0].team or top.team
    if user:
        scopes.append(f"user:{user}")
    if team:
        scopes.append(f"team:{team}")
    return (*scopes, "global")
