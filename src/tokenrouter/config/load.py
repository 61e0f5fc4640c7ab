"""Everything that configures an installation, put together: flags > environment > `.env` > file > defaults."""

import os
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, cast

from tokenrouter.config.alerts import read_alerts
from tokenrouter.config.automatic import (
    automatic_names,
    read_auto_exclude,
    read_local_servers,
    read_public_base_urls,
    read_switch,
)
from tokenrouter.config.changeable import read_changeable
from tokenrouter.config.conversations import read_conversations
from tokenrouter.config.environment import (
    SANDBOX,
    environment_limits,
    environment_providers,
    read_number,
    sandbox_provider,
)
from tokenrouter.config.file import Subjects, open_file, read_addresses, read_subjects
from tokenrouter.config.guardrails import check_guardrail_scopes, read_guardrails, read_hooks
from tokenrouter.config.keeping import read_cache_room, read_idempotency
from tokenrouter.config.moved import with_moved
from tokenrouter.config.observing import LOG_LEVELS, read_logs, read_otel
from tokenrouter.config.oidc import read_oidc, read_sign_up
from tokenrouter.config.origins import setting_origins
from tokenrouter.config.paths import dotenv_file, find_paths, read_dotenv
from tokenrouter.config.pointers import Secrets
from tokenrouter.config.problems import ConfigErrors, Problem
from tokenrouter.config.providers import read_timeouts, why_unusable
from tokenrouter.config.proxies import read_proxies
from tokenrouter.config.registration import read_public_url, read_registration
from tokenrouter.config.settings import PRICE_SOURCES, KeySetting, Notice, Paths, RedisLoss, Settings
from tokenrouter.config.shown import SHOWN
from tokenrouter.config.table import Table
from tokenrouter.config.tls import check_addresses, read_http_mode, read_tls
from tokenrouter.domain.alias_checks import alias_mistakes
from tokenrouter.domain.aliases import DEFAULT_PROFILE, profiles_of
from tokenrouter.domain.catalog import Provider, Timeouts
from tokenrouter.domain.keys import SHORT_KEY_CHARS
from tokenrouter.domain.limit_checks import Names, limit_warnings, subject_mistake
from tokenrouter.domain.limit_text import suggestion
from tokenrouter.domain.limits import Limit, kind_of
from tokenrouter.redis.address import parse_redis_url

_ADDRESS: Final = re.compile(
    r"(?:\[(?P<v6>[0-9a-fA-F:.]+(?:%[\w.-]+)?)\]|(?P<name>[\w.-]*)):(?P<port>[0-9]{1,5})", re.ASCII
)
_NO_ENCRYPTION_KEY: Final = (
    "PostgreSQL needs ENCRYPTION_KEY in the environment: a long random text, the same on every node; make one with "
    "`openssl rand -base64 32`"
)
_NO_AUTH: Final = "gives everybody on this machine, and behind its proxies, an admin's rights"


def load(*, config: str | None, environ: Mapping[str, str], overrides: Mapping[str, Any] | None = None) -> Settings:
    """Return the settings. `overrides` are flags: `listen_addr`, `sandbox`.

    Raises:
        ConfigErrors: everything that is wrong, at once.
    """
    problems: list[Problem] = []
    paths = find_paths(environ, config)
    environ = _with_dotenv(environ, paths, problems)
    top = Table({}, "", "torod.toml", {}, problems)
    if paths.config_file is not None:
        top = open_file(paths.config_file, problems)
    settings = _read(top, environ, paths, overrides or {})
    if problems:
        raise ConfigErrors(problems)
    return settings


def unconfigured(paths: Paths) -> Settings:
    """Return the settings of an installation of which nobody has said anything."""
    return _read(Table({}, "", "", {}, []), {}, paths, {})


def _with_dotenv(environ: Mapping[str, str], paths: Paths, problems: list[Problem]) -> Mapping[str, str]:
    path = dotenv_file(environ, paths)
    if path is None:
        return environ
    try:
        return {**read_dotenv(path), **environ}
    except (OSError, ValueError) as error:
        problems.append(Problem(str(path), "", str(error)))
        return environ


def _read(top: Table, environ: Mapping[str, str], paths: Paths, flags: Mapping[str, Any]) -> Settings:
    problems = top.problems
    timeouts = _timeouts(top, environ)
    subjects = read_subjects(top, Secrets(environ), timeouts)
    found, origins = environment_providers(environ, subjects.providers, timeouts, problems)
    local_check_s, local_ports = read_local_servers(top)
    auto_exclude = read_auto_exclude(top, local_ports)
    providers = [*subjects.providers, *(provider for provider in found if provider.name not in auto_exclude)]
    sandbox_url = environ.get("TOKENROUTER_SANDBOX_URL", "")
    if sandbox_url and SANDBOX not in [provider.name for provider in providers]:
        providers.append(sandbox_provider(sandbox_url))
    listen_addr, redis_url = _listen_addr(top, environ, flags), _redis_url(top, environ)
    tls = read_tls(top, Secrets(environ).resolve, split_address)
    http_mode = read_http_mode(top, tls)
    check_addresses(top, tls, http_mode, listen_addr)
    conversations, told = read_conversations(top)
    limits, replaced = _with_rates(subjects.limits, environment_limits(environ, problems))
    settings = Settings(
        paths=paths,
        listen_addr=listen_addr,
        http_mode=http_mode,
        tls=tls,
        database_url=_database_url(top, environ, paths),
        migrate_on_start=top.flag("migrate_on_start", False),
        allow_private_providers=top.flag("allow_private_providers", False),
        encryption_key=environ.get("ENCRYPTION_KEY", ""),
        encryption_key_old=environ.get("ENCRYPTION_KEY_OLD", ""),
        encryption_key_first=environ.get("ENCRYPTION_KEY_FIRST", ""),
        admin_password=environ.get("ADMIN_PASSWORD", ""),
        admin_key_in_query=top.flag("admin_key_in_query", False),
        metrics_token=Secrets(environ).resolve(top, "metrics_token") or environ.get("TOKENROUTER_METRICS_TOKEN", ""),
        trusted_proxies=read_addresses(top, "trusted_proxies"),
        metrics_addr=_metrics_addr(top),
        public_url=read_public_url(top, environ),
        registration=read_registration(environ, problems),
        active_model_profile=top.text("active_model_profile"),
        providers=tuple(providers),
        keys=tuple(subjects.keys),
        teams=tuple(subjects.teams),
        users=tuple(subjects.users),
        aliases=tuple(subjects.aliases),
        limits=tuple(limits),
        carried_use=tuple(subjects.carried_use),
        prices=subjects.prices,
        facts=subjects.facts,
        report_keys=subjects.report_keys,
        redis_url=redis_url,
        redis_loss=cast(RedisLoss, top.choice("redis_loss", ("refuse", "local"), "refuse")),
        workers=flags.get("workers") or top.count("workers", 1, least=1),
        guardrails=read_guardrails(top),
        hooks=read_hooks(top),
        cache=read_cache_room(top, redis_url),
        idempotency=read_idempotency(top, redis_url),
        conversations=conversations,
        timeouts=timeouts,
        max_head_bytes=top.count("max_head_bytes", 64 * 2**10, least=1024),
        max_body_bytes=top.count("max_body_bytes", 64 * 2**20, least=1024),
        head_timeout_s=top.seconds("head_timeout_s", 10.0, least=0.1),
        body_timeout_s=top.seconds("body_timeout_s", 60.0, least=0.1),
        idle_timeout_s=top.seconds("idle_timeout_s", 120.0, least=0.1),
        client_stall_s=top.seconds("client_stall_s", 300.0, least=0.1),
        max_connections=top.count("max_connections", 20_000, least=1),
        drain_s=top.seconds("drain_s", 30.0),
        journal_sync_s=top.seconds("journal_sync_s", 0.1, least=0.001),
        journal_reserve_bytes=top.count("journal_reserve_bytes", 16 * 2**20),
        quota_probes=subjects.quota_probes,
        alerts=read_alerts(top.table("alerts"), Secrets(environ).resolve),
        oidc=read_oidc(top, Secrets(environ).resolve),
        sign_up=read_sign_up(top.table("sign_up")),
        local_check_s=local_check_s,
        local_ports=local_ports,
        public_base_urls=read_public_base_urls(environ),
        auto_exclude=auto_exclude,
        price_sources=_price_sources(top),
        proxies=read_proxies(environ, problems),
        log_level=cast(Any, top.choice("log_level", LOG_LEVELS, "info")),
        log_format=cast(Any, top.choice("log_format", ("auto", "console", "json"), "auto")),
        logs=read_logs(top),
        otel=read_otel(top, environ, Secrets(environ).resolve),
        sandbox=top.flag("sandbox", False) or bool(flags.get("sandbox", False)),
        notices=(*_notices(subjects), *told, *replaced),
        origins={
            **setting_origins(top, environ, flags, tuple(SHOWN)),
            **subjects.origins,
            **origins,
            "active_model_profile": top.where("active_model_profile"),
        },
    )
    settings = with_moved(_with_environment(read_changeable(top, settings), top, environ))
    _read_predecessors_keys(top)
    top.finish()
    _check(settings, top)
    _check_aliases(settings, subjects)
    _check_models(settings, subjects)
    return replace(settings, notices=(*settings.notices, *_limit_notices(settings)))


def _timeouts(top: Table, environ: Mapping[str, str]) -> Timeouts:
    usual = Timeouts()
    whole_s = read_number(environ, "REQUEST_TIMEOUT", top.problems) or read_number(
        environ, "PROVIDER_TIMEOUT", top.problems
    )
    if whole_s:
        usual = replace(usual, first_byte_s=whole_s)
    return read_timeouts(top.table("timeouts"), usual)


def _with_environment(settings: Settings, top: Table, environ: Mapping[str, str]) -> Settings:
    """Return `settings` with those changeable ones that variables say otherwise."""
    most = read_number(environ, "MAX_CONCURRENT_REQUESTS", top.problems)
    policy = settings.policy if most is None else replace(settings.policy, max_concurrent_requests=int(most))
    return replace(
        settings,
        policy=policy,
        default_provider=environ.get("TOKENROUTER_DEFAULT_PROVIDER") or settings.default_provider,
        auto_detect_local_servers=read_switch(
            environ, "auto_detect_local_servers", settings.auto_detect_local_servers, top.problems
        ),
        auto_enable_public_free_models=read_switch(
            environ, "auto_enable_public_free_models", settings.auto_enable_public_free_models, top.problems
        ),
    )


def _listen_addr(top: Table, environ: Mapping[str, str], flags: Mapping[str, Any]) -> str:
    """A flag, `TOKENROUTER_LISTEN_ADDR`, `HOST` with `PORT` (the predecessors' pair), or the file."""
    in_file = top.text("listen_addr", "127.0.0.1:8080")
    named: tuple[tuple[str, Any], ...] = (
        ("--listen-addr", flags.get("listen_addr")),
        ("$TOKENROUTER_LISTEN_ADDR", environ.get("TOKENROUTER_LISTEN_ADDR")),
        ("$PORT", _host_and_port(environ)),
        (top.where("listen_addr"), in_file),
    )
    where, address = next(((where, value) for where, value in named if value), named[-1])
    if split_address(address) is None:
        top.problems.append(Problem(where, "listen_addr", f"{address!r} is not host:port, like 127.0.0.1:8080"))
        return "127.0.0.1:8080"
    return f"127.0.0.1{address}" if address.startswith(":") else cast(str, address)


def _host_and_port(environ: Mapping[str, str]) -> str:
    """`HOST` alone means too much (shells set it to the machine's name), so both must be there."""
    host, port = environ.get("HOST"), environ.get("PORT")
    return f"{host}:{port}" if host and port else ""


def split_address(address: str) -> tuple[str, int] | None:
    """Return host and port of `host:port` or `[v6]:port`; an empty host is loopback; None when it is neither."""
    parts = _ADDRESS.fullmatch(address)
    if parts is None or int(parts["port"]) > 65535:
        return None
    return parts["v6"] or parts["name"] or "127.0.0.1", int(parts["port"])


def _metrics_addr(top: Table) -> str:
    """Return where `/metrics` alone is served, or "" for nowhere; an empty host is loopback."""
    address = top.text("metrics_addr")
    if address and split_address(address) is None:
        top.problem("metrics_addr", f"{address!r} is not host:port, like 127.0.0.1:9100")
        return ""
    return f"127.0.0.1{address}" if address.startswith(":") else address


def _price_sources(top: Table) -> tuple[str, ...]:
    if not top.has("price_sources"):
        return PRICE_SOURCES
    named = top.texts("price_sources")
    for name in named:
        if name not in PRICE_SOURCES:
            top.problem("price_sources", f"{name!r} is not known", suggestion(name, PRICE_SOURCES))
    return tuple(name for name in PRICE_SOURCES if name in named)


def _redis_url(top: Table, environ: Mapping[str, str]) -> str:
    """Where counters are shared; the words for what is wrong with it never hold its password."""
    named = [(f"${name}", environ.get(name, "")) for name in ("TOKENROUTER_REDIS_URL", "REDIS_URL")]
    in_file = (top.where("redis_url"), top.text("redis_url"))
    where, url = next(((where, value) for where, value in named if value), in_file)
    try:
        if url:
            parse_redis_url(url)
    except ValueError as error:
        top.problems.append(Problem(where, "redis_url", str(error).removeprefix("redis_url: ")))
        return ""
    return url


def _database_url(top: Table, environ: Mapping[str, str], paths: Paths) -> str:
    """An SQLite file, a relative one in the state folder, or a PostgreSQL, whose nodes share `ENCRYPTION_KEY`."""
    named = [(f"${name}", environ.get(name, "")) for name in ("TOKENROUTER_DATABASE_URL", "DATABASE_URL")]
    in_file = (top.where("database_url"), top.text("database_url"))
    where, url = next(((where, value) for where, value in named if value), in_file)
    if not url:
        return f"sqlite:///{paths.state_dir / 'tokenrouter.db'}"
    scheme, _, rest = url.partition("://")
    if scheme.partition("+")[0] in ("postgresql", "postgres") and rest.isprintable():
        if not environ.get("ENCRYPTION_KEY"):
            top.problems.append(Problem(where, "database_url", _NO_ENCRYPTION_KEY))
        return url
    is_file = rest.startswith("/") and len(rest) > 1 and "?" not in rest and rest.isprintable()
    if scheme not in ("sqlite", "sqlite+aiosqlite") or not is_file:
        shown = url if scheme.startswith("sqlite") else f"{scheme.partition(':')[0]}:…"
        message = f"{shown!r} cannot be used: only sqlite:///FILE and postgresql://user:password@host/database"
        top.problems.append(Problem(where, "database_url", message))
        return f"sqlite:///{paths.state_dir / 'tokenrouter.db'}"
    return f"sqlite:///{os.path.normpath(paths.state_dir / Path(rest[1:]))}"


def _read_predecessors_keys(top: Table) -> None:
    """Settings of TokenRouter-Go that stop the start because ignoring them would mislead."""
    for key in ("allow_localhost_no_auth", "allow_host_docker_internal_no_auth"):
        if top.flag(key, False):
            top.problem(key, f"{_NO_AUTH}", "remove it and make a key: torod keys create NAME")


def _notices(subjects: Subjects) -> list[Notice]:
    return [_short_key(key, subjects) for key in subjects.keys if len(key.key) < SHORT_KEY_CHARS]


def _short_key(key: KeySetting, subjects: Subjects) -> Notice:
    where = subjects.origins.get(f"incoming_tokens.{key.name}", "torod.toml")
    return Notice(where, f"the key of {key.name!r} is shorter than {SHORT_KEY_CHARS} characters; it is easier to guess")


def _check(settings: Settings, top: Table) -> None:
    """What only the whole can show: dangling references and secrets in the wrong place."""
    names = provider_names(settings)
    if settings.default_provider and settings.default_provider not in names:
        hint = suggestion(settings.default_provider, names) if names else "declare it, or leave the setting out"
        top.problem("default_provider", f"there is no provider {settings.default_provider!r}", hint)
    if settings.workers > 1 and not settings.redis_url:
        told = f"{settings.workers} need one place for their counters, or each would allow the whole of every limit"
        top.problem("workers", told, 'set redis_url, for instance "redis://127.0.0.1:6379/0"')
    _check_keys(settings, top)
    _check_profiles(settings, top)
    ours = {key.key: key.name for key in settings.keys}
    for provider in settings.providers:
        where = settings.origins.get(f"providers.{provider.name}", "torod.toml")
        path = f"providers.{provider.name}"
        for name in (ours[one.secret] for one in provider.credentials if one.secret in ours):
            message = f"holds the key {name!r} of this gateway, not one of the provider's"
            top.problems.append(Problem(where, f"{path}.api_key", message))
        if any(is_own_listener(provider, address) for address in own_listeners(settings)):
            top.problems.append(Problem(where, f"{path}.base_url", "is this gateway's own address"))
        if message := why_unusable(provider):
            top.problems.append(Problem(where, path, message))
    _check_scopes(settings, top)
    check_guardrail_scopes((*settings.guardrails, *settings.hooks), known_names(settings), top.problems)


def _check_keys(settings: Settings, top: Table) -> None:
    ids = tuple(key.id for key in settings.keys)
    for key in settings.keys:
        where = settings.origins.get(f"incoming_tokens.{key.name}", "torod.toml")
        if key.parent_id is not None and key.parent_id not in ids:
            problem = Problem(where, "parent_id", f"there is no key {key.parent_id!r}", suggestion(key.parent_id, ids))
            top.problems.append(problem)
        for kind, name, known in (("team", key.team, settings.teams), ("user", key.user, settings.users)):
            if name and known and name not in known:
                problem = Problem(where, kind, f"there is no {kind} {name!r}", suggestion(name, known))
                top.problems.append(problem)


def _check_profiles(settings: Settings, top: Table) -> None:
    """A profile that no alias has would silently mean the default one."""
    active, known = settings.active_model_profile, profiles_of(settings.aliases)
    if active and settings.aliases and active not in known:
        top.problem("active_model_profile", f"{active!r} is in no alias", suggestion(active, known))
    if not active and not all(alias.targets_in(DEFAULT_PROFILE) for alias in settings.aliases):
        top.problem("active_model_profile", "is missing", suggestion("", known[1:]))


def _check_aliases(settings: Settings, subjects: Subjects) -> None:
    providers = provider_names(settings)
    tables = {id(alias): table for alias, table in zip(subjects.aliases, subjects.alias_tables, strict=True)}
    for mistake in alias_mistakes(settings.aliases, providers):
        tables[id(mistake.alias)].problem(mistake.field, mistake.message)


def _check_models(settings: Settings, subjects: Subjects) -> None:
    """A price or a window of a model that is nobody's counts for nothing."""
    names = provider_names(settings)
    for table in subjects.model_tables if subjects.providers else ():
        name = table.text("provider")
        if name and name not in names:
            table.problem("provider", f"there is no provider {name!r}", suggestion(name, names))


def provider_names(settings: Settings) -> tuple[str, ...]:
    """Return the names of all providers: those that are declared, and those that may join by themselves."""
    return tuple(dict.fromkeys((*(provider.name for provider in settings.providers), *automatic_names(settings))))


def known_names(settings: Settings) -> Names:
    """Return the subjects of the file and the environment. Keys, users, teams and aliases may be elsewhere, too."""
    return Names(
        keys=tuple(key.name for key in settings.keys),
        users=_named(settings.users, (key.user for key in settings.keys)),
        teams=_named(settings.teams, (key.team for key in settings.keys)),
        providers=provider_names(settings),
        aliases=tuple(alias.name for alias in settings.aliases),
        models=tuple(
            f"{provider.name}/{model}"
            for provider in settings.providers
            for model in (*provider.models, *provider.model_mapping.values())
        )
        + tuple(settings.prices),
        complete=frozenset(("provider", *(("team",) if settings.teams else ()))),
    )


def _named(declared: Iterable[str], mentioned: Iterable[str]) -> tuple[str, ...]:
    return tuple(name for name in dict.fromkeys((*declared, *mentioned)) if name)


def _check_scopes(settings: Settings, top: Table) -> None:
    """A limit on a name that exists nowhere limits nothing."""
    names = known_names(settings)
    for limit in settings.limits:
        if (mistake := subject_mistake(limit, names)) is not None:
            top.problems.append(Problem(limit.origin, mistake.field, mistake.message))


def _with_rates(declared: list[Limit], rates: list[Limit]) -> tuple[list[Limit], list[Notice]]:
    """Return the limits of the file with those of the environment, which come before them where both are one."""
    named = {(rate.scope, kind_of(rate)): rate for rate in rates}
    kept = [limit for limit in declared if (limit.scope, kind_of(limit)) not in named]
    notices = [
        Notice(limit.origin, f"the limit {limit.id!r} is replaced by {named[limit.scope, kind_of(limit)].origin}")
        for limit in declared
        if limit not in kept
    ]
    return [*kept, *rates], notices


def _limit_notices(settings: Settings) -> list[Notice]:
    names, now_s = known_names(settings), time.time()
    return [
        Notice(limit.origin, f"the limit {limit.id!r}: {warning}")
        for limit in settings.limits
        for warning in limit_warnings(limit, settings.limits, names, settings.prices, now_s)
    ]


def own_listeners(settings: Settings) -> tuple[str, ...]:
    """Return every address at which clients are served."""
    plain = (settings.listen_addr,) if settings.http_mode != "disabled" else ()
    return (*plain, settings.tls.listen_addr) if settings.tls.enabled else plain


def is_own_listener(provider: Provider, listen_addr: str) -> bool:
    """Whether asking `provider` would be asking this gateway itself, at `listen_addr`."""
    address = split_address(listen_addr)
    rest = provider.base_url.partition("://")[2].partition("/")[0]
    theirs = split_address(rest) if ":" in rest else None
    if address is None or theirs is None or address[1] != theirs[1] or not address[1]:
        return False
    local = ("127.0.0.1", "localhost", "::1", "0.0.0.0", address[0])
    return theirs[0] in local
