"""Providers that are asked with several keys: which one answers, and what becomes of the others."""

import asyncio
import contextlib
import json
import re
from dataclasses import replace
from typing import Any

import pytest

from tests.gateway.fakes import Client, Fed, Held, Notes, Scripted, Tokens, catalog
from tests.gateway.test_engine import ANSWER, CHUNK, DONE, JSON, LAST, SSE, call
from tokenrouter.dialects.anthropic.messages import COUNT_TOKENS
from tokenrouter.domain.aliases import Alias, Target
from tokenrouter.domain.catalog import Provider
from tokenrouter.domain.conduct import Conduct
from tokenrouter.domain.errors import GatewayError, ProviderCredentialsRejected, ProviderUnreachable
from tokenrouter.domain.limits import Limit, Window
from tokenrouter.gateway.attempts import Wisdom
from tokenrouter.gateway.call import CallHead
from tokenrouter.gateway.directory import Directory
from tokenrouter.gateway.engine import Gateway
from tokenrouter.gateway.exchange import Ports
from tokenrouter.limits.memory import MemoryLimiter
from tokenrouter.observe.figures import Figures
from tokenrouter.providers.outbound import UpstreamRequest

KEYS = ("sk-first-0001", "sk-second-0002", "sk-third-0003")
DOWN = ProviderUnreachable("down", provider="acme")
FULL = (429, b'{"error":{"message":"full","type":"rate_limit_error"}}')
REFUSED = (401, b'{"error":{"message":"no","code":"invalid_api_key"}}')
UNPAID = (402, b'{"error":{"message":"no credit left"}}')
GATED = (404, b'{"error":{"code":"model_not_found","message":"not for you"}}')
OVERLOADED = (503, b'{"error":{"message":"overloaded","type":"server_error"}}')
TOO_LONG = (400, b'{"error":{"code":"context_length_exceeded","message":"too long"}}')
WHOLE = (200, ANSWER)
Outcome = Exception | tuple[int, bytes] | str | Fed
_SENT_KEY = re.compile(rb"(?:authorization: Bearer|x-api-key:) ?(\S+)")


class Accounts:
    """Vendors that answer each key as they are told; "stream" is a whole stream."""

    def __init__(self, outcomes: dict[str, Outcome]) -> None:
        self.outcomes = outcomes
        self.asked: list[str] = []
        self.requests: list[UpstreamRequest] = []
        self.open: asyncio.Event | None = None

    async def send(self, request: UpstreamRequest) -> Scripted | Fed:
        found = _SENT_KEY.search(bytes(request.data[0]))
        key = "none" if found is None else found[1].decode()
        self.asked.append(key)
        self.requests.append(request)
        if self.open is not None:
            await self.open.wait()
        outcome = self.outcomes.get(key, WHOLE)
        if isinstance(outcome, Exception):
            raise outcome
        if isinstance(outcome, Fed):
            return outcome
        if outcome == "stream":
            return Scripted(200, SSE, [CHUNK, LAST, DONE])
        assert isinstance(outcome, tuple)
        return Scripted(outcome[0], JSON, [outcome[1]])


class House:
    """A gateway before a provider `acme` with several keys, and one `other` with a key of its own."""

    def __init__(
        self,
        outcomes: dict[str, Outcome] | None = None,
        *,
        keys: tuple[str, ...] = KEYS,
        aliases: tuple[Alias, ...] = (),
        limits: tuple[Limit, ...] = (),
        kind: str = "openai-compatible",
        **key: object,
    ) -> None:
        acme = Provider("acme", kind, "http://127.0.0.1:9/v1", keys[0], models=("small",), other_secrets=keys[1:])
        other = Provider("other", "openai-compatible", "http://127.0.0.1:9/v1", "sk-other-0009", models=("small",))
        state = replace(catalog(providers=(acme, other), limits=limits, **key), aliases=aliases)
        self.notes, self.accounts, self.slept = Notes(), Accounts(outcomes or {}), list[float]()
        self.now_s, self.asked = 1000.0, 0
        self.directory = Directory(state, b"")
        ports = Ports(self.notes, MemoryLimiter(limits, restored=True), Figures(), Tokens())
        self.wisdom = Wisdom(chance=lambda: 0.0, sleep=self._sleep)
        self.wisdom.health._clock = lambda: self.now_s
        self.gateway = Gateway(Held(self.directory), self.accounts, ports, wisdom=self.wisdom)

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    async def ask(self, text: str = "hello", *, model: str = "acme/small", **more: Any) -> Client:
        client, asked = Client(), call(model=model, **{"messages": [{"role": "user", "content": text}], **more})
        self.asked += 1
        await self.gateway.serve(replace(asked, request_id=f"req_{self.asked}"), client)
        return client

    @property
    def decision(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.notes.ended[-1].decision)
        return told


def test_a_provider_with_one_key_has_one_place_with_its_own_name() -> None:
    house = House(keys=KEYS[:1])

    entry = house.directory.providers["acme"]

    assert (entry.number, entry.others, entry.account) == (0, (), "acme")


async def test_with_one_key_nothing_is_decided_for_each_request() -> None:
    house = House(keys=KEYS[:1])
    client = await house.ask()

    assert b"x-tokenrouter-decision" not in client.headers
    assert house.decision == {"by": "prefix"}


async def test_a_conversation_stays_with_one_key_and_many_are_spread_over_all() -> None:
    house = House()
    for _ in range(4):
        await house.ask("the same beginning")
    assert len(set(house.accounts.asked)) == 1

    for number in range(40):
        await house.ask(f"another beginning {number}")
    assert set(house.accounts.asked) == set(KEYS)


async def test_requests_without_a_conversation_go_to_the_key_that_is_least_busy() -> None:
    house = House()
    house.accounts.open = asyncio.Event()
    asking = [asyncio.create_task(house.ask(messages=[])) for _ in range(6)]
    while len(house.accounts.asked) < 6:
        await asyncio.sleep(0)
    house.accounts.open.set()
    await asyncio.gather(*asking)

    assert {key: house.accounts.asked.count(key) for key in KEYS} == dict.fromkeys(KEYS, 2)


@pytest.mark.parametrize("refusal", [FULL, REFUSED, UNPAID, GATED], ids=lambda one: str(one[0]))
@pytest.mark.parametrize("kind", ["whole", "stream"])
async def test_what_one_account_is_refused_the_next_one_answers_at_once(refusal: Outcome, kind: str) -> None:
    answer: Outcome = WHOLE if kind == "whole" else "stream"
    house = House(dict.fromkeys(KEYS, refusal) | {KEYS[2]: answer})

    client = await house.ask(stream=kind == "stream")

    assert client.status == 200
    assert client.body == ANSWER if kind == "whole" else client.body.endswith(DONE)
    assert house.accounts.asked[-1] == KEYS[2]
    assert house.slept == []
    assert sum(row.count for row in house.notes.ended) == 1
    assert {row.provider for row in house.notes.ended} == {"acme"}


async def test_which_key_was_used_stands_in_the_record_by_its_number() -> None:
    house = House(dict.fromkeys(KEYS[:2], REFUSED))
    for number in range(9):
        await house.ask(f"conversation {number}")
    await house.ask()

    told = house.decision
    assert told["by"] == "prefix"
    assert told["order"][0] == "acme/small#3"
    assert told["attempts"] == [{"target": "acme/small#3", "outcome": "completed", "status": 200}]
    assert set(told["cooling"]) == {"acme/small#1", "acme/small#2"}
    assert not [key for key in KEYS if key in repr(house.notes.ended)]


async def test_an_account_that_was_refused_is_left_alone_and_tried_again_later() -> None:
    house = House({KEYS[0]: REFUSED, KEYS[1]: REFUSED})
    for number in range(30):
        await house.ask(f"conversation {number}")
    assert [house.accounts.asked.count(key) for key in KEYS] == [1, 1, 30]

    house.accounts.outcomes, house.accounts.asked = {}, []
    house.now_s += 61.0
    for number in range(30):
        await house.ask(f"conversation {number}")
    assert set(house.accounts.asked) == set(KEYS)


async def test_where_all_accounts_are_refused_the_client_is_told() -> None:
    house = House(dict.fromkeys(KEYS, REFUSED))

    with pytest.raises(GatewayError) as caught:
        await house.ask()

    assert (caught.value.status, caught.value.code) == (502, "provider_credentials_rejected")
    assert sorted(house.accounts.asked) == sorted(KEYS)


@pytest.mark.parametrize("failure", [OVERLOADED, DOWN], ids=["503", "unreachable"])
async def test_what_is_wrong_with_the_host_is_not_tried_with_another_key(failure: Outcome) -> None:
    house = House(dict.fromkeys(KEYS, failure))

    with contextlib.suppress(ProviderUnreachable):
        await house.ask()

    assert house.notes.ended[-1].status >= 502
    assert len(set(house.accounts.asked)) == 1
    assert len(house.accounts.asked) == 3, "asked again as any provider is that stands alone"


async def test_of_an_alias_the_host_that_fails_is_left_for_the_next_provider() -> None:
    best = Alias("best", (Target("acme/small"),), fallback="other/small")
    house = House(dict.fromkeys(KEYS, OVERLOADED), aliases=(best,))

    assert (await house.ask(model="best")).status == 200
    assert len(house.accounts.asked) == 2
    assert house.accounts.asked[-1] == "sk-other-0009"


async def test_of_an_alias_all_accounts_are_asked_before_the_next_provider() -> None:
    best = Alias("best", (Target("acme/small"),), fallback="other/small")
    house = House(dict.fromkeys(KEYS, FULL), aliases=(best,))

    assert (await house.ask(model="best")).status == 200
    assert sorted(house.accounts.asked[:3]) == sorted(KEYS)
    assert house.accounts.asked[3:] == ["sk-other-0009"]


async def test_a_host_that_goes_on_failing_is_left_alone_with_all_its_keys() -> None:
    best = Alias("best", (Target("acme/small"),), fallback="other/small")
    house = House(dict.fromkeys(KEYS, OVERLOADED), aliases=(best,))
    for number in range(9):
        await house.ask(f"conversation {number}", model="best")

    assert len([key for key in house.accounts.asked if key in KEYS]) == 3
    assert [target for target, _, _ in house.wisdom.health.cooling()] == ["acme/small"]


async def test_a_conversation_that_is_too_long_is_not_sent_to_the_same_model_again() -> None:
    house = House(dict.fromkeys(KEYS, TOO_LONG))

    assert (await house.ask()).status == 400
    assert len(house.accounts.asked) == 1


async def test_limits_are_the_providers_whichever_key_is_used() -> None:
    three = Limit("three", "provider:acme", "requests", Window("lifetime"), 3)
    house = House(limits=(three,))
    for number in range(3):
        await house.ask(f"conversation {number}")

    with pytest.raises(GatewayError) as caught:
        await house.ask("one more")

    assert (caught.value.status, len(house.accounts.asked)) == (429, 3)


async def test_a_full_limit_of_the_provider_is_asked_once_and_not_for_every_key() -> None:
    none = Limit("none", "provider:acme", "requests", Window("lifetime"), 0)
    best = Alias("best", (Target("acme/small"),), fallback="other/small")
    house = House(limits=(none,), aliases=(best,))

    assert (await house.ask(model="best")).status == 200
    assert house.decision["attempts"] == [
        {"target": house.decision["order"][0], "outcome": "insufficient_quota", "status": 429},
        {"target": "other/small", "outcome": "completed", "status": 200},
    ]


async def test_a_request_that_names_a_file_goes_by_the_key_whose_account_has_it() -> None:
    house = House()
    for number in range(12):
        content = [{"type": "file", "file": {"file_id": "file-1"}}, {"type": "text", "text": f"part {number}"}]
        await house.ask(messages=[{"role": "user", "content": content}])

    assert set(house.accounts.asked) == {KEYS[0]}


async def test_a_request_that_wants_no_fallback_may_still_use_every_key_of_its_provider() -> None:
    house = House(dict.fromkeys(KEYS[:2], FULL))

    client = await house.ask(provider={"allow_fallbacks": False}, model="acme/small")

    assert client.status == 200
    assert house.accounts.asked[-1] == KEYS[2]
    assert "left_out" not in house.decision


async def test_names_without_a_prefix_lead_to_every_key_of_those_that_list_them() -> None:
    house = House(dict.fromkeys(KEYS, FULL))

    client = await house.ask(model="small", provider={"order": ["acme", "other"]})

    assert client.status == 200
    assert sorted(house.accounts.asked[:3]) == sorted(KEYS)
    assert house.accounts.asked[3:] == ["sk-other-0009"]


async def test_tokens_are_counted_by_a_key_that_is_not_left_alone() -> None:
    house = House(kind="anthropic")
    for number in (1, 2):
        house.wisdom.health.failed(f"acme/small#{number}", ProviderCredentialsRejected("no", provider="acme"))
    body = json.dumps({"model": "acme/small", "messages": [{"role": "user", "content": "hi"}]}).encode()
    head = CallHead(COUNT_TOKENS, call().head.digest)

    await house.gateway.serve(replace(call(), head=head, body=body), Client())

    assert house.accounts.asked == [KEYS[2]]


async def test_a_slow_stream_is_not_given_up_for_another_key_of_the_same_host() -> None:
    guarded = Conduct(min_tokens_per_s=100.0, probe_s=0.05)
    slow = Fed()
    house = House(dict.fromkeys(KEYS, slow), aliases=(Alias("best", (Target("acme/small"),), conduct=guarded),))
    asking = asyncio.create_task(house.ask(model="best", stream=True))
    await slow.pumped.wait()
    slow.push(CHUNK, LAST, DONE)
    slow.finish()

    assert (await asking).body.endswith(DONE)
    assert len(house.accounts.asked) == 1


async def test_what_a_provider_repeats_of_a_key_is_blotted_out_whichever_it_is() -> None:
    quoting = {key: (400, f'data {{"error":{{"message":"bad key {key}"}}}}'.encode()) for key in KEYS}
    house = House(dict(quoting))
    for number in range(9):
        with pytest.raises(GatewayError) as caught:
            await house.ask(f"conversation {number}")
        assert not [key for key in KEYS if key in str(caught.value)]


def test_the_directory_shows_no_key() -> None:
    house = House()

    assert not [key for key in KEYS if key in repr(house.directory)]
