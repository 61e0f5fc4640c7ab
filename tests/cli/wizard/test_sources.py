"""Answers from files, variables and flags."""

from pathlib import Path

import pytest

from tokenrouter.cli.wizard.answers import WrongAnswers
from tokenrouter.cli.wizard.sources import gather


@pytest.mark.parametrize(
    "text", ['listen_addr = "a:1"\ntls_domain = ["x.org"]\n', '{"listen_addr": "a:1", "tls_domain": "x.org"}']
)
def test_an_answers_file_is_toml_or_json(tmp_path: Path, text: str) -> None:
    file = tmp_path / "answers"
    file.write_text(text)

    assert gather(str(file), {}, {}) == {"listen_addr": "a:1", "tls_domain": ("x.org",)}


def test_flags_win_over_the_file_and_the_file_over_variables(tmp_path: Path) -> None:
    file = tmp_path / "answers.toml"
    file.write_text('listen_addr = "file:1"\npublic_url = "http://file"\n')
    environ = {
        "TOROD_CONFIG_LISTEN_ADDR": "variable:1",
        "TOROD_CONFIG_PUBLIC_URL": "http://variable",
        "TOROD_CONFIG_TLS_REDIRECT": "true",
        "TOROD_CONFIG_TLS_EMAIL": "",
        "PATH": "/bin",
    }

    found = gather(str(file), {"listen_addr": "flag:1", "public_url": None, "trusted_proxies": ()}, environ)

    assert found == {"listen_addr": "flag:1", "public_url": "http://file", "tls_redirect": True}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{,}", "is not JSON"),
        ("a =", "is not TOML"),
        ("[tls]\nmode = 'pem'", "tls: must be a text"),
        ("tsl = 1", "did you mean"),
    ],
)
def test_what_is_wrong_with_a_file_is_told(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "answers"
    file.write_text(text)

    with pytest.raises(WrongAnswers, match=told):
        gather(str(file), {}, {})


def test_a_file_that_is_not_there_and_a_variable_of_no_question_are_told(tmp_path: Path) -> None:
    with pytest.raises(WrongAnswers, match="cannot be read: No such file"):
        gather(str(tmp_path / "none"), {}, {})
    with pytest.raises(WrongAnswers, match='did you mean "listen_addr"'):
        gather(None, {}, {"TOROD_CONFIG_LISTEN_ADRR": "x"})
