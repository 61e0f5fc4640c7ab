"""What may be shown of providers, wherever they come from: no secret, and no address with one in it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Final
from urllib.parse import urlsplit

from tokenrouter.admin.amounts import time_text
from tokenrouter.admin.provider_bodies import ShownCondition, ShownProvider, ShownTimeouts
from tokenrouter.admin.provider_conditions import condition_of
from tokenrouter.admin.state import ControlState
from tokenrouter.config.problems import InvalidValues
from tokenrouter.domain.catalog import Provider
from tokenrouter.jobs.provider_status import ProviderStatus
from tokenrouter.jobs.stored_configuration import read_provider_values
from tokenrouter.providers.presets import preset
from tokenrouter.store.providers import StoredProvider, enabled_overrides, providers_in

_UNKNOWN: Final = ProviderStatus("", "", "database")
_NOTHING: Final = ShownCondition(
    response_ms=None,
    free_models=0,
    paid_models=0,
    unpriced_models=0,
    listed_at=None,
    checked_at=None,
    next_check_at=None,
    prices_updated_at=None,
    prices_problem="",
    quota_left=None,
    credentials=[],
    cooling=[],
)


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of providers at one moment, by name."""

    stored: Mapping[str, StoredProvider]
    switched: Mapping[str, bool]
    statuses: Mapping[str, ProviderStatus]
    skipped: Mapping[str, str]


def shown_providers(state: ControlState) -> list[ShownProvider]:
    """Return every provider in routing order, then those of the database that are shadowed."""
    known = _known(state)
    counting = [_shown(state, provider, known) for provider in state.catalog().providers]
    names = {provider.name for provider in state.catalog().providers if provider.origin == "database"}
    return counting + [shown_stored(state, one) for one in known.stored.values() if one.name not in names]


def shown_stored(state: ControlState, stored: StoredProvider) -> ShownProvider:
    """Return what may be shown of a provider of the database, as it is there.

    The database is not asked: this is called within transactions, which must not wait for a second connection.
    """
    try:
        provider = read_provider_values(stored.values, state.settings).provider
    except InvalidValues:
        kind, base_url = str(stored.values.get("provider_type") or ""), str(stored.values.get("base_url") or "")
        provider = Provider(stored.name, kind, base_url, origin="database")
    return _shown(state, replace(provider, enabled=stored.enabled), _known_beside(state, {stored.name: stored}, {}))


def _known(state: ControlState) -> _Known:
    with state.store.read() as connection:
        stored = {one.name: one for one in providers_in(connection, state.ring)}
        switched = enabled_overrides(connection)
    return _known_beside(state, stored, switched)


def _known_beside(state: ControlState, stored: Mapping[str, StoredProvider], switched: Mapping[str, bool]) -> _Known:
    statuses = {row.name: row for row in state.provider_statuses()}
    return _Known(stored, switched, statuses, state.directory().skipped)


def _shown(state: ControlState, provider: Provider, known: _Known) -> ShownProvider:
    is_stored = provider.origin == "database"
    stored = known.stored.get(provider.name) if is_stored else None
    declared = [one for one in state.declared.providers if one.name == provider.name]
    counts = not (is_stored and declared)
    row = known.statuses.get(provider.name, _UNKNOWN) if counts else _UNKNOWN
    probe = _probe(state, provider, stored)
    return ShownProvider(
        name=provider.name,
        kind=provider.kind,
        base_url=_without_secrets(provider.base_url),
        enabled=provider.enabled,
        overridden=not is_stored and provider.name in known.switched,
        is_default=counts and provider.name == state.catalog().default_provider,
        has_secret=bool(provider.secret) or (stored is not None and bool(stored.hints)),
        secrets=dict(stored.hints) if stored is not None else {},
        origin=provider.origin,
        declared_at="" if is_stored else state.declared_at(f"providers.{provider.name}"),
        shadowed=not counts,
        status=row.status,
        models=list(provider.models),
        problem=(stored.problem if stored else "") or known.skipped.get(provider.name) or row.problem,
        operations=list(provider.operations),
        allowed_models=list(provider.allowed_models),
        model_mapping=provider.model_mapping,
        passthrough_paths=list(provider.passthrough_paths),
        on_disconnect=provider.on_disconnect,
        timeouts=ShownTimeouts(**asdict(provider.timeouts)),
        quota_probe=probe is not None,
        quota_probe_model=probe or "",
        listed_models=_listed(state, provider, stored),
        comment=stored.comment if stored is not None else "",
        created_at=time_text(stored.created_at_s if stored is not None else None),
        changed_at=time_text(stored.changed_at_s if stored is not None else None),
        condition=condition_of(state, provider, row, stored.hints if stored is not None else {})
        if counts
        else _NOTHING,
    )


def display_name(provider: Provider) -> str:
    """Return its vendor's name where it is called as its type, else its own."""
    row = preset(provider.kind) if provider.kind == provider.name else None
    return provider.name if row is None else row.display_name


def settled(shown: ShownProvider) -> ShownProvider:
    """Return what of a provider changes only when somebody changes it: what its ETag is made of."""
    return shown.model_copy(
        update={"models": [], "status": "unknown", "problem": "", "is_default": False, "condition": _NOTHING}
    )


def _probe(state: ControlState, provider: Provider, stored: StoredProvider | None) -> str | None:
    """Return the model of the probe that its operator wants, "" for the usual one, or None for no probe."""
    if stored is None:
        return state.declared.quota_probes.get(provider.name)
    values = stored.values
    return str(values.get("quota_probe_model") or "") if values.get("quota_probe") else None


def _listed(state: ControlState, provider: Provider, stored: StoredProvider | None) -> list[str]:
    """Return the models that somebody wrote down, which count beside those that it lists itself."""
    if stored is not None:
        return [str(model) for model in stored.values.get("models") or ()]
    return next((list(one.models) for one in state.declared.providers if one.name == provider.name), [])


def _without_secrets(url: str) -> str:
    """Return `url` without user, password and query, where some people keep a key."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "(unreadable)"
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()
