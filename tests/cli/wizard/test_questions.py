"""The table of questions, and its documentation."""

from tests.repo.files import ROOT
from tokenrouter.cli.wizard.questions import BY_NAME, QUESTIONS


def test_every_question_is_in_the_documents() -> None:
    text = (ROOT / "docs/configuration.md").read_text().partition("## The wizard")[2].partition("\n## ")[0]

    assert not [one.name for one in QUESTIONS if f"`{one.name}`" not in text]
    assert not [mode for one in QUESTIONS for mode in one.choices if f"`{mode}`" not in text]


def test_flags_and_variables_are_named_like_their_question() -> None:
    question = BY_NAME["provider_key_env"]

    assert (question.flag, question.variable) == ("--provider-key-env", "TOROD_CONFIG_PROVIDER_KEY_ENV")
