"""Making the Catalog out of what the file, the environment, the database and discovery say (pure).

What the file or the environment declares is owned by it: a key of the database with the same name or id
is shadowed, never merged.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from tokenrouter.config.settings import KeySetting, Settings
from tokenrouter.domain.catalog import Catalog, Key, Provider
from tokenrouter.domain.keys import key_digest, key_hint


def build_catalog(
    settings: Settings,
    stored_keys: Iterable[Key],
    discovered: Mapping[str, tuple[str, ...]],
    pepper: bytes,
    *,
    version: int = 0,
) -> Catalog:
    """Return the Catalog. `discovered` has model ids by provider name; `pepper` hashes the file's short keys."""
    declared = tuple(declared_key(setting, pepper) for setting in settings.keys)
    names = {key.name for key in declared} | {key.id for key in declared}
    stored = tuple(key for key in stored_keys if key.name not in names and key.id not in names)
    return Catalog(
        version=version,
        providers=tuple(_with_models(provider, discovered, settings) for provider in settings.providers),
        keys=(*declared, *stored),
        aliases=settings.aliases,
        active_profile=settings.active_model_profile,
        default_provider=settings.default_provider,
        limits=settings.limits,
        prices=settings.prices,
        policy=settings.policy,
    )


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
    )


def _with_models(provider: Provider, discovered: Mapping[str, tuple[str, ...]], settings: Settings) -> Provider:
    """Join declared, priced and discovered model ids, each once, in that order."""
    prefix = f"{provider.name}/"
    priced = (name.removeprefix(prefix) for name in settings.prices if name.startswith(prefix))
    models = dict.fromkeys((*provider.models, *provider.model_mapping, *priced, *discovered.get(provider.name, ())))
    return replace(provider, models=tuple(models))
