"""`torod tls` as a user types it; orders from a real authority are in tests/e2e/test_lets_encrypt.py."""

import json

import pytest

from tests.cli.installed import torod
from tokenrouter.testing.processes import Home

LETS_ENCRYPT = '[tls]\nenabled = true\nmode = "letsencrypt"\ndomain = "a.example"\n'


def test_without_https_it_is_off_and_nothing_is_ordered(home: Home) -> None:
    assert torod(home, "tls", "status").stdout == "https: off\n"
    for command in ("test", "renew"):
        refused = torod(home, "tls", command)
        assert refused.exit_code == 1
        assert 'mode = "letsencrypt"' in refused.stderr


def test_before_the_first_start_there_is_no_certificate(home: Home) -> None:
    (home.path / "torod.toml").write_text(LETS_ENCRYPT)

    told = json.loads(torod(home, "tls", "status", "--json").stdout)

    assert (told["https"], told["mode"]) == ("on", "letsencrypt")
    assert "the server makes one when it starts" in told["problem"]
    assert told["authority"] == "https://acme-v02.api.letsencrypt.org/directory"


@pytest.mark.parametrize("command", ["test", "renew"])
def test_an_authority_that_is_away_is_told(home: Home, command: str) -> None:
    away = 'acme_accept_terms = true\nacme_directory_url = "https://127.0.0.1:1/dir"\n'
    (home.path / "torod.toml").write_text(LETS_ENCRYPT + away)

    refused = torod(home, "tls", command)

    assert refused.exit_code == 1
    assert "asking for a.example" in refused.stderr
    assert "the certificate authority 127.0.0.1:1 cannot be reached" in refused.stderr
    if command == "renew":
        assert "cannot be reached" in torod(home, "tls", "status").stdout
