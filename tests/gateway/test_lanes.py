import json
from dataclasses import replace
from typing import Any

import pytest

from tests.gateway.fakes import KEY, Notes, Told, catalog
from tokenrouter.dialects.anthropic.messages import COUNT_TOKENS
from tokenrouter.dialects.openai.embeddings import EMBEDDINGS
from tokenrouter.dialects.openai_chat.chat import CHAT
from tokenrouter.domain.aliases import Alias, Target
from tokenrouter.domain.catalog import Policy, Provider
from tokenrouter.domain.conduct import Conduct
from tokenrouter.domain.errors import InvalidRequest, ModelNotFound, ModelUnpriced
from tokenrouter.domain.limits import Limit, Window
from tokenrouter.domain.prices import MILLION, Price, Sheet, flat_price, most_cost, rates_of, scaled
from tokenrouter.gateway.call import CallHead
from tokenrouter.gateway.circumstances import Circumstances
from tokenrouter.gateway.decisions import NO_FACTS
from tokenrouter.gateway.directory import Directory, Principal
from tokenrouter.gateway.lanes import MAX_LANES, Books, Lane, Plan, lane_at_model, lanes_of


def principal(directory: Directory) -> Principal:
    return directory.authenticate((KEY,), 0.0)


def lane(directory: Directory, model: str, notes: Notes | None = None) -> Lane:
    return lanes_of(directory, principal(directory), CHAT, model, Told(), books=Books(notes or Notes())).lanes[0]


def test_a_lane_is_worked_out_once() -> None:
    directory = Directory(catalog(), b"")

    assert lane(directory, "acme/small") is lane(directory, "acme/small")
    assert lane(directory, "acme/a/b") is not lane(directory, "acme/small")


def test_a_changed_catalogue_forgets_every_lane_but_not_what_was_learned() -> None:
    books = Books(Notes())
    old = Directory(catalog(), b"")
    before = lanes_of(old, principal(old), CHAT, "acme/small", Told(), books=books).lanes[0]
    priced = catalog()
    priced.prices["acme/small"] = flat_price(1, 2, source="file")
    new = Directory(priced, b"")

    after = lanes_of(new, principal(new), CHAT, "acme/small", Told(), books=books).lanes[0]

    assert before.price is None
    assert after.price == flat_price(1, 2, source="file")
    assert after.subject.price_source.startswith("file #")
    assert after.estimates is before.estimates


@pytest.mark.parametrize(("policy", "key"), [(Policy(unpriced="deny"), {}), (Policy(), {"unpriced": "deny"})])
def test_a_model_without_a_price_is_refused_where_policy_or_key_says_so(policy: Policy, key: dict[str, Any]) -> None:
    asked = replace(catalog(**key), policy=policy)

    with pytest.raises(ModelUnpriced, match="acme/small"):
        lane(Directory(asked, b""), "acme/small")

    asked.prices["acme/sm*"] = flat_price(0, 0)
    assert lane(Directory(asked, b""), "acme/small").price == flat_price(0, 0)


@pytest.mark.parametrize(
    ("asked", "rate"),
    [
        ({}, 10),
        ({"service_tier": "flex"}, 10),
        ({"service_tier": "priority"}, 30),
        ({"serviceTier": "PRIORITY"}, 30),
        ({"service_tier": "auto", "speed": "fast"}, 60),
        ({"service_tier": 7, "speed": "fast"}, 60),
        ({"service_tier": 7}, 10),
    ],
)
def test_a_request_for_a_dearer_tier_is_held_at_what_that_may_cost(asked: dict[str, Any], rate: int) -> None:
    usual = Sheet(rates_of(10 * MILLION, 10 * MILLION))
    tiers = (("flex", scaled(usual, 50)), ("priority", scaled(usual, 300)), ("fast", scaled(usual, 600)))
    state = catalog()
    state.prices["acme/small"] = Price(*usual, tiers)
    found = lane(Directory(state, b""), "acme/small")
    head = CHAT.peek(json.dumps({"model": "m", "messages": [], **asked}).encode())

    ceiling = found.ceiling_of(head)

    assert ceiling is not None
    assert most_cost(100, 10, ceiling) == 110 * rate


def test_a_tier_in_other_letters_is_the_same_tier() -> None:
    usual = Sheet(rates_of(MILLION, MILLION))
    state = catalog()
    state.prices["acme/small"] = Price(*usual, (("priority", scaled(usual, 300)),))
    head = CHAT.peek(b'{"model":"m","messages":[],"service_tier":"prior\\u0069ty"}')

    ceiling = lane(Directory(state, b""), "acme/small").ceiling_of(head)

    assert ceiling is not None
    assert most_cost(10, 0, ceiling) == 30


def test_a_request_that_may_become_several_is_held_at_the_price_of_each() -> None:
    state = catalog()
    state.prices["acme/small"] = flat_price(1, 1)._replace(request_nano=50)
    found = lane(Directory(state, b""), "acme/small")
    head = CHAT.peek(b'{"model":"m","messages":[],"n":3}')

    ceiling = found.ceiling_of(head)

    assert ceiling is not None
    assert ceiling.request_nano == 150
    assert lane(Directory(catalog(), b""), "acme/small").ceiling_of(head) is None


def test_counting_tokens_needs_no_price() -> None:
    directory = Directory(replace(catalog(), policy=Policy(unpriced="deny")), b"")

    (found,) = lanes_of(directory, principal(directory), COUNT_TOKENS, "acme/small", Told(), books=Books(Notes())).lanes
    assert found.price is None


@pytest.mark.parametrize("scope", ["key:alice", "key:*", "global", "team:physics", "provider:acme", "ip:10.0.0.0/8"])
def test_a_limit_of_costs_and_a_model_without_a_price_do_not_go_together(scope: str) -> None:
    limits = (Limit("x", scope, "cost_usd", Window("lifetime"), 10**9),)
    limited = replace(catalog(team="physics"), limits=limits)
    allowed = replace(catalog(team="physics", allow_unpriced=True), limits=limits)
    soft = replace(limited, limits=(replace(limits[0], mode="soft"),))

    with pytest.raises(ModelUnpriced, match=scope.replace("*", ".")):
        lane(Directory(limited, b""), "acme/small")
    assert lane(Directory(allowed, b""), "acme/small").price is None
    assert lane(Directory(replace(limited, policy=Policy(allow_unpriced=True)), b""), "acme/small").price is None
    assert lane(Directory(soft, b""), "acme/small").price is None


def test_names_without_end_do_not_fill_the_memory() -> None:
    directory = Directory(catalog(), b"")
    for number in range(MAX_LANES + 10):
        lane(directory, f"acme/model-{number}")

    assert len(principal(directory).lanes) <= MAX_LANES


def test_a_name_that_leads_nowhere_is_not_remembered() -> None:
    provider = Provider("acme", "openai-compatible", "http://127.0.0.1:9/v1", enabled=False)
    directory = Directory(catalog(providers=(provider,)), b"")

    with pytest.raises(ModelNotFound):
        lane(directory, "acme/small")
    assert not principal(directory).lanes


def test_an_operation_that_the_vendor_lacks_is_refused_by_name() -> None:
    directory = Directory(catalog(providers=(Provider("claude", "anthropic", "", secret="sk-x"),)), b"")

    with pytest.raises(InvalidRequest, match="embeddings"):
        lanes_of(directory, principal(directory), EMBEDDINGS, "claude/x", Told(), books=Books(Notes()))


def test_who_is_charged_stands_in_the_lane() -> None:
    found = lane(Directory(catalog(team="physics"), b""), "acme/small")

    assert found.scopes == ("key:alice", "team:physics", "global", "provider:acme", "model:acme/small")
    assert (found.subject.key_name, found.subject.team, found.subject.model) == ("alice", "physics", "small")


BOTH = (Target("acme/small"), Target("acme/large"))
DECIDED = (
    Alias("in-order", BOTH),
    Alias("settled", BOTH, selection="weighted"),
    Alias("drawn", BOTH, selection="weighted", conduct=Conduct(sticky=False)),
)


def forked(**more: Any) -> Directory:
    aliases = (
        Alias(
            "split",
            (Target("acme/small", weight=3), Target("acme/large")),
            selection="weighted",
            conduct=Conduct(sticky=False),
        ),
        Alias("short", (Target("acme/large"),), use_light_model=True, light_model="small", light_model_threshold=5),
        Alias("gpt-*", (Target("acme/large"),)),
    )
    return Directory(replace(catalog(**more), aliases=aliases), b"")


def asked(directory: Directory, model: str, text: str, books: Books) -> Lane:
    peeked = CHAT.peek(json.dumps({"model": model, "messages": [{"role": "user", "content": text}]}).encode())
    known = Circumstances(directory, principal(directory), CallHead(CHAT, b""), peeked, books, {})
    return lanes_of(directory, principal(directory), CHAT, model, known, books=books).lanes[0]


def test_a_weighted_alias_is_decided_for_each_request_and_has_a_lane_for_each_end() -> None:
    directory, chances = forked(), iter([0.0, 0.74, 0.75, 0.99])
    books = Books(Notes(), chance=lambda: next(chances))

    lanes = [asked(directory, "split", "hello", books) for _ in range(4)]

    assert [lane.subject.model for lane in lanes] == ["small", "small", "large", "large"]
    assert lanes[0] is lanes[1]
    assert lanes[2] is lanes[3]
    assert not principal(directory).lanes


def test_requests_of_one_order_share_their_plan_and_those_of_conversations_have_their_own() -> None:
    directory, books = forked(), Books(Notes())

    def plan(*chances: float, session: int = 0) -> Plan:
        known = Told(chances=chances, session=session)
        return lanes_of(directory, principal(directory), CHAT, "split", known, books=books)

    assert plan(0.0) is plan(0.7)
    assert plan(0.0) is not plan(0.9)
    assert plan(0.0).order == ("acme/small", "acme/large")
    kept = plan(0.0, session=1)
    assert kept.facts is not None
    assert kept.facts.told["sticky"] is True


@pytest.mark.parametrize(
    "conduct",
    [Conduct(deadline_s=5), Conduct(hedge=True), Conduct(min_tokens_per_s=1), Conduct(continue_streams=True)],
    ids=str,
)
def test_a_plan_with_further_wishes_is_not_simple(conduct: Conduct) -> None:
    assert not Plan.carried((), conduct, NO_FACTS).is_simple
    assert Plan.carried((), Conduct(refused_elsewhere=True), NO_FACTS).is_simple


def test_a_short_request_goes_to_the_light_model() -> None:
    directory, books = forked(), Books(Notes())

    light, usual = asked(directory, "short", "x" * 19, books), asked(directory, "short", "x" * 20, books)

    assert (light.subject.model, usual.subject.model) == ("small", "large")
    assert (light.subject.alias, light.subject.requested_model, light.model_field) == ("short", "short", b'"small"')


def test_an_alias_is_in_the_books_and_its_limits_apply() -> None:
    directory, books = forked(), Books(Notes())

    found = asked(directory, "gpt-4o", "hello", books)

    assert (found.subject.alias, found.subject.requested_model) == ("gpt-*", "gpt-4o")
    assert found.scopes[-3:] == ("provider:acme", "model:acme/large", "alias:gpt-*")
    assert asked(directory, "gpt-4o", "hello", books) is found


def test_a_name_leads_to_a_model_that_is_told_if_it_can() -> None:
    directory, books = forked(), Books(Notes())
    caller = principal(directory)

    found = lane_at_model(directory, caller, CHAT, "split", "acme/large", books=books)

    assert found is not None
    assert found.subject.model == "large"
    assert lane_at_model(directory, caller, CHAT, "split", "acme/other", books=books) is None


def test_branches_are_forgotten_when_there_are_too_many() -> None:
    directory, books = forked(), Books(Notes())
    caller = principal(directory)

    for number in range(MAX_LANES + 1):
        lane_at_model(directory, caller, CHAT, f"gpt-{number}", "acme/large", books=books)

    assert len(caller.branches) == 1


def test_what_decides_about_requests_is_known_beforehand() -> None:
    directory, books = Directory(replace(catalog(), aliases=DECIDED), b""), Books(Notes())
    caller = principal(directory)

    for name in ("in-order", "settled", "drawn"):
        lanes_of(directory, caller, CHAT, name, Told(chances=[0.0], session=7), books=books)

    known = caller.choices
    assert [known[name].is_fixed for name in ("in-order", "settled", "drawn")] == [True, False, False]
    assert [known[name].is_settled for name in ("in-order", "settled", "drawn")] == [False, True, False]
    assert list(known["in-order"].always) == [CHAT]
    assert list(known["settled"].homes) == [(CHAT, 7)]
    assert not known["drawn"].homes


def test_a_request_of_no_conversation_has_no_home() -> None:
    directory, books = Directory(replace(catalog(), aliases=DECIDED), b""), Books(Notes())
    caller = principal(directory)

    lanes_of(directory, caller, CHAT, "settled", Told(chances=[0.0]), books=books)

    assert not caller.choices["settled"].homes
