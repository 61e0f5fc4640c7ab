"""Whatever stands in a file or in a variable: it is read, or its mistakes are told; nothing else comes out."""

import json
from collections.abc import Mapping
from contextlib import suppress
from copy import deepcopy
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as bounds
from hypothesis import strategies as st

from tokenrouter.config.load import load, split_address
from tokenrouter.config.problems import ConfigErrors
from tokenrouter.upstream.proxies import ProxyTable

Document = dict[str, Any]

WHOLE: Document = {
    "listen_addr": "127.0.0.1:8080",
    "active_model_profile": "work",
    "providers": [{"name": "acme", "base_url": "http://127.0.0.1:9000/v1", "timeouts": {}}],
    "incoming_tokens": [
        {"name": "alice", "key": "tr_alice-0123456789", "quota": {"requests": {"limit": 1}, "tokens": {"limit": 1}}},
        {"name": "bob", "key": "tr_bob-01234567890"},
    ],
    "teams": [{"name": "physics"}],
    "users": [{"name": "carol"}],
    "model_aliases": [{"name": "fast", "targets": [{"profile": "work", "provider": "acme", "model": "small"}]}],
    "aliases": [{"name": "a", "targets": ["fast", {"target": "acme/small", "weight": 2}], "fallback": "acme/large"}],
    "limits": [{"scope": "key:alice", "metric": "tokens", "window": "day", "amount": 1}],
    "prices": [{"provider": "acme", "model": "small", "input_per_1m": 1, "output_per_1m": 1}],
    "timeouts": {},
    "tls": {},
    "conversations": {},
    "logs": {},
}
"""One of every table that the loader knows, each with what it cannot do without."""


class Verbatim(str):
    """A number as it is to stand in the file."""

    __slots__ = ()


NO_KEY = "no-such-key"
EVIL = (
    "", " ", "\0", "a\0b", "a\nb", "\u00b2", "h:\u00b2", "http://[::1", "file:", "file:~nobody-here/x", "file:a\0b",
    "env:", "env:=", "key:", ":", "[", "[]", "{}", "*", "ip:1.2.3.4/99", "ip:::1%x", "sliding:999999999d",
    "interval:0s", "model:/", "../..", "sqlite:///", "sqlite:///\0", "sqlite:///a?b=c", "~nobody-here", "-1", "NaN",
    "1e999999", "9" * 5000, "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "openai", "anthropic", "azure",
    "acme", "alice", "work", "http://h:0/", "https://h/v1?q", "https://user:pw@h", "https://h#f", "http://h/%",
    "http://\u00e9", "a" * 300 + ".example",
)  # fmt: skip
texts = st.sampled_from(EVIL) | st.text(st.characters(codec="utf-8"), max_size=12)
numbers = (
    st.integers()
    | st.sampled_from([2**63 - 1, 2**63, -(2**63), 10**30])
    | st.floats()
    | st.sampled_from(["1e400", "1e999999", "-0.0", "1e-999999"]).map(Verbatim)
)
moments = st.datetimes() | st.dates() | st.times()
values = st.recursive(
    texts | numbers | st.booleans() | moments,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)


ODD = [
    "", "a\0b", "h:\u00b2", "file:~nobody-here/x", "file:a\0b", 0, -1, 2**63, True, float("nan"), float("inf"),
    Verbatim("1e999999"), [], ["a\0"], [{}], {}, {"a": "\n"}, datetime(1, 1, 1),
]  # fmt: skip
"""One of each kind, and those that were not borne once."""


def toml(value: Any) -> str:
    """Return `value` in one line."""
    match value:
        case Verbatim():
            return str(value)
        case str():
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case bool():
            return str(value).lower()
        case datetime() | date() | time():
            return value.isoformat()
        case list():
            return f"[{', '.join(map(toml, value))}]"
        case dict():
            return "{" + ", ".join(f"{toml(key)} = {toml(inner)}" for key, inner in value.items()) + "}"
        case _:
            return repr(value)


def written(document: Mapping[str, Any]) -> str:
    return "\n".join(f"{toml(key)} = {toml(value)}" for key, value in document.items())


def paths_of_tables(table: Document, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path]
    for key, value in table.items():
        if isinstance(value, dict):
            found += paths_of_tables(value, (*path, key))
        elif isinstance(value, list) and isinstance(value[0], dict):
            found += paths_of_tables(value[0], (*path, key, 0))
    return found


TABLES = paths_of_tables(WHOLE)


def table_at(document: Document, path: tuple[Any, ...]) -> Document:
    found: Any = document
    for step in path:
        found = found[step]
    return cast(Document, found)


def known_keys(folder: Path, path: tuple[Any, ...]) -> tuple[str, ...]:
    """Ask the loader which keys a table may have: it lists them beside one that it does not know."""
    document = deepcopy(WHOLE)
    table_at(document, path)[NO_KEY] = 1
    file = folder / "torod.toml"
    file.write_text(written(document))
    with pytest.raises(ConfigErrors) as caught:
        load(config=str(file), environ={"HOME": str(folder)})
    (told,) = [one for one in caught.value.problems if one.key.endswith(NO_KEY)]
    return tuple(told.suggestion.removeprefix("use one of ").split(", "))


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[tuple[Any, ...], str]]:
    folder = tmp_path_factory.mktemp("places")
    return [(path, key) for path in TABLES for key in known_keys(folder, path)]


def read_or_told(folder: Path, environ: Mapping[str, str], text: str = "") -> None:
    file = folder / "torod.toml"
    file.write_text(text)
    with suppress(ConfigErrors):
        read = load(config=str(file), environ={"HOME": str(folder), **environ})
        assert split_address(read.listen_addr) is not None
        ProxyTable(read.proxies)


def test_the_loader_tells_its_keys(places: list[tuple[tuple[Any, ...], str]]) -> None:
    assert {((), "drain_s"), (("providers", 0), "base_url"), (("limits", 0), "amount")} <= set(places)


@pytest.mark.parametrize("value", ODD, ids=lambda value: toml(value)[:20])
def test_an_odd_value_of_each_key_is_read_or_told(
    tmp_path: Path, places: list[tuple[tuple[Any, ...], str]], value: Any
) -> None:
    keys = {path: [key for place, key in places if place == path] for path in TABLES}
    for turn in range(max(map(len, keys.values()))):
        document = deepcopy(WHOLE)
        for path in reversed(TABLES):  # inner tables first: an outer one may be put away by its value
            table_at(document, path)[keys[path][turn % len(keys[path])]] = value

        read_or_told(tmp_path, {}, written(document))


@bounds(
    max_examples=75, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(data=st.data())
def test_any_value_of_any_key_is_read_or_told(
    tmp_path: Path, places: list[tuple[tuple[Any, ...], str]], data: st.DataObject
) -> None:
    document = deepcopy(WHOLE)
    chosen = data.draw(st.lists(st.tuples(st.sampled_from(places), values), min_size=1, max_size=3))
    for (path, key), value in sorted(chosen, key=lambda one: -len(one[0][0])):
        table_at(document, path)[key] = value

    read_or_told(tmp_path, {}, written(document))


@bounds(
    max_examples=75, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    text=st.text(st.characters(exclude_categories=["Cs"]), max_size=40) | st.lists(texts, max_size=8).map(" = ".join)
)
@example("\ufeffdrain_s = 1")
@example("[" + " " * 2000)
@example('[[providers]]\nname = """\n[[limits]]\n"""\n')
def test_any_file_is_read_or_told(tmp_path: Path, text: str) -> None:
    read_or_told(tmp_path, {}, text)


VARIABLES = (
    "TOKENROUTER_LISTEN_ADDR", "HOST", "PORT", "TOKENROUTER_DATABASE_URL", "DATABASE_URL",
    "TOKENROUTER_DEFAULT_PROVIDER", "TOKENROUTER_METRICS_TOKEN", "TOKENROUTER_SANDBOX_URL", "TOKENROUTER_ENV_FILE",
    "TOKENROUTER_HOME", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "NO_PROXY", "REQUEST_TIMEOUT", "PROVIDER_TIMEOUT",
    "MAX_CONCURRENT_REQUESTS", "RATE_LIMIT_MINUTE", "RATE_LIMIT_DAILY", "PROVIDER_API_KEY", "PROVIDER_BASE_URL",
    "ALLOWED_MODELS", "OPENAI_API_KEY", "OPENAI_BACKEND_URL", "MODEL_MAPPING_FILE", "ENCRYPTION_KEY",
    "ADMIN_PASSWORD",
)  # fmt: skip
without_nul = texts.map(lambda text: text.replace("\0", ""))


@bounds(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(environ=st.dictionaries(st.sampled_from(VARIABLES), without_nul, max_size=6))
@example({"MODEL_MAPPING_FILE": "~nobody-here/x", "OPENAI_API_KEY": "sk"})
@example({"PORT": "\udc80", "HOST": "h"})
def test_any_variable_is_read_or_told(tmp_path: Path, environ: dict[str, str]) -> None:
    read_or_told(tmp_path, environ)


@bounds(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.binary(max_size=60) | texts.map(str.encode))
def test_any_dotenv_file_is_read_or_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / ".env").write_bytes(content)

    read_or_told(tmp_path, {})


def test_a_dotenv_file_that_leads_to_itself_is_told(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "link")

    with pytest.raises(ConfigErrors, match="link"):
        load(config=None, environ={"HOME": str(tmp_path), "TOKENROUTER_ENV_FILE": str(tmp_path / "link")})
