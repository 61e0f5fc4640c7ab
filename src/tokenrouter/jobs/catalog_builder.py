"""Making the Catalog out of what the file, the environment, the database and discovery say (pure).

What the file or the environment declares is owned by it: a key of the database with the same name or id
is shadowed, never merged; so is a limit of the same scope, metric, window and mode, and an alias of the
same scope and name.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from tokenrouter.config.automatic import automatic_names
from tokenrouter.config.environment import RATE_ORIGIN
from tokenrouter.config.load import known_names
from tokenrouter.config.settings import ConversationSettings, KeySetting, Settings
from tokenrouter.domain.aliases import DEFAULT_PROFILE, Alias
from tokenrouter.domain.capture import CaptureRules
from tokenrouter.domain.catalog import Catalog, Key, Provider
from tokenrouter.domain.keys import key_digest, key_hint
from tokenrouter.domain.limit_checks import Names
from tokenrouter.domain.limit_text import limit_id
from tokenrouter.domain.limits import Limit, kind_of
from tokenrouter.domain.model_facts import UNKNOWN, ModelFacts
from tokenrouter.domain.people import Team
from tokenrouter.domain.price_table import ANY, PriceTable
from tokenrouter.domain.prices import Price


def build_catalog(
    settings: Settings,
    stored_keys: Iterable[Key],
    discovered: Mapping[str, tuple[str, ...]],
    pepper: bytes,
    *,
    version: int = 0,
    stored_limits: Iterable[Limit] = (),
    stored_aliases: Iterable[Alias] = (),
    chosen_profile: str = "",
    gathered_prices: Mapping[str, Price] = MappingProxyType({}),
    gathered_facts: Sequence[Mapping[str, ModelFacts]] = (),
    automatic: Iterable[Provider] = (),
    teams: Iterable[Team] = (),
    disabled_users: Iterable[str] = (),
    stored_capture: Mapping[str, bool] = MappingProxyType({}),
    switched: Mapping[str, bool] = MappingProxyType({}),
    changed: Mapping[str, Any] = MappingProxyType({}),
) -> Catalog:
    """Return the Catalog.

    `discovered` has model ids by provider name, `gathered_prices` are by `provider/model`, as is each of
    `gathered_facts`, the most trusted first, and `pepper` hashes the file's short keys. `chosen_profile` is what was
    chosen at run time, if anything was. `automatic` are providers that have joined by themselves; `disabled_users` are
    names. `stored_capture` are the rules of the database about whose conversations are kept. `settings` are those that
    count, in which `switched` and `changed` are already.
    """
    keys = _joined_keys([declared_key(setting, pepper) for setting in settings.keys], stored_keys)
    automatic = (replace(one, enabled=switched.get(one.name, one.enabled)) for one in automatic)
    limits = (*settings.limits, *unshadowed_limits(stored_limits, settings.limits))
    return Catalog(
        version=version,
        providers=tuple(
            _with_models(provider, discovered, settings) for provider in joined_providers(settings, automatic)
        ),
        keys=keys,
        teams=tuple(team for team in teams if not team.enabled or team.allowed_models),
        disabled_users=tuple(disabled_users),
        aliases=joined_aliases(settings.aliases, stored_aliases),
        active_profile=chosen_profile or settings.active_model_profile or DEFAULT_PROFILE,
        chosen_profile=chosen_profile,
        default_provider=settings.default_provider,
        limits=(*limits, *_lifted_rates(limits, keys)),
        prices=joined_prices(settings.prices, gathered_prices),
        facts=joined_facts(settings.facts, *gathered_facts),
        policy=settings.policy,
        guardrails=settings.guardrails,
        hooks=settings.hooks,
        awaited=automatic_names(settings),
        capture=joined_capture(settings.conversations, stored_capture),
        switched=dict(switched),
        changed=dict(changed),
    )


def joined_capture(settings: ConversationSettings, stored: Mapping[str, bool]) -> CaptureRules:
    """Return whose conversations are kept: whom the file names, and whom the database does where the file allows it."""
    declared = dict.fromkeys(settings.capture, True)
    return CaptureRules({**stored, **declared} if settings.enabled else {}, settings.max_body_bytes)


def unshadowed_keys(known: Iterable[Key], stored_keys: Iterable[Key]) -> tuple[Key, ...]:
    """Return the keys of a Catalog that has the keys `known`, once the database has `stored_keys`."""
    return _joined_keys([key for key in known if key.origin != "database"], stored_keys)


def _joined_keys(declared: Sequence[Key], stored_keys: Iterable[Key]) -> tuple[Key, ...]:
    names = {key.name for key in declared} | {key.id for key in declared}
    return (*declared, *(key for key in stored_keys if key.name not in names and key.id not in names))


def keys_bear_limits(settings: Settings) -> bool:
    """Whether keys have limits that follow from who they are (`_lifted_rates`), so that other keys are other limits."""
    return any(limit.scope == "key:*" and limit.origin.startswith(RATE_ORIGIN) for limit in settings.limits)


def joined_providers(settings: Settings, automatic: Iterable[Provider]) -> tuple[Provider, ...]:
    """Return the providers in routing order: those that joined by themselves before the sandbox, if names are free."""
    taken = {*settings.auto_exclude, *(provider.name for provider in settings.providers)}
    joined = [provider for provider in automatic if provider.name not in taken]
    declared = [provider for provider in settings.providers if provider.origin != "sandbox"]
    return (*declared, *joined, *(provider for provider in settings.providers if provider.origin == "sandbox"))


def subject_names(
    settings: Settings,
    keys: Iterable[Key],
    providers: Iterable[Provider],
    stored_aliases: Iterable[Alias] = (),
    *,
    stored_users: Iterable[str] = (),
    stored_teams: Iterable[str] = (),
) -> Names:
    """Return the subjects that limits may name: `keys` and aliases are all there are, `providers` know their models.

    `stored_users` and `stored_teams` are names of the database, which need no key to be limited.
    """
    known, keys = known_names(settings), list(keys)
    return replace(
        known,
        keys=tuple(key.name for key in keys),
        users=tuple(dict.fromkeys((*known.users, *stored_users, *(key.user for key in keys if key.user)))),
        teams=tuple(dict.fromkeys((*known.teams, *stored_teams, *(key.team for key in keys if key.team)))),
        models=(*known.models, *(f"{provider.name}/{model}" for provider in providers for model in provider.models)),
        aliases=tuple(dict.fromkeys((*known.aliases, *(alias.name for alias in stored_aliases)))),
        complete=known.complete | {"key", "alias"},
    )


def joined_aliases(declared: Iterable[Alias], stored: Iterable[Alias]) -> tuple[Alias, ...]:
    """Return the aliases that count: of the database only those whose name the file does not have in that scope."""
    owned = tuple(declared)
    taken = {(alias.scope, alias.name) for alias in owned}
    return (*owned, *(alias for alias in stored if (alias.scope, alias.name) not in taken))


def joined_prices(declared: Mapping[str, Price], gathered: Mapping[str, Price]) -> dict[str, Price]:
    """Return the prices that count: of what the operator has priced, be it by a pattern, nothing else does."""
    table = PriceTable(declared)
    return {name: price for name, price in gathered.items() if table.of(name) is None} | dict(declared)


def joined_facts(*sources: Mapping[str, ModelFacts]) -> dict[str, ModelFacts]:
    """Return what is known of models; what a source leaves open is as the next one has it."""
    joined: dict[str, ModelFacts] = {}
    for source in sources:
        for name, facts in source.items():
            joined[name] = joined.get(name, UNKNOWN).joined(facts)
    return joined


def unshadowed_limits(stored: Iterable[Limit], declared: Iterable[Limit]) -> Iterator[Limit]:
    """Yield the limits of the database in whose place the file or the environment has none."""
    taken = {(limit.scope, kind_of(limit)) for limit in declared}
    for limit in stored:
        if (limit.scope, kind_of(limit)) not in taken:
            yield limit


def _lifted_rates(limits: Sequence[Limit], keys: Iterable[Key]) -> Iterator[Limit]:
    """Yield the rates of keys whose user has one of its own, other than what `RATE_LIMIT_*` sets for everybody.

    Those variables limit every user and, since a key need not have one, every key; so what is said of a user must
    also be said of its keys, or the default would stay in the way.
    """
    named = {(limit.scope, kind_of(limit)): limit for limit in limits}
    usual = [limit for limit in limits if limit.scope == "key:*" and limit.origin.startswith(RATE_ORIGIN)]
    for key in keys if usual else ():
        for limit in usual:
            own = named.get((f"user:{key.user}", kind_of(limit)))
            scope = f"key:{key.name}"
            if key.user and own is not None and (scope, kind_of(limit)) not in named:
                yield replace(own, id=limit_id(scope, own.metric, own.window, own.mode), scope=scope)


def declared_key(setting: KeySetting, pepper: bytes) -> Key:
    """Return a key of the file as the Catalog keeps it: as its digest."""
    return Key(
        id=setting.id,
        name=setting.name,
        digest=key_digest(setting.key, pepper),
        role=setting.role,
        origin=setting.origin,
        parent_id=setting.parent_id,
        team=setting.team,
        user=setting.user,
        allowed_models=setting.allowed_models,
        created_at_s=setting.created_at_s,
        expires_at_s=setting.expires_at_s,
        hint=key_hint(setting.key),
        comment=setting.comment,
        passthrough=setting.passthrough,
        unpriced=setting.unpriced,
        allow_unpriced=setting.allow_unpriced,
        clamp=setting.clamp,
        unbounded_input=setting.unbounded_input,
        cache=setting.cache,
        allowed_ips=setting.allowed_ips,
    )


def _with_models(provider: Provider, discovered: Mapping[str, tuple[str, ...]], settings: Settings) -> Provider:
    """Join declared, priced, described and discovered model ids, each once, in that order."""
    prefix = f"{provider.name}/"
    told = (name for name in (*settings.prices, *settings.facts) if name.startswith(prefix) and ANY not in name)
    named = (name.removeprefix(prefix) for name in told)
    models = dict.fromkeys((*provider.models, *provider.model_mapping, *named, *discovered.get(provider.name, ())))
    return replace(provider, models=tuple(models))
