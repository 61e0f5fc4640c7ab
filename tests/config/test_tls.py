from collections.abc import Callable
from pathlib import Path

import pytest

from tokenrouter.config.load import load
from tokenrouter.config.problems import ConfigErrors
from tokenrouter.config.settings import Settings, TlsSettings

HTTPS = '[tls]\nenabled = true\nmode = "self_signed"\n'


@pytest.fixture
def read(tmp_path: Path) -> Callable[[str], Settings]:
    def read(text: str) -> Settings:
        (tmp_path / "torod.toml").write_text(text)
        return load(config=None, environ={"TOKENROUTER_HOME": str(tmp_path), "A_KEY": "the key"})

    return read


def test_https_is_off_and_everything_of_it_may_be_written_down_all_the_same(read: Callable[[str], Settings]) -> None:
    assert read("").tls == TlsSettings()
    assert read('[tls]\nenabled = false\nlisten_addr = ":443"\ncert_pem = ""\n').tls == TlsSettings()
    assert read('http_mode = "when_required"\n').http_mode == "enabled"


def test_an_address_without_a_host_is_every_address(read: Callable[[str], Settings]) -> None:
    assert read(HTTPS).tls.listen_addr == "0.0.0.0:443"
    assert read(HTTPS + 'listen_addr = ":8443"\nredirect_addr = ":80"\n').tls.redirect_addr == "0.0.0.0:80"


def test_names_are_one_or_several_and_a_key_may_stand_elsewhere(read: Callable[[str], Settings]) -> None:
    told = read(
        HTTPS + 'domain = "AI.example.com."\ndomains = ["b.example.com", "ai.example.com"]\nkey_pem = "env:A_KEY"'
    )

    assert (told.tls.domains, told.tls.key_pem) == (("ai.example.com", "b.example.com"), "the key")
    assert told.origins["settings.tls.domains"] == "torod.toml:5"
    assert "the key" not in repr(told)


def test_what_the_predecessor_calls_when_required_leads_to_https(read: Callable[[str], Settings]) -> None:
    assert read('http_mode = "when_required"\n' + HTTPS).http_mode == "redirect"
    assert read('http_mode = "disabled"\n' + HTTPS).http_mode == "disabled"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('http_mode = "disabled"\n', "http_mode: 'disabled' leaves nothing to listen at"),
        ("[tls]\nenabled = true\n", "tls.domain: is missing"),
        ('[tls]\nenabled = true\ndomain = "10.0.0.1"\n', "tls.domain: '10.0.0.1' is no name that"),
        ('[tls]\nenabled = true\ndomain = "a b"\n', "tls.domain: 'a b' is no name of a host"),
        ('[tls]\nenabled = true\nmode = "pem"\n', "tls.cert_file: is missing"),
        ('[tls]\nenabled = true\nmode = "pem"\ncert_file = "/c"\n', "tls.key_file: is missing"),
        ('[tls]\nenabled = true\nmode = "pem"\nkey_pem = "k"\n', "tls.cert_pem: is missing"),
        ('[tls]\nenabled = true\nmode = "pem"\ncert_file = "/c"\nkey_pem = "k"\n', "tls.cert_file: stands beside"),
        (HTTPS + 'listen_addr = "x"\n', "tls.listen_addr: 'x' is not host:port"),
        (HTTPS + 'listen_addr = "127.0.0.1:8080"\n', "listen_addr: '127.0.0.1:8080' is the address of tls.listen_addr"),
        (HTTPS + 'acme_directory_url = "ftp://x"\n', "tls.acme_directory_url: "),
        (HTTPS + "cert = 1\n", "tls.cert: unknown key"),
    ],
)
def test_what_cannot_be_is_told(read: Callable[[str], Settings], text: str, told: str) -> None:
    with pytest.raises(ConfigErrors) as caught:
        read(text)

    assert told in str(caught.value)


def test_a_provider_at_the_address_of_https_is_the_gateway_itself(read: Callable[[str], Settings]) -> None:
    provider = '[[providers]]\nname = "me"\nprovider_type = "openai"\nbase_url = "https://127.0.0.1:8443/v1"\n'
    with pytest.raises(ConfigErrors) as caught:
        read(HTTPS + 'listen_addr = ":8443"\n' + provider)

    assert "is this gateway's own address" in str(caught.value)


LETS_ENCRYPT = '[tls]\nenabled = true\ndomains = ["ai.example.com"]\n'


def test_what_an_authority_is_asked_for_is_read_and_its_secret_is_never_shown(read: Callable[[str], Settings]) -> None:
    tls = read(LETS_ENCRYPT + 'acme_accept_terms = true\nacme_eab_kid = "kid"\nacme_eab_hmac_key = "env:A_KEY"').tls

    assert (tls.mode, tls.challenge, tls.acme_accept_terms) == ("letsencrypt", "auto", True)
    assert (tls.acme_eab_kid, tls.acme_eab_hmac_key) == ("kid", "the key")
    assert "the key" not in repr(tls)
    assert not read(LETS_ENCRYPT).tls.acme_accept_terms


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[tls]\nenabled = true\ndomain = "*.example.com"\n', "takes dns-01"),
        (LETS_ENCRYPT + 'acme_eab_kid = "kid"\n', "acme_eab_hmac_key: is missing"),
        (LETS_ENCRYPT + 'acme_eab_hmac_key = "key"\n', "acme_eab_kid: is missing"),
        ('http_mode = "disabled"\n' + LETS_ENCRYPT + 'challenge = "http-01"\n', "plain HTTP, which is served nowhere"),
    ],
)
def test_an_authority_that_could_never_be_satisfied_is_told_of_at_the_start(
    read: Callable[[str], Settings], text: str, told: str
) -> None:
    with pytest.raises(ConfigErrors) as errors:
        read(text)

    assert told in str(errors.value)


def test_with_one_more_address_plain_http_may_be_off(read: Callable[[str], Settings]) -> None:
    text = 'http_mode = "disabled"\n' + LETS_ENCRYPT + 'challenge = "http-01"\nredirect_addr = ":80"\n'

    assert read(text).tls.challenge == "http-01"
