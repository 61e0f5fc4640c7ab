import json
from dataclasses import replace

import pytest

from tests.gateway.fakes import KEY, Notes, catalog
from tokenrouter.dialects.openai_chat.chat import CHAT
from tokenrouter.domain.conditions import Condition
from tokenrouter.domain.ledger import Usage
from tokenrouter.domain.prices import flat_price
from tokenrouter.gateway.call import CallHead
from tokenrouter.gateway.choices import Known, Route
from tokenrouter.gateway.circumstances import Circumstances
from tokenrouter.gateway.directory import Directory
from tokenrouter.gateway.estimates import FIRST_OUTPUT_TOKENS
from tokenrouter.gateway.lanes import Books

BOOKS = Books(Notes())
DIRECTORY = Directory(replace(catalog(), prices={"acme/small": flat_price(1000, 5000)}), b"")
SMALL, LARGE = (Route(DIRECTORY.providers["acme"], name) for name in ("small", "large"))


def circumstances(books: Books = BOOKS, said: bytes = b"", **more: object) -> Circumstances:
    body = {"model": "x", "messages": [{"role": "user", "content": "y" * 400}], **more}
    head = CallHead(CHAT, b"", session=said)
    principal = DIRECTORY.authenticate((KEY,), 0.0)
    conditions = {"acme": Condition(left=0.25), "other": Condition()}
    return Circumstances(DIRECTORY, principal, head, CHAT.peek(json.dumps(body).encode()), books, conditions)


def test_it_is_what_a_choice_may_ask_for() -> None:
    known: Known = circumstances(stream=True)

    assert (known.stream, known.tokens()) == (True, 100)
    assert known.load(SMALL) is BOOKS.loads.of("acme/small")
    assert 0 <= known.chance() < 1


def test_a_conversation_is_the_same_whenever_it_is_asked_for() -> None:
    known = circumstances()

    assert known.session() == known.session() == circumstances().session() != circumstances(said=b"s").session()


def test_of_a_provider_of_which_nobody_knows_all_is_left() -> None:
    other = replace(SMALL.entry, provider=replace(SMALL.entry.provider, name="other"))
    third = replace(SMALL.entry, provider=replace(SMALL.entry.provider, name="third"))

    assert [circumstances().left(route) for route in (SMALL, Route(other, "x"), Route(third, "x"))] == [0.25, 1.0, 1.0]


def test_a_request_costs_what_its_prompt_and_a_usual_answer_cost() -> None:
    known = circumstances()
    prompt = round(known._peeked.size / 4)

    assert known.cost(LARGE) is None
    assert known.cost(SMALL) == prompt * 1000 + FIRST_OUTPUT_TOKENS * 5000
    assert circumstances(max_tokens=7).cost(SMALL) == pytest.approx(prompt * 1000 + 7 * 5000, rel=0.05)

    books = Books(Notes())
    books.estimates.of("acme", "small").answers.learn(Usage(output_tokens=30).output_tokens)
    assert circumstances(books).cost(SMALL) == prompt * 1000 + 30 * 5000
