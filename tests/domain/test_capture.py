import pytest

from tokenrouter.domain.capture import Captured, CaptureRules, scope_mistake

ANN = ("key:ann", "key:parent", "user:ann", "team:physics", "global")


@pytest.mark.parametrize(
    ("scopes", "kept"),
    [
        ({}, False),
        ({"global": True}, True),
        ({"team:physics": True}, True),
        ({"team:chemistry": True}, False),
        ({"global": True, "team:physics": False}, False),
        ({"global": False, "team:physics": False, "key:ann": True}, True),
        ({"key:ann": False, "key:parent": True}, False),
        ({"user:ann": False, "key:parent": True}, True),
    ],
)
def test_the_nearest_word_counts(scopes: dict[str, bool], kept: bool) -> None:
    assert CaptureRules(scopes).capture(ANN) is kept


def test_rules_that_only_forbid_keep_nothing() -> None:
    assert CaptureRules().is_off
    assert CaptureRules({"global": False, "key:ann": False}).is_off
    assert not CaptureRules({"global": False, "key:ann": True}).is_off


def test_what_is_no_scope_is_told() -> None:
    for scope in ("global", "team:physics", "user:ann", "key:a b"):
        assert scope_mistake(scope) == ""
    for scope in ("", "team", "team:", "key: x", "ip:10.0.0.1", "Global"):
        assert "global, team:NAME" in scope_mistake(scope)


def test_who_answered_stands_in_the_head_of_the_answer() -> None:
    told = Captured("r", 0, 0, "openai-chat", "chat", answer_headers=(("x-tokenrouter-provider", "acme"),))

    assert told.provider == "acme"
    assert Captured("r", 0, 0, "openai-chat", "chat").provider == ""
