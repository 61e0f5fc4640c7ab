"""TokenRouter-Go: its `torod.toml`, and the folder of its caches with the usage.

The file is read by the reader of our own, which knows every key that TokenRouter-Go's users may have written; a server
could run with it as it is. An import is for those who want its subjects in the database, where UI and API change them.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from tokenrouter.config.file import Subjects, open_file, read_subjects
from tokenrouter.config.pointers import Secrets
from tokenrouter.config.problems import Problem
from tokenrouter.config.settings import KeySetting
from tokenrouter.domain.catalog import Provider, Timeouts
from tokenrouter.imports.found import Found, FoundKey, FoundLimit, FoundTeam, LeftBehind, SourceUnreadable
from tokenrouter.imports.go_usage import usage_folder, usage_rows
from tokenrouter.imports.naming import Naming

MAX_BYTES: Final = 16 * 2**20
FILE_NAME: Final = "torod.toml"
_SUBJECT: Final = re.compile(r"(\w+)\[(\d+)\]")
_CARRIED: Final = frozenset(
    {
        "incoming_tokens",
        "incoming_api_keys",
        "admin_api_key",
        "providers",
        "model_aliases",
        "aliases",
        "limits",
        "teams",
        "active_model_profile",
        "default_provider",
    }
)
_SIGN_IN: Final = ("refresh_token", "account_id", "device_auth_url")
_WHY_LEFT: Final[Mapping[str, str]] = {
    "allow_localhost_no_auth": "nobody is an admin here without a key; make one with `torod keys create --role admin`",
    "allow_host_docker_internal_no_auth": "nobody is let in here without a key",
    "conversations": "nothing is kept here unless you switch it on",
}
_SERVER: Final = "a setting of the server: it stays in the configuration file, where this version reads it too"
_CACHES: Final[Mapping[str, str]] = {
    "conversations.json": "prompts and answers were kept without anybody's asking; here nobody keeps them",
    "pricing-cache.json": "prices are gathered anew",
    "models-cache.json": "models are asked for anew",
    "logs.json": "logs are not carried",
}


def read_tokenrouter_go(sources: Sequence[Path], environ: Mapping[str, str]) -> Found:
    """Read a `torod.toml`, or a folder with one, and folders of caches.

    Raises:
        SourceUnreadable: there is no file, or it is not TOML.
    """
    file, caches = _places(sources)
    problems: list[Problem] = []
    if file.stat().st_size > MAX_BYTES:
        raise SourceUnreadable(f"{file} is larger than {MAX_BYTES} bytes")
    top = open_file(file, problems)
    if problems:
        raise SourceUnreadable("; ".join(map(str, problems)))
    said = {name: top.raw(name) for name in top.names()}
    subjects = read_subjects(top, Secrets(environ), Timeouts())
    wrong = _wrong(problems, said)
    left = [LeftBehind(f"{kind} {name!r}", why) for (kind, name), why in wrong.items()]
    keys = _keys([key for key in subjects.keys if ("incoming_tokens", key.name) not in wrong], left)
    usage = next(filter(None, map(usage_folder, caches)), None)
    if usage is None:
        left.append(LeftBehind("the usage", "give the folder of its caches too (~/.cache/tokenrouter)"))
    return Found(
        "tokenrouter-go",
        teams=tuple(FoundTeam(name) for name in dict.fromkeys((*subjects.teams, *(k.team for k in keys if k.team)))),
        keys=tuple(keys),
        limits=tuple(_limits(subjects, keys)),
        providers=tuple(_providers(subjects, said, wrong, left)),
        default_provider=_text(said, "default_provider"),
        aliases=tuple(alias for alias in subjects.aliases if ("model_aliases", alias.name) not in wrong),
        active_profile=_text(said, "active_model_profile"),
        history=(lambda: usage_rows(usage, {key.name: key for key in keys})) if usage is not None else _nothing,
        history_name=str(usage.resolve()) if usage is not None else "",
        left_behind=(*left, *_settings_left(said), *_caches_left(caches)),
    )


def _nothing() -> Iterator[Any]:
    yield from ()


def _places(sources: Sequence[Path]) -> tuple[Path, list[Path]]:
    """Return the configuration file, and the folders in which caches may be."""
    files = [path for path in sources if path.is_file()]
    folders = [path for path in sources if path.is_dir()]
    files += [folder / FILE_NAME for folder in folders if (folder / FILE_NAME).is_file()]
    missing = [path for path in sources if not path.exists()]
    if missing or len(files) != 1:
        what = f"there is no {missing[0]}" if missing else f"give one {FILE_NAME}, or a folder with one"
        raise SourceUnreadable(what)
    return files[0], folders


def _wrong(problems: Sequence[Problem], said: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    """Return by kind and name the subjects that cannot be as they are, with the reasons."""
    wrong: dict[tuple[str, str], str] = {}
    for problem in problems:
        found = _SUBJECT.match(problem.key)
        tables = said.get(found[1]) if found is not None else None
        if found is None or not isinstance(tables, list) or int(found[2]) >= len(tables):
            continue
        name = str(tables[int(found[2])].get("name", f"#{found[2]}"))
        wrong.setdefault((found[1], name), f"{problem.key.rpartition('.')[2]} {problem.message}")
    return wrong


def _keys(settings: Sequence[KeySetting], left: list[LeftBehind]) -> list[FoundKey]:
    naming = Naming("the key")
    names = {setting.id: naming.name(setting.name, setting.id) for setting in settings}
    found = []
    for setting in settings:
        if setting.parent_id is not None and setting.parent_id not in names:
            left.append(LeftBehind(f"the key {setting.name!r}", "its parent is gone, so it was good for nothing"))
            continue
        found.append(
            FoundKey(
                names[setting.id],
                secret=setting.key,
                role=setting.role,
                parent=names.get(setting.parent_id or "", ""),
                team=setting.team,
                user=setting.user,
                allowed_models=setting.allowed_models,
                created_at_s=setting.created_at_s,
                expires_at_s=setting.expires_at_s,
                comment=setting.comment,
            )
        )
    left += naming.renamed
    return found


def _limits(subjects: Subjects, keys: Sequence[FoundKey]) -> Iterator[FoundLimit]:
    carried = {(one.limit_id, one.scope): one for one in subjects.carried_use}
    known = {f"key:{key.name}" for key in keys}
    for limit in subjects.limits:
        if limit.scope.startswith("key:") and limit.scope not in known and not limit.scope.endswith(":*"):
            continue
        used = carried.get((limit.id, limit.scope))
        yield FoundLimit(limit, used.used if used else 0, used.window_started_s if used else None)


def _providers(
    subjects: Subjects, said: Mapping[str, Any], wrong: Mapping[tuple[str, str], str], left: list[LeftBehind]
) -> Iterator[Provider]:
    tables = {str(table.get("name")): table for table in said.get("providers", []) if isinstance(table, dict)}
    for provider in subjects.providers:
        table = tables.get(provider.name, {})
        if ("providers", provider.name) in wrong:
            continue
        if any(table.get(name) for name in _SIGN_IN):
            left.append(LeftBehind(f"the sign-in of provider {provider.name!r}", "give it a key of its own"))
        # There, a provider that does not say that it is enabled is not.
        yield replace(provider, enabled=table.get("enabled") is True, origin="database")


def _settings_left(said: Mapping[str, Any]) -> Iterator[LeftBehind]:
    for name in sorted(said.keys() - _CARRIED):
        yield LeftBehind(name, _WHY_LEFT.get(name, _SERVER))


def _caches_left(folders: Sequence[Path]) -> Iterator[LeftBehind]:
    for folder in folders:
        for name, why in _CACHES.items():
            if (folder / name).is_file():
                yield LeftBehind(name, why)


def _text(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name)
    return value if isinstance(value, str) else ""
