import json

from hypothesis import example, given
from hypothesis import strategies as st

from tokenrouter.gateway.decisions import (
    MAX_LEFT_OUT,
    WHY,
    DecisionRecord,
    LeftOut,
    UsualRecord,
    facts_of,
    short,
    usual_decision,
    with_left_out,
)

MAX_BYTES = 48 * 2**10
names = st.text(min_size=1, max_size=600)


def test_a_record_tells_what_was_decided_and_what_came_of_it() -> None:
    facts = facts_of("alias", [LeftOut("local/x", "disabled")], profile="work", selection="ordered", models=())
    record = DecisionRecord("req_1", facts, ("acme/a", "other/b"), {"other/b": "provider_overloaded, 4 s"})

    record.noted("acme/a", "provider_unreachable", 502)

    assert json.loads(record.ended("other/b", "completed", 200)) == {
        "by": "alias",
        "profile": "work",
        "selection": "ordered",
        "left_out": {"local/x": "disabled"},
        "order": ["acme/a", "other/b"],
        "cooling": {"other/b": "provider_overloaded, 4 s"},
        "attempts": [
            {"target": "acme/a", "outcome": "provider_unreachable", "status": 502},
            {"target": "other/b", "outcome": "completed", "status": 200},
        ],
    }
    assert record.header("req_1.2") == b"x-tokenrouter-decision: req_1\r\n"


def test_what_holds_for_all_requests_is_short() -> None:
    assert usual_decision(facts_of("prefix")) == '{"by":"prefix"}'


def test_more_may_be_left_out_later() -> None:
    facts = facts_of("alias", [LeftOut("a", "gone")], profile="x")

    more = with_left_out(facts, [LeftOut("b", "model_unpriced")])

    assert more.told == {"by": "alias", "profile": "x", "left_out": {"a": "gone", "b": "model_unpriced"}}
    assert with_left_out(facts_of("alias"), []).told == {"by": "alias"}


@given(st.lists(names, max_size=8), st.lists(names, max_size=40), st.integers(0, 60))
@example(["\x01" * 600] * 8, [f"{number}" + "\x01" * 600 for number in range(40)], 60)
def test_no_record_grows_beyond_its_bound(order: list[str], left_out: list[str], failures: int) -> None:
    facts = facts_of("alias", [LeftOut(name, "not_allowed") for name in left_out])
    record = DecisionRecord("req_1", facts, tuple(order), dict.fromkeys(order, "provider_credentials_rejected, 300 s"))
    for _ in range(failures):
        record.noted("\x01" * 600, "provider_unreachable", 502)

    text = record.ended("\x01" * 600, "completed", 200)

    assert len(text) < MAX_BYTES
    assert len(json.loads(text).get("left_out", ())) <= MAX_LEFT_OUT


def test_long_names_are_cut_visibly() -> None:
    assert short("x" * 96) == "x" * 96
    assert short("x" * 97) == "x" * 95 + "…"


def test_every_reason_has_words() -> None:
    assert all(word.islower() and text for word, text in WHY.items())


def test_requests_that_go_as_usual_have_one_record_that_says_the_same_as_their_own() -> None:
    facts, order = facts_of("alias", profile="work"), ("acme/a", "other/b")
    usual, own = UsualRecord(facts, order), DecisionRecord("req_1", facts, order)

    for outcome, status in (("completed", 200), ("completed", 201), ("client_disconnect", 200), ("completed", 200)):
        assert usual.ended("acme/a", outcome, status) == own.ended("acme/a", outcome, status)
    assert usual.header("req_1") == own.header("req_1")
