"""What the configuration says of providers that join by themselves: local servers, public ones, those of a variable."""

from collections.abc import Iterable, Mapping
from typing import Final

from tokenrouter.config.problems import Problem
from tokenrouter.config.settings import Settings
from tokenrouter.config.table import Table
from tokenrouter.domain.catalog import Provider
from tokenrouter.domain.limit_text import suggestion
from tokenrouter.providers import presets
from tokenrouter.providers.local_servers import DEFAULT_PORTS, joinable_names

MAX_PORTS: Final = 64
"""Most ports of one kind: each is asked every few seconds."""
_WORDS: Final = {"true": True, "1": True, "false": False, "0": False}


def read_switch(environ: Mapping[str, str], key: str, usual: bool, problems: list[Problem]) -> bool:
    """Return what the variable `TOKENROUTER_…` of that name says, or `usual` where it says nothing."""
    variable = f"TOKENROUTER_{key.upper()}"
    text = environ.get(variable, "").strip().lower()
    if text and text not in _WORDS:
        problems.append(Problem(f"${variable}", "", f"{text!r} must be true or false"))
    return _WORDS.get(text, usual)


def read_local_servers(top: Table) -> tuple[float, dict[str, tuple[int, ...]]]:
    """Read `[local_servers]`: how often local servers are looked for, and where."""
    table = top.table("local_servers")
    check_s = table.seconds("check_s", 10.0, least=0.1)
    ports = table.table("ports")
    found = {kind: _ports(ports, kind, usual) for kind, usual in DEFAULT_PORTS.items()}
    ports.finish()
    table.finish()
    return check_s, found


def _ports(table: Table, kind: str, usual: tuple[int, ...]) -> tuple[int, ...]:
    if not table.has(kind):
        return usual
    named = table.raw(kind)
    if not isinstance(named, list) or not all(type(port) is int and 0 < port < 65536 for port in named):
        table.problem(kind, "must be an array of ports, like [11434]; an empty one looks for none")
        return usual
    if len(named) > MAX_PORTS:
        table.problem(kind, f"names {len(named)} ports; at most {MAX_PORTS} are looked at")
    return tuple(dict.fromkeys(named))


def read_auto_exclude(top: Table, ports: Mapping[str, tuple[int, ...]]) -> tuple[str, ...]:
    """Read the names of providers that never join by themselves; a name that never would is a mistake."""
    named = top.texts("auto_exclude")
    known = (*joinable_names(ports), *(row.name for row in presets().values() if row.env_auto or row.public_free))
    for name in named:
        if name not in known and not _is_numbered(name):
            top.problem("auto_exclude", f"{name!r} never joins by itself", suggestion(name, known))
    return named


def _is_numbered(name: str) -> bool:
    """Whether this is the name of a local server at some port."""
    kind, _, port = name.rpartition("-local-")
    return kind in DEFAULT_PORTS and port.isdecimal()


def automatic_names(settings: Settings) -> tuple[str, ...]:
    """Return the names of providers that may join by themselves later, and so may be named already."""
    local = joinable_names(settings.local_ports) if settings.auto_detect_local_servers else ()
    names = (*local, *(provider.name for provider in public_candidates(settings) or ()))
    return tuple(name for name in names if name not in settings.auto_exclude)


def public_candidates(settings: Settings) -> tuple[Provider, ...] | None:
    """Return the public providers that may join; None while they are switched off.

    One that is there already, by its name or its type, is none of them.
    """
    if not settings.auto_enable_public_free_models:
        return None
    taken = {
        *settings.auto_exclude,
        *(one.name for one in settings.providers),
        *(one.kind for one in settings.providers),
    }
    return tuple(
        Provider(
            name=row.name,
            kind=row.name,
            base_url=(settings.public_base_urls.get(row.name) or row.base_url).rstrip("/"),
            origin="automatic",
            timeouts=settings.timeouts,
            allow_private=row.name in settings.public_base_urls,
        )
        for row in presets().values()
        if row.public_free and not row.is_template and row.name not in taken
    )


def still_wanted(settings: Settings, joined: Iterable[Provider]) -> tuple[list[Provider], list[Provider]]:
    """Split what joined in an earlier process into local and public providers, without what is switched off by now."""
    wanted = [one for one in joined if one.origin == "automatic" and one.name not in settings.auto_exclude]
    local = [one for one in wanted if one.kind in DEFAULT_PORTS and settings.auto_detect_local_servers]
    public = {one.name for one in public_candidates(settings) or ()}
    return local, [one for one in wanted if one.name in public]


def read_public_base_urls(environ: Mapping[str, str]) -> dict[str, str]:
    """Return, by name, the other addresses that variables give to public providers."""
    rows = (row for row in presets().values() if row.public_free and row.base_url_env)
    return {row.name: url for row in rows if (url := environ.get(row.base_url_env, ""))}
