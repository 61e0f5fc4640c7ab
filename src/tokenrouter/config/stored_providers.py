"""Providers in the words of `[[providers]]`, as the API takes them and the database keeps them: secrets apart.

What is secret goes into envelopes, one for each field: keys, and the values of headers, since many vendors want a key
in one. A change comes as some of the words; a secret that is left blank in it stays as it was, unless the provider then
leads to another place. Whoever may change providers could otherwise send their secrets to a server of their own.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from tokenrouter.config.pointers import GivenSecrets
from tokenrouter.config.problems import InvalidValues, Problem, refuse_problems
from tokenrouter.config.providers import ReadProvider, SecretSource, read_provider
from tokenrouter.config.table import Table
from tokenrouter.domain.catalog import Timeouts
from tokenrouter.domain.limit_text import Mistake
from tokenrouter.providers.urls import split_base_url

KIND: Final = "provider"
"""What secrets of providers are kept under."""
MAX_VALUES_CHARS: Final = 200_000
"""Longest text of one provider; a mapping of thousands of models fits."""
_SINGLE: Final = ("api_key", "report_key")
_LIST: Final = "api_keys"
_TABLE: Final = "headers"

Values = Mapping[str, Any]
"""A provider in the file's words."""


def read_values(values: Values, timeouts: Timeouts, secrets: SecretSource | None = None) -> ReadProvider:
    """Read a provider that is no file's.

    Raises:
        InvalidValues: with everything that is wrong.
    """
    problems: list[Problem] = []
    table = Table(values, "", "", {}, problems)
    if len(json.dumps(values, default=str)) > MAX_VALUES_CHARS:
        raise InvalidValues(
            [Mistake("name", f"all that is said of a provider has {MAX_VALUES_CHARS} characters at most")]
        )
    if not values.get("name"):
        table.problem("name", "is missing")
    read = read_provider(table, secrets or GivenSecrets(), timeouts)
    refuse_problems(problems)
    return read


def split_secrets(values: Values) -> tuple[dict[str, Any], dict[str, str]]:
    """Return what may be read by anybody who reads the database, and the secrets by field."""
    said = {name: value for name, value in values.items() if name not in (*_SINGLE, _LIST, _TABLE)}
    secrets = {name: values[name] for name in _SINGLE if values.get(name)}
    secrets |= {f"{_LIST}.{number}": text for number, text in enumerate(values.get(_LIST, ()))}
    secrets |= {f"{_TABLE}.{name}": text for name, text in values.get(_TABLE, {}).items()}
    return said, secrets


def join_secrets(said: Values, secrets: Mapping[str, str]) -> dict[str, Any]:
    """Return the provider again that `split_secrets` took apart."""
    values = dict(said) | {name: secrets[name] for name in _SINGLE if name in secrets}
    numbered = sorted((int(number), text) for name, text in secrets.items() for number in _under(name, _LIST))
    headers = {header: text for name, text in secrets.items() for header in _under(name, _TABLE)}
    if numbered:
        values[_LIST] = [text for _, text in numbered]
    return values | ({_TABLE: headers} if headers else {})


def _under(field: str, parent: str) -> list[str]:
    head, _, rest = field.partition(".")
    return [rest] if head == parent and rest else []


def changed_values(before: Values, changes: Values, unreadable: Iterable[str] = ()) -> dict[str, Any]:
    """Return the provider as `changes` would have it: blank secrets stay, None takes a word away.

    `unreadable` are fields of which `before` has nothing, since they cannot be decrypted.

    Raises:
        InvalidValues: a secret would have to stay that cannot be decrypted, or that would go to another address.
    """
    lost = [name for name in unreadable if not _is_given(changes, name)]
    if lost:
        raise InvalidValues(Mistake(name, "is needed again, since it cannot be decrypted") for name in lost)
    after = {name: value for name, value in {**before, **changes}.items() if value is not None}
    kept = [name for name in _SINGLE if name in before and changes.get(name, "") == ""]
    after |= {name: before[name] for name in kept}
    if isinstance(changes.get(_LIST), list | tuple):
        after[_LIST], more = _kept_list(before.get(_LIST, ()), changes[_LIST])
        kept += more
    elif _LIST in after and _LIST in before:
        kept.append(_LIST)
    if isinstance(changes.get(_TABLE), dict):
        after[_TABLE], more = _kept_table(before.get(_TABLE, {}), changes[_TABLE])
        kept += more
    elif _TABLE in after and _TABLE in before:
        kept.append(_TABLE)
    if kept and _place_of(before) != _place_of(after):
        needed = "is needed again, since the provider would be asked at another address"
        raise InvalidValues(Mistake(name, needed) for name in kept)
    return after


def _is_given(changes: Values, field: str) -> bool:
    """Whether `changes` say anew what the secret in `field` is, or that there is none."""
    name, _, rest = field.partition(".")
    if name not in changes:
        return False
    wanted = changes[name]
    if not rest or not wanted:
        return wanted is None or wanted != ""
    return "" not in wanted if name == _LIST else wanted.get(rest) != ""


def _kept_list(before: Any, wanted: Any) -> tuple[list[Any], list[str]]:
    blank = [number for number, text in enumerate(wanted) if text == "" and number < len(before)]
    return (
        [before[number] if number in blank else text for number, text in enumerate(wanted)],
        [f"{_LIST}[{number}]" for number in blank],
    )


def _kept_table(before: Values, wanted: Values) -> tuple[dict[str, Any], list[str]]:
    blank = [name for name, text in wanted.items() if text == "" and name in before]
    return (
        {name: before[name] if name in blank else text for name, text in wanted.items()},
        [f"{_TABLE}.{name}" for name in blank],
    )


def _place_of(values: Values) -> object:
    """Return scheme, host and port of where a provider is asked; whoever cannot be asked has a place of its own."""
    try:
        provider = read_values({**values, _LIST: [], _TABLE: {}}, Timeouts()).provider
        return split_base_url(provider.base_url).origin
    except ValueError:
        return values.get("provider_type"), values.get("base_url")
