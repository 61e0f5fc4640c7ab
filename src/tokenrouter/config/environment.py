"""Providers and limits that environment variables declare, those of the predecessors included.

A preset joins when its key is in the environment, unless its variable serves other purposes too
(`env_auto` in presets.toml), or the file has a provider of that kind.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from tokenrouter.config.file import read_model_mapping
from tokenrouter.config.problems import Problem
from tokenrouter.config.providers import base_url_mistake
from tokenrouter.domain.catalog import Provider, Timeouts
from tokenrouter.domain.limit_text import limit_id
from tokenrouter.domain.limits import Limit, Window
from tokenrouter.providers import preset, presets

CLASSROOM_BASE_URL: Final = "https://api.poe.com/v1"
"""What the Classroom system used when PROVIDER_BASE_URL was not set (its README)."""
RATE_WINDOWS: Final = {"RATE_LIMIT_MINUTE": Window("sliding", 60), "RATE_LIMIT_DAILY": Window("day")}
"""TokenTracer's request rates; the minute was the clock's there, here it is any minute."""
RATE_ORIGIN: Final = "$RATE_LIMIT_"
"""How the origin of limits begins that these variables declare."""


def read_number(environ: Mapping[str, str], name: str, problems: list[Problem]) -> float | None:
    """Return a variable's number, or None when it is absent or a mistake was noted."""
    text = environ.get(name, "").strip()
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < 10**12:
        problems.append(Problem(f"${name}", "", f"{text!r} must be a number, 0 or more"))
        return None
    return number


def environment_providers(
    environ: Mapping[str, str], declared: Sequence[Provider], timeouts: Timeouts, problems: list[Problem]
) -> tuple[list[Provider], dict[str, str]]:
    """Return the providers that the environment declares, and which variable each comes from."""
    found: list[Provider] = []
    origins: dict[str, str] = {}
    taken = {provider.name for provider in declared} | {provider.kind for provider in declared}
    for candidate, variable in [*_classroom(environ, timeouts), *_presets(environ, timeouts)]:
        if candidate.name in taken:
            continue
        taken.add(candidate.name)
        if (mistake := base_url_mistake(candidate.base_url)) is not None:
            problems.append(Problem(f"${variable}", f"providers.{candidate.name}.base_url", mistake))
            continue
        found.append(candidate)
        origins[f"providers.{candidate.name}"] = f"${variable}"
    return _with_mapping(found, environ, problems), origins


def _classroom(environ: Mapping[str, str], timeouts: Timeouts) -> list[tuple[Provider, str]]:
    """`PROVIDER_API_KEY` and its companions declare the provider `provider`."""
    secret = environ.get("PROVIDER_API_KEY")
    if not secret:
        return []
    allowed = tuple(name.strip() for name in environ.get("ALLOWED_MODELS", "").split(",") if name.strip())
    provider = Provider(
        name="provider",
        kind="openai-compatible",
        base_url=(environ.get("PROVIDER_BASE_URL") or CLASSROOM_BASE_URL).rstrip("/"),
        secret=secret,
        origin="environment",
        timeouts=timeouts,
        allowed_models=allowed,
        models=allowed,
        allow_private=True,
    )
    return [(provider, "PROVIDER_API_KEY")]


def _presets(environ: Mapping[str, str], timeouts: Timeouts) -> list[tuple[Provider, str]]:
    joined = []
    for row in presets().values():
        variable = next((name for name in row.api_key_env if environ.get(name)), None)
        if variable is None or not row.env_auto:
            continue
        url = environ.get(row.base_url_env, "")
        provider = Provider(
            name=row.name,
            kind=row.name,
            base_url=(url or row.base_url).rstrip("/"),
            secret=environ[variable],
            origin="environment",
            timeouts=timeouts,
            allow_private=bool(url),
        )
        joined.append((provider, variable))
    return joined


def _with_mapping(providers: list[Provider], environ: Mapping[str, str], problems: list[Problem]) -> list[Provider]:
    """Give those providers their mapping whose preset names a variable for it."""
    mapped = []
    for provider in providers:
        row = preset(provider.kind)
        variable = row.model_mapping_env if row is not None else ""
        path = environ.get(variable, "") if provider.origin == "environment" and variable else ""
        mapping = read_model_mapping(path, f"${variable}", problems) if path else {}
        mapped.append(replace(provider, model_mapping=mapping) if mapping else provider)
    return mapped


def environment_limits(environ: Mapping[str, str], problems: list[Problem]) -> list[Limit]:
    """Return the request rates that `RATE_LIMIT_*` set for every user and every key; 0 means none."""
    limits = []
    for name, window in RATE_WINDOWS.items():
        amount = int(read_number(environ, name, problems) or 0)
        if amount:
            limits += [_rate(scope, window, amount, name) for scope in ("user:*", "key:*")]
    return limits


def _rate(scope: str, window: Window, amount: int, name: str) -> Limit:
    return Limit(limit_id(scope, "requests", window), scope, "requests", window, amount, origin=f"${name}")


SANDBOX: Final = "sandbox"
"""The name of the provider that `torod serve --sandbox` starts beside the gateway."""


def sandbox_provider(url: str) -> Provider:
    """Return the provider that needs no account."""
    return Provider(
        name=SANDBOX,
        kind="sandbox",
        base_url=url.rstrip("/"),
        origin="sandbox",
        allow_private=True,
    )
