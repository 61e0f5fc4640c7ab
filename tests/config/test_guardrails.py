"""Guardrails and hooks in the file, right and wrong."""

from pathlib import Path

import pytest

from tokenrouter.config.load import load
from tokenrouter.config.problems import ConfigErrors
from tokenrouter.config.settings import Settings
from tokenrouter.domain.guardrails import DETECTORS, Guardrail

TEAMS = '[[teams]]\nname = "physics"\n'


def read(folder: Path, text: str) -> Settings:
    file = folder / "torod.toml"
    file.write_text(text)
    return load(config=str(file), environ={"TOKENROUTER_HOME": str(folder)})


def test_every_kind_is_read(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        TEAMS + '[[guardrails]]\nname = "small"\ntype = "input_size"\nmax_tokens = 8\nmax_bytes = 9\n'
        '[[guardrails]]\nname = "words"\ntype = "block"\nscope = ["team:physics", "key:ann"]\nwords = ["zeus "]\n'
        'patterns = ["a+b"]\naction = "mask"\nmask = "***"\n'
        '[[guardrails]]\nname = "privacy"\ntype = "redact"\ndetect = ["iban", "email"]\nunreadable = "refuse"\n'
        'patterns = { STUDENT = "S[0-9]+" }\n'
        '[[guardrails]]\nname = "all"\ntype = "redact"\n',
    )

    small, words, privacy, everything = settings.guardrails
    assert small == Guardrail("small", "input_size", ("global",), max_tokens=8, max_bytes=9, origin="torod.toml:3")
    assert words.scopes == ("team:physics", "key:ann")
    assert (words.words, words.patterns, words.action, words.mask) == (("zeus",), {"1": "a+b"}, "mask", "***")
    assert (privacy.detect, privacy.patterns, privacy.unreadable) == (
        ("email", "iban"),
        {"STUDENT": "S[0-9]+"},
        "refuse",
    )
    assert everything.detect == DETECTORS


def test_without_any_there_is_none(tmp_path: Path) -> None:
    settings = read(tmp_path, "")
    assert (settings.guardrails, settings.hooks) == ((), ())


HEAD = '[[guardrails]]\nname = "g"\n'
WRONG = [
    ('[[guardrails]]\ntype = "redact"\n', "torod.toml:1: guardrails[0].name: is missing"),
    (HEAD + 'type = "redact"\n' + HEAD + 'type = "redact"\n', "torod.toml:5: guardrails[1].name: 'g' stands twice"),
    (HEAD + 'type = "redct"\n', "torod.toml:3: guardrails[0].type: 'redct' is not known"),
    (HEAD + 'type = "redact"\ndetekt = []\n', "torod.toml:4: guardrails[0].detekt: unknown key"),
    (HEAD + 'type = "redact"\ndetect = ["mail"]\n', "torod.toml:4: guardrails[0].detect: 'mail' is not known"),
    (HEAD + 'type = "redact"\npatterns = { x = "a" }\n', "torod.toml:4: guardrails[0].patterns: 'x' is not usable"),
    (HEAD + 'type = "redact"\npatterns = { EMAIL = "a" }\n', "torod.toml:4: guardrails[0].patterns: 'EMAIL'"),
    (HEAD + 'type = "redact"\npatterns = { X = "(?=a)" }\n', "torod.toml:4: guardrails[0].patterns: '(?=a)'"),
    (HEAD + 'type = "redact"\nscope = "team:chemistry"\n' + TEAMS, "there is no team 'chemistry'"),
    (HEAD + 'type = "redact"\nscope = "model:a/b"\n', "torod.toml:4: guardrails[0].scope: 'model:a/b' is not known"),
    (HEAD + 'type = "redact"\nscope = []\n', "torod.toml:4: guardrails[0].scope: is empty"),
    (HEAD + 'type = "input_size"\n', "torod.toml:1: guardrails[0].max_tokens: is missing"),
    (HEAD + 'type = "block"\n', "torod.toml:1: guardrails[0].words: is missing"),
    (HEAD + 'type = "block"\nwords = []\npatterns = []\n', "torod.toml:4: guardrails[0].words: is missing"),
    (HEAD + 'type = "redact"\ndetect = []\n', "torod.toml:4: guardrails[0].detect: is empty, so nothing is found"),
    (HEAD + 'type = "block"\nwords = [""]\n', "torod.toml:4: guardrails[0].words: must be"),
    ('[[guardrails]]\nname = "é"\ntype = "redact"\n', "torod.toml:2: guardrails[0].name: 'é' is not usable"),
    ('[[hooks]]\nname = "nobody-has-this"\n', "torod.toml:2: hooks[0].name: no installed package offers the hook"),
    ('[[hooks]]\nname = "x"\ntimeout_s = 31\n', "torod.toml:3: hooks[0].timeout_s: 31 is too long"),
    ('[[hooks]]\nname = "x"\non_error = "ignore"\n', "torod.toml:3: hooks[0].on_error: 'ignore' is not known"),
]


@pytest.mark.parametrize(("text", "told"), WRONG)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ConfigErrors) as raised:
        read(tmp_path, text)
    assert told in str(raised.value)
