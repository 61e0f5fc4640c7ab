"""Answers become a file that says what was answered, and nothing else changes."""

import tomllib
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.cli.wizard.certificates import write_pair
from tokenrouter.cli.wizard.answers import find_mistakes, provider_name
from tokenrouter.cli.wizard.saving import check_text
from tokenrouter.cli.wizard.writing import HEADER, provider_entries, standing, written
from tokenrouter.providers import presets

EXISTING = """\
# Ada's gateway.
listen_addr = "127.0.0.1:9000"   # do not change the port
redis_url = "redis://127.0.0.1/0"
http_mode = "when_required"

# The big machine.
[[providers]]
name = "openai"
auth_token = "sk-old"
enabled = false
# its timeouts
timeouts = { connect_s = 3 }

[tls]
enabled = true
mode = "pem"
domain = "old.example.org"
domains = ["older.example.org"]
cert_pem = "x"
key_pem = "y"

[conversations]
max_items = 7   # few
"""


def test_a_new_file_begins_with_what_it_is_and_explains_its_keys() -> None:
    text = written("", {"listen_addr": "127.0.0.1:1", "provider_type": "openai", "provider_key_env": "OPENAI_API_KEY"})

    assert text.startswith(HEADER)
    assert (
        '\n# OpenAI: its models are openai/…\n[[providers]]\nname = "openai"\napi_key = "env:OPENAI_API_KEY"\n' in text
    )


def test_answers_change_a_file_only_where_they_say_something_else() -> None:
    said = {"listen_addr": "127.0.0.1:9000", "tls": "off", "provider_type": "openai", "provider_key_env": "KEY"}

    after = written(EXISTING, said)

    gone = [line for line in EXISTING.splitlines() if line not in after.splitlines()]
    assert gone == ['http_mode = "when_required"', 'auth_token = "sk-old"']
    assert tomllib.loads(after)["tls"]["enabled"] is False
    assert tomllib.loads(after)["providers"] == [
        {"name": "openai", "enabled": True, "timeouts": {"connect_s": 3}, "api_key": "env:KEY"}
    ]


def test_other_ways_of_tls_leave_nothing_of_the_old_one() -> None:
    said = {"tls": "pem", "tls_cert_file": "/c", "tls_key_file": "/k", "tls_domain": (), "tls_redirect": False}

    section = tomllib.loads(written(EXISTING, said))

    assert section["tls"] == {
        "enabled": True,
        "mode": "pem",
        "domain": "old.example.org",
        "cert_file": "/c",
        "key_file": "/k",
    }
    assert section["http_mode"] == "enabled"


def test_a_typed_key_is_named_by_its_file_and_one_that_stands_there_stays() -> None:
    said = {"provider_type": "openai", "provider_key": "sk-new"}
    there = '[[providers]]\nname = "openai"\napi_key = "sk-new"\n'

    assert 'api_key = "file:/keys/openai.key"' in written("", said, "/keys/openai.key")
    assert written(there, said, "/keys/openai.key") == there


def test_a_file_says_what_would_be_answered() -> None:
    found = standing(EXISTING)

    assert found == {
        "listen_addr": "127.0.0.1:9000",
        "redis_url": "redis://127.0.0.1/0",
        "tls": "pem",
        "tls_domain": ("old.example.org", "older.example.org"),
        "tls_redirect": True,
    }
    assert [entry["name"] for entry in provider_entries(EXISTING)] == ["openai"]
    assert standing("# nothing else\n") == {"listen_addr": "127.0.0.1:8080"}
    assert standing("") == {}
    assert provider_entries("providers = 5") == []


PORTS = st.integers(1024, 65535)
KEYS = st.text("abcdefghijkABCDEFGH0123456789_-.", min_size=8, max_size=30)
NAMES = st.from_regex(r"[a-z0-9]{1,8}(-[a-z0-9]{1,8})?\.(org|example)", fullmatch=True)


@st.composite
def many_answers(draw: st.DrawFn) -> dict[str, Any]:
    """Return answers to any part of the questions."""
    said: dict[str, Any] = {"listen_addr": f"{draw(st.sampled_from(['127.0.0.1', '0.0.0.0', '[::1]']))}:{draw(PORTS)}"}
    optional = {
        "trusted_proxies": st.lists(st.sampled_from(["127.0.0.1", "10.0.0.0/8", "::1"]), unique=True).map(tuple),
        "public_url": NAMES.map(lambda name: f"https://{name}/v1"),
        "redis_url": st.sampled_from(["redis://u:p%40@h:1/2", "rediss://h", "unix:///run/redis.sock", ""]),
        "database_url": st.sampled_from(["", "sqlite:///own.db"]),
        "tls_redirect": st.booleans(),
        "tls_domain": st.lists(NAMES, max_size=3, unique=True).map(tuple),
        "tls_email": st.just("ada@example.org"),
        "tls_accept_terms": st.just(True),
        "provider_name": st.from_regex(r"[a-z][a-z0-9_-]{0,9}", fullmatch=True),
        "provider_base_url": NAMES.map(lambda name: f"https://{name}/v1"),
        "admin": st.sampled_from(["key", "link", "keep"]),
    }
    said |= {name: draw(values) for name, values in optional.items() if draw(st.booleans())}
    said["tls"] = draw(st.sampled_from(["off", "proxy", "pem", "self_signed", "letsencrypt"]))
    kinds = ["local", "sandbox", "none", "openai-compatible", *presets()]
    said["provider_type"] = draw(st.sampled_from(kinds))
    key = draw(st.sampled_from(["provider_key_env", "provider_key", ""]))
    if key:
        said[key] = "MY_KEY" if key == "provider_key_env" else draw(KEYS)
    if said["tls"] == "pem":
        said |= {"tls_cert_file": PEM["certificate"], "tls_key_file": PEM["key"]}
    return said


PEM = {"certificate": "", "key": ""}


@given(said=many_answers(), text=st.sampled_from(["", "# mine\n", "[conversations]\nmax_items = 200 # few\n"]))
def test_whatever_is_answered_makes_a_file_that_loads_and_says_it(
    tmp_path_factory: Any, said: dict[str, Any], text: str
) -> None:
    if not PEM["key"]:
        PEM["certificate"], PEM["key"] = write_pair(tmp_path_factory.mktemp("pem"))
    if find_mistakes(said, {}):
        return
    key_file = tmp_path_factory.getbasetemp() / "typed.key"
    key_file.write_text(said.get("provider_key", ""))

    after = written(text, said, str(key_file))

    settings = check_text(Path("/nowhere/torod.toml"), after, {"HOME": "/nowhere", "MY_KEY": "a-key-of-mine"})
    assert settings.listen_addr == said["listen_addr"]
    assert settings.trusted_proxies == said.get("trusted_proxies", ())
    assert settings.public_url == said.get("public_url", "")
    assert settings.redis_url == said.get("redis_url", "")
    assert settings.sandbox is (said["provider_type"] == "sandbox")
    assert [provider.name for provider in settings.providers] == [name for name in [provider_name(said)] if name]
    for provider in settings.providers:
        wanted = "a-key-of-mine" if "provider_key_env" in said else said.get("provider_key")
        assert provider.secret == wanted
        assert provider.base_url == said.get("provider_base_url", provider.base_url)
    assert settings.tls.enabled is (said["tls"] not in ("off", "proxy"))
    if settings.tls.enabled:
        assert settings.tls.mode == said["tls"]
        assert settings.tls.domains == said.get("tls_domain", ())
        assert settings.tls.acme_accept_terms is said.get("tls_accept_terms", False)
        assert settings.tls.cert_file == said.get("tls_cert_file", "")
        assert (settings.http_mode == "redirect") is said.get("tls_redirect", False)
    assert all(line in after for line in text.splitlines())
