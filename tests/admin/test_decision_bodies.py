import json

import pytest

from tokenrouter.admin.decision_bodies import Decision, shown_decision

WHOLE = {
    "by": "request",
    "profile": "home",
    "selection": "ordered",
    "sticky": True,
    "models": ["a", "b"],
    "wishes": {"only": ["acme"], "allow_fallbacks": False, "max_price": True},
    "order": ["acme/large"],
    "left_out": {"local/llama": "disabled"},
    "cooling": {"other/large": "provider_refused, 12 s"},
    "attempts": [{"target": "acme/large", "outcome": "completed", "status": 200}],
}


def test_a_decision_has_every_part_by_name() -> None:
    shown = shown_decision(json.dumps(WHOLE))

    assert shown is not None
    assert shown.model_dump(exclude_defaults=True) == WHOLE
    assert shown_decision('{"by": "prefix"}') == Decision(by="prefix")


@pytest.mark.parametrize("text", ["", "no JSON", "[]", '{"order": 7}'])
def test_what_is_no_decision_is_none(text: str) -> None:
    assert shown_decision(text) is None
