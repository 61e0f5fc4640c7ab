"""One value of torod.toml got, set and taken out, and nothing else changed."""

from pathlib import Path

import pytest

from tests.cli.installed import torod
from tokenrouter.testing.processes import Home

TEXT = """\
# Ada's gateway.
listen_addr = "127.0.0.1:9000"   # on purpose
admin_api_key = "tr_a-secret-of-ada"

[[providers]]
name = "my.server"  # the big one
base_url = "http://127.0.0.1:9/v1"

[unknown]
"""


@pytest.fixture
def file(home: Home) -> Path:
    path = home.path / "torod.toml"
    path.write_text(TEXT.replace("[unknown]\n", ""))
    return path


def test_a_value_is_printed_and_a_secret_only_when_that_is_said(home: Home, file: Path) -> None:
    assert torod(home, "config", "get", "listen_addr").stdout == "127.0.0.1:9000\n"
    assert torod(home, "config", "get", 'providers."my.server".base_url').stdout == "http://127.0.0.1:9/v1\n"
    assert torod(home, "config", "get", "providers[0].name").stdout == "my.server\n"
    assert torod(home, "config", "get", "admin_api_key").stdout == "…\n"
    assert torod(home, "config", "get", "admin_api_key", "--show-secret").stdout == "tr_a-secret-of-ada\n"
    assert "base_url = " in torod(home, "config", "get", "providers").stdout


def test_what_the_file_does_not_say_is_told(home: Home, file: Path) -> None:
    for command in ("get", "unset"):
        for key in ("tls.mode", "providers.nobody", "providers[7].name", "listen_addr.host"):
            done = torod(home, "config", command, key)
            assert (done.exit_code, done.stdout) == (1, ""), key
            assert "does not say" in done.stderr

    assert torod(home, "config", "get", "no key").exit_code == 2


@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        ("listen_addr", "127.0.0.1:9001", 'listen_addr = "127.0.0.1:9001"   # on purpose'),
        ("drain_s", "2.5", "drain_s = 2.5"),
        ("discovery", "false", "discovery = false"),
        ("trusted_proxies", '["127.0.0.1"]', 'trusted_proxies = ["127.0.0.1"]'),
        ("default_provider", "my.server", 'default_provider = "my.server"'),
        ("conversations.max_items", "200", "max_items = 200"),
        ('providers."my.server".api_key', "123", 'api_key = "123"'),
        ("providers.lab.base_url", "http://127.0.0.1:8/v1", 'name = "lab"'),
    ],
)
def test_a_value_is_set_and_every_other_line_stays(home: Home, file: Path, key: str, value: str, line: str) -> None:
    before = file.read_text().splitlines()

    done = torod(home, "config", "set", key, value)

    assert done.exit_code == 0, done.stderr
    after = file.read_text().splitlines()
    assert line in after
    assert [one for one in before if one not in after] in ([], ['listen_addr = "127.0.0.1:9000"   # on purpose'])


def test_a_secret_comes_from_standard_input_and_is_not_repeated(home: Home, file: Path) -> None:
    done = torod(home, "config", "set", "providers[0].api_key", "-", text="sk-hunter22\n")

    assert 'api_key = "sk-hunter22"' in file.read_text()
    assert "hunter22" not in done.output
    assert "tr_a-secret" not in done.output


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("listen_adr", "x", 'did you mean "listen_addr"?'),
        ("workers", "two", "workers: 'two' must be a whole number"),
        ("listen_addr.port", "1", "listen_addr is no table"),
        ("providers[0].base_url", "nowhere", "base_url"),
        ("default_provider", "nobody", "there is no provider 'nobody'"),
    ],
)
def test_what_would_be_wrong_is_refused(home: Home, file: Path, key: str, value: str, told: str) -> None:
    before = file.read_bytes()

    done = torod(home, "config", "set", key, value)

    assert done.exit_code == 1
    assert told in done.stderr
    assert file.read_bytes() == before


def test_values_entries_and_tables_are_taken_out(home: Home, file: Path) -> None:
    assert torod(home, "config", "unset", 'providers."my.server"').exit_code == 0
    assert torod(home, "config", "unset", "admin_api_key").exit_code == 0

    assert file.read_text().rstrip() == '# Ada\'s gateway.\nlisten_addr = "127.0.0.1:9000"   # on purpose'


def test_a_wrong_file_can_be_mended_one_value_at_a_time(home: Home, file: Path) -> None:
    file.write_text('wrokers = 1\nlisten_adr = "x"\n')

    assert torod(home, "config", "unset", "wrokers").exit_code == 0
    assert file.read_text() == 'listen_adr = "x"\n'


def test_the_first_value_makes_the_file(home: Home) -> None:
    done = torod(home, "config", "set", "log_level", "debug")

    assert done.exit_code == 0, done.stderr
    assert (home.path / "torod.toml").read_text().endswith('\nlog_level = "debug"\n')
