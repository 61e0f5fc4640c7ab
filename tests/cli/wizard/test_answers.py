"""Which answers are taken, and what is told of the others."""

from typing import Any

import pytest

from tokenrouter.cli.wizard.answers import WrongAnswers, find_mistakes, provider_name, read_answers, wants_key


def test_answers_are_read_from_files_and_from_variables() -> None:
    from_file = read_answers({"trusted_proxies": ["10.0.0.1"], "tls_redirect": True, "listen_addr": " a:1 "})
    from_variables = read_answers({"trusted_proxies": "10.0.0.1, 10.0.0.2", "tls_redirect": "no"})

    assert from_file == {"trusted_proxies": ("10.0.0.1",), "tls_redirect": True, "listen_addr": "a:1"}
    assert from_variables == {"trusted_proxies": ("10.0.0.1", "10.0.0.2"), "tls_redirect": False}


def test_every_wrong_name_and_value_is_told_at_once() -> None:
    with pytest.raises(WrongAnswers) as caught:
        read_answers({"listen_adr": "x", "tls_redirect": "perhaps", "tls_domain": [1], "public_url": 5})

    told = [str(mistake) for mistake in caught.value.mistakes]
    assert told[0] == 'listen_adr: there is no such question; did you mean "listen_addr"?'
    assert [one.partition(":")[0] for one in told] == ["listen_adr", "tls_redirect", "tls_domain", "public_url"]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"listen_addr": "8080"}, "listen_addr: '8080' is not host:port"),
        ({"listen_addr": ""}, "listen_addr: is empty"),
        ({"listen_addr": "127.0.0.1:0"}, "listen_addr: port 0"),
        ({"trusted_proxies": ("nginx",)}, "trusted_proxies: 'nginx'"),
        ({"public_url": "ai.example.org"}, "public_url: must be a whole address"),
        ({"tls": "on"}, "tls: 'on' is not known"),
        ({"tls": "pem", "tls_cert_file": "x"}, "tls_key_file: is missing"),
        ({"tls": "letsencrypt", "tls_email": "a@b.org"}, "tls_domain: is missing"),
        ({"tls": "letsencrypt", "tls_domain": ("a.org",)}, "tls_email: is missing"),
        ({"tls": "letsencrypt", "tls_domain": ("nas.local",), "tls_email": "a@b.org"}, "tls_domain: 'nas.local' is no"),
        ({"tls": "letsencrypt", "tls_domain": ("10.0.0.1",), "tls_email": "a@b.org"}, "tls_domain: '10.0.0.1' is no"),
        ({"tls": "letsencrypt", "tls_accept_terms": False}, "tls_accept_terms: is missing; read"),
        ({"tls_domain": ("https://a.org",)}, "tls_domain: 'https://a.org' is no host name"),
        ({"tls_email": "me"}, "tls_email: 'me' is no e-mail"),
        (
            {"provider_type": "mistrall", "provider_key": "k"},
            "provider_type: 'mistrall' is not known; did you mean \"m",
        ),
        ({"provider_type": "qqqqqq"}, "provider_type: 'qqqqqq' is not known; write openai-compatible"),
        ({"provider_type": "openai"}, "provider_key_env: is missing"),
        ({"provider_type": "openai", "provider_key_env": "sk-123"}, "provider_key_env: is no name of a variable"),
        ({"provider_type": "openai", "provider_key": "a b"}, "provider_key: holds a space"),
        ({"provider_type": "openai", "provider_key": "env:X"}, "provider_key: begins with env:"),
        ({"provider_type": "openai", "provider_key": "a\x1b"}, "provider_key: holds characters"),
        (
            {"provider_type": "openai", "provider_key": "a", "provider_key_env": "A"},
            "provider_key: is one key too many",
        ),
        ({"provider_type": "openai-compatible"}, "provider_base_url: is missing"),
        ({"provider_type": "azure", "provider_key": "k"}, "provider_base_url: is missing; azure is at https://{"),
        ({"provider_type": "sandbox", "provider_key": "k"}, "provider_key: is of no use"),
        ({"provider_name": "x"}, "provider_name: needs provider_type"),
        ({"provider_type": "ollama", "provider_name": "My Box"}, "provider_name: 'My Box' is not usable"),
        ({"provider_type": "ollama", "provider_base_url": "host"}, "provider_base_url: "),
        ({"admin": "password"}, "admin: 'password' is not known"),
        ({"database_url": "mysql://u:secret@h/d"}, "database_url: must be sqlite"),
        ({"redis_url": "u:secret@h"}, "redis_url: must begin with"),
    ],
)
def test_what_is_wrong_is_told_with_what_to_do(said: dict[str, Any], told: str) -> None:
    mistakes = [str(mistake) for mistake in find_mistakes(said, {})]

    assert [one for one in mistakes if one.startswith(told)], mistakes
    assert "secret" not in "".join(mistakes)


def test_right_answers_have_no_mistakes() -> None:
    said = {
        "listen_addr": "[::1]:8080",
        "tls": "letsencrypt",
        "tls_domain": ("ai.example.org",),
        "tls_email": "ada@example.org",
        "tls_accept_terms": True,
        "provider_type": "azure",
        "provider_base_url": "https://lab.openai.azure.com/openai/v1",
        "provider_key_env": "AZURE_API_KEY",
        "admin": "key",
    }

    assert find_mistakes(said, {}) == []


def test_a_provider_is_called_by_its_type_unless_it_has_a_name() -> None:
    assert provider_name({"provider_type": "openai"}) == "openai"
    assert provider_name({"provider_type": "openai-compatible"}) == "my-server"
    assert provider_name({"provider_type": "openai", "provider_name": "o"}) == "o"
    assert provider_name({"provider_type": "sandbox"}) == provider_name({}) == ""


def test_servers_of_ones_own_want_no_key() -> None:
    assert not wants_key("ollama")
    assert not wants_key("openai-compatible")
    assert wants_key("amazon-bedrock")
