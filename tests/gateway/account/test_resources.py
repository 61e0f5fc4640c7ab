"""Two teams at one account: every route that names an id, makes one or lists them."""

import asyncio
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.account.provider import Account
from tests.gateway.fakes import Client, Held, Notes, Tokens
from tokenrouter.dialects.openai.files import BATCHES, FILES
from tokenrouter.dialects.openai_responses.responses import RESPONSES
from tokenrouter.domain.catalog import Catalog, Key, Provider
from tokenrouter.domain.errors import (
    GatewayError,
    InvalidRequest,
    ModelNotAllowed,
    NotFound,
    ProviderUnreachable,
    QuotaExceeded,
)
from tokenrouter.domain.keys import key_digest
from tokenrouter.domain.limits import Limit, Window
from tokenrouter.domain.prices import flat_price
from tokenrouter.gateway.account.call import Action, ResourceCall, ResourceTarget
from tokenrouter.gateway.account.resources import Resources
from tokenrouter.gateway.call import Call, CallHead
from tokenrouter.gateway.directory import Directory
from tokenrouter.gateway.engine import Gateway
from tokenrouter.gateway.exchange import Ports
from tokenrouter.gateway.ownership import Ownership
from tokenrouter.gateway.ports import RemoteLimiter
from tokenrouter.journal.ownership_log import OwnershipLog
from tokenrouter.limits.memory import MemoryLimiter
from tokenrouter.observe.figures import Figures

PHYSICS, CHEMISTRY, ALSO_PHYSICS = (
    b"tr_physics-0123456789-abc",
    b"tr_chemistry-0123456789-abc",
    b"tr_physics-two-0123456789",
)
USAGE = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}


def team_key(key: bytes, team: str) -> Key:
    return Key(id=key.decode(), name=key.decode(), digest=key_digest(key, b""), team=team)


class House:
    """A gateway in front of one account."""

    def __init__(
        self,
        folder: Path,
        limits: tuple[Limit, ...] = (),
        account: Account | None = None,
        kind: str = "sandbox",
        *,
        is_shared: bool = False,
        remote: RemoteLimiter | None = None,
    ) -> None:
        keys = (
            team_key(PHYSICS, "physics"),
            team_key(ALSO_PHYSICS, "physics"),
            replace(team_key(CHEMISTRY, "chemistry"), allowed_models=("acme/small",)),
        )
        acme = Provider("acme", kind, "http://127.0.0.1:9/v1", secret="sk-acme")
        other = Provider("other", "openai-compatible", "http://127.0.0.1:9/v1")
        prices = {"acme/small": flat_price(1000, 2000)}
        catalog = Catalog(providers=(other, acme), keys=keys, limits=limits, prices=prices)
        self.account = account or Account()
        self.notes = Notes()
        self.limiter = MemoryLimiter(limits, restored=True)
        ports = Ports(self.notes, self.limiter, Figures(), Tokens(), remote)
        source = Held(Directory(catalog, b""))
        self.log = OwnershipLog(folder, is_shared=is_shared)
        self.ownership = Ownership(self.log)
        self.gateway = Gateway(source, self.account, ports, self.ownership)
        self.resources = Resources(self.gateway, source, self.account, ports, self.ownership)

    async def ask(
        self,
        method: str,
        target: ResourceTarget,
        body: bytes = b"",
        *,
        key: bytes = PHYSICS,
        provider: str = "",
        query: Mapping[str, str] | None = None,
    ) -> Client:
        dialect = FILES if target.kind == "file" else BATCHES
        head = CallHead(dialect, key_digest(key, b""))
        call = Call(head, body, self.gateway.new_request_id(), time.time(), time.monotonic())
        client = Client()
        await self.resources.serve(ResourceCall(call, method, target, query or {}, provider), client)
        return client

    async def upload(self, content: bytes, purpose: str = "assistants", *, key: bytes = PHYSICS) -> str:
        body = (
            b'--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\n%b\r\n'
            b'--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n%b\r\n--b--\r\n'
        )
        client = await self.ask("POST", ResourceTarget("file"), body % (purpose.encode(), content), key=key)
        return str(json.loads(client.body)["id"])

    async def batch(self, file_id: str, *, key: bytes = PHYSICS) -> str:
        asked = {"input_file_id": file_id, "endpoint": "/v1/chat/completions", "completion_window": "24h"}
        client = await self.ask("POST", ResourceTarget("batch"), json.dumps(asked).encode(), key=key)
        return str(json.loads(client.body)["id"])

    async def look(self, id_: str, *, key: bytes = PHYSICS) -> Any:
        return json.loads((await self.ask("GET", ResourceTarget("batch", "item", id_), key=key)).body)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.log.close()


def lines(count: int = 2, model: str = "acme/small", **body: Any) -> bytes:
    asked = {"model": model, "messages": [{"role": "user", "content": "hi"}], "max_tokens": 50, **body}
    rows = [{"custom_id": str(n), "method": "POST", "url": "/v1/chat/completions", "body": asked} for n in range(count)]
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def results(count: int = 2) -> bytes:
    row = {"custom_id": "1", "response": {"status_code": 200, "body": {"usage": USAGE}}, "error": None}
    return b"".join(json.dumps(row).encode() + b"\n" for _ in range(count))


async def test_a_file_is_the_teams_that_uploaded_it(house: House) -> None:
    id_ = await house.upload(b"secret")
    for key in (PHYSICS, ALSO_PHYSICS):
        told = await house.ask("GET", ResourceTarget("file", "item", id_), key=key)
        assert json.loads(told.body)["id"] == id_
        content = await house.ask("GET", ResourceTarget("file", "content", id_), key=key)
        assert content.body == b"secret"


FOREIGN: list[tuple[str, Action]] = [("GET", "item"), ("DELETE", "item"), ("GET", "content")]


@pytest.mark.parametrize(("method", "action"), FOREIGN)
async def test_another_teams_file_is_not_there(house: House, method: str, action: Action) -> None:
    id_ = await house.upload(b"secret")
    seen = len(house.account.seen)

    for wanted in (id_, "file-nobody-has"):
        with pytest.raises(NotFound):
            await house.ask(method, ResourceTarget("file", action, wanted), key=CHEMISTRY)
    assert len(house.account.seen) == seen
    assert id_ in house.account.files


@pytest.mark.parametrize(("method", "action"), [("GET", "item"), ("POST", "cancel")])
async def test_another_teams_batch_is_not_there(house: House, method: str, action: Action) -> None:
    id_ = await house.batch(await house.upload(lines(), "batch"))
    seen = len(house.account.seen)

    with pytest.raises(NotFound):
        await house.ask(method, ResourceTarget("batch", action, id_), key=CHEMISTRY)
    assert len(house.account.seen) == seen


async def test_another_teams_file_makes_no_batch(house: House) -> None:
    id_ = await house.upload(lines(), "batch")

    with pytest.raises(NotFound):
        await house.batch(id_, key=CHEMISTRY)
    assert not house.account.batches


async def test_lists_show_the_callers_own_only(house: House) -> None:
    house.account.add_file(b"not made through the gateway")
    own = [await house.upload(b"p%d" % n) for n in range(3)]
    foreign = await house.upload(b"c", key=CHEMISTRY)

    mine = json.loads((await house.ask("GET", ResourceTarget("file"))).body)
    theirs = json.loads((await house.ask("GET", ResourceTarget("file"), key=CHEMISTRY)).body)

    assert [item["id"] for item in mine["data"]] == own
    assert (mine["first_id"], mine["last_id"], mine["has_more"]) == (own[0], own[-1], False)
    assert [item["id"] for item in theirs["data"]] == [foreign]


async def test_a_list_goes_on_where_the_last_page_ended(house: House) -> None:
    own = []
    for n in range(5):
        own.append(await house.upload(b"p%d" % n))
        await house.upload(b"c", key=CHEMISTRY)
    seen: list[str] = []
    page: Any = {"has_more": True}
    while page["has_more"]:
        after = {"after": seen[-1]} if seen else {}
        page = json.loads((await house.ask("GET", ResourceTarget("file"), query={"limit": "2", **after})).body)
        seen += [item["id"] for item in page["data"]]

    assert seen == own


async def test_a_page_does_not_begin_at_another_teams_id(house: House) -> None:
    foreign = await house.upload(b"c", key=CHEMISTRY)

    with pytest.raises(NotFound):
        await house.ask("GET", ResourceTarget("file"), query={"after": foreign})


async def test_a_long_account_is_looked_through_page_by_page(house: House) -> None:
    for _ in range(2500):
        house.account.add_file(b"")
    own = await house.upload(b"p")

    page = json.loads((await house.ask("GET", ResourceTarget("file"))).body)

    assert [item["id"] for item in page["data"]] == [own]
    assert sum(seen.startswith("GET /v1/files?") for seen in house.account.seen) == 3


async def test_a_deleted_file_is_nobodys(house: House) -> None:
    id_ = await house.upload(b"x")
    await house.ask("DELETE", ResourceTarget("file", "item", id_))

    with pytest.raises(NotFound):
        await house.ask("GET", ResourceTarget("file", "item", id_))


async def test_the_owner_is_on_the_disk_before_the_id_is_told(house: House, tmp_path: Path) -> None:
    class Watching(Client):
        known = 0

        def answer(self, status: int, headers: bytes, body: bytes) -> None:
            self.known = len(OwnershipLog(tmp_path).load())

    client = Watching()
    body = (
        b'--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nuser_data\r\n'
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nx\r\n--b--\r\n'
    )
    head = CallHead(FILES, key_digest(PHYSICS, b""))
    call = Call(head, body, "req_1", time.time(), time.monotonic())
    await house.resources.serve(ResourceCall(call, "POST", ResourceTarget("file"), {}), client)

    assert client.known == 1


async def test_owners_are_known_after_a_restart(house: House, tmp_path: Path) -> None:
    id_ = await house.upload(b"x")
    again = House(tmp_path, account=house.account)

    assert (await again.ask("GET", ResourceTarget("file", "content", id_))).body == b"x"
    with pytest.raises(NotFound):
        await again.ask("GET", ResourceTarget("file", "content", id_), key=CHEMISTRY)


async def test_the_first_provider_that_has_files_is_asked_unless_another_is_named(house: House) -> None:
    await house.upload(b"x")
    assert house.account.seen == ["POST /v1/files"]

    with pytest.raises(InvalidRequest, match="'other' has no files"):
        await house.ask("GET", ResourceTarget("file"), provider="other")
    with pytest.raises(NotFound):
        await house.ask("GET", ResourceTarget("file"), provider="nobody")


async def test_every_request_leaves_a_row(house: House) -> None:
    file = await house.upload(lines(), "batch")
    batch = await house.batch(file)
    await house.ask("GET", ResourceTarget("file"))
    await house.ask("GET", ResourceTarget("file", "item", file))
    await house.ask("GET", ResourceTarget("file", "content", file))
    await house.ask("GET", ResourceTarget("batch"))
    await house.look(batch)
    await house.ask("POST", ResourceTarget("batch", "cancel", batch))
    await house.ask("DELETE", ResourceTarget("file", "item", file))
    with pytest.raises(NotFound):
        await house.look("batch_unknown")

    rows = house.notes.ended
    assert [row.operation for row in rows] == [
        *("files", "batches", "files", "files", "files", "batches", "batches", "batches", "files", "batches")
    ]
    assert {row.end_reason for row in rows[:-1]} == {"completed"}
    assert (rows[-1].end_reason, rows[-1].status) == ("client_error", 404)
    assert all(row.usage.input_tokens == row.usage.output_tokens == 0 for row in rows)


async def test_a_batchs_models_are_named_as_the_provider_names_them(house: House) -> None:
    id_ = await house.upload(lines(3), "batch")

    sent = house.account.contents[id_]
    assert [json.loads(line)["body"]["model"] for line in sent.splitlines()] == ["small"] * 3
    asked = lines(3).replace(b"acme/small", b"small")
    assert [json.loads(line) for line in sent.splitlines()] == [json.loads(line) for line in asked.splitlines()]


async def test_a_batch_may_not_ask_for_a_model_that_the_key_may_not_use(house: House) -> None:
    with pytest.raises(ModelNotAllowed):
        await house.upload(lines(model="acme/large"), "batch", key=CHEMISTRY)

    assert not house.account.files


async def test_a_batch_for_another_provider_is_refused(house: House) -> None:
    with pytest.raises(InvalidRequest, match="does not serve"):
        await house.upload(lines(model="other/small"), "batch")


async def test_a_file_of_another_purpose_makes_no_batch(house: House) -> None:
    with pytest.raises(InvalidRequest, match="purpose"):
        await house.batch(await house.upload(lines()))


async def test_another_teams_file_is_not_read_out_by_a_model(house: House) -> None:
    id_ = await house.upload(b"secret")
    body = {"model": "acme/small", "input": [{"role": "user", "content": [{"type": "input_file", "file_id": id_}]}]}

    def asks(key: bytes) -> Call:
        head = CallHead(RESPONSES, key_digest(key, b""))
        return Call(head, json.dumps(body).encode(), "req_9", time.time(), time.monotonic())

    with pytest.raises(NotFound):
        await house.gateway.serve(asks(CHEMISTRY), Client())
    await house.gateway.serve(asks(PHYSICS), Client())
    assert house.account.seen == ["POST /v1/files", "POST /v1/responses"]


@pytest.mark.parametrize("is_shared", [False, True])
async def test_where_others_may_have_files_an_id_that_nobody_knows_is_not_passed_on(
    tmp_path: Path, is_shared: bool
) -> None:
    house = House(tmp_path, is_shared=is_shared)
    told = [{"role": "user", "content": [{"type": "input_file", "file_id": "file-of-another-machine"}]}]
    body = json.dumps({"model": "acme/small", "input": told}).encode()
    call = Call(CallHead(RESPONSES, key_digest(PHYSICS, b"")), body, "req_9", time.time(), time.monotonic())

    if is_shared:
        with pytest.raises(NotFound):
            await house.gateway.serve(call, Client())
    else:
        await house.gateway.serve(call, Client())

    assert house.account.seen == ([] if is_shared else ["POST /v1/responses"])
    house.log.close()


async def test_a_batch_does_not_read_out_another_teams_file(house: House) -> None:
    id_ = await house.upload(b"secret")
    told = [{"role": "user", "content": [{"type": "file", "file": {"file_id": id_}}]}]

    with pytest.raises(NotFound):
        await house.upload(lines(messages=told), "batch", key=CHEMISTRY)


def tokens_limit(amount: int) -> tuple[Limit, ...]:
    return (Limit("l", "team:physics", "tokens", Window("lifetime"), amount),)


async def test_a_batch_holds_the_bound_of_its_file_until_it_is_paid(tmp_path: Path) -> None:
    house = House(tmp_path, tokens_limit(10_000))
    batch = await house.batch(await house.upload(lines(10), "batch"))
    (held,) = house.limiter.states(("team:physics",))
    assert (held.used, held.held) == (0, held.held)
    assert held.held >= 10 * 50 + 10 * 60

    house.account.finish(batch, results=results(10))
    await house.look(batch)

    (paid,) = house.limiter.states(("team:physics",))
    assert (paid.used, paid.held) == (1200, 0)
    row = next(row for row in house.notes.ended if row.usage.input_tokens)
    assert (row.operation, row.usage.input_tokens, row.usage.output_tokens) == ("batches", 1000, 200)
    assert (row.model, row.provider, row.team) == ("small", "acme", "physics")
    assert row.cost_nano_usd == 1000 * 1000 + 200 * 2000
    making = next(row for row in house.notes.ended if row.operation == "batches")
    assert (making.count, row.count) == (0, 1), "the batch counts once"


async def test_a_client_that_leaves_in_the_middle_still_owes_its_batch(house: House) -> None:
    file = await house.upload(lines(), "batch")
    house.account.gate = asyncio.Event()
    asking = asyncio.create_task(house.batch(file))
    await house.account.asked_at_the_gate.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    house.account.gate.set()
    await house.gateway.close(5.0)

    (owed,) = house.ownership.debts()
    assert owed.owner == "team:physics"
    assert house.notes.ended[-1].end_reason == "client_disconnect"


async def test_a_list_is_shown_although_one_batch_cannot_be_paid_yet(house: House) -> None:
    batch = await house.batch(await house.upload(lines(), "batch"))
    house.account.finish(batch, results=b"not json\n")

    page = json.loads((await house.ask("GET", ResourceTarget("batch"))).body)

    assert [item["id"] for item in page["data"]] == [batch]
    assert house.ownership.debts()


async def test_a_batch_that_does_not_fit_is_not_begun(tmp_path: Path) -> None:
    house = House(tmp_path, tokens_limit(1000))
    file = await house.upload(lines(100), "batch")

    with pytest.raises(QuotaExceeded):
        await house.batch(file)
    assert not house.account.batches
    assert house.notes.ended[-1].end_reason == "limit_reached"


async def test_a_batch_is_paid_once_however_often_it_is_looked_at(house: House) -> None:
    batch = await house.batch(await house.upload(lines(), "batch"))
    house.account.finish(batch, results=results())
    for _ in range(3):
        await house.look(batch)
    await house.ask("GET", ResourceTarget("batch"))

    assert sum(row.usage.input_tokens for row in house.notes.ended) == 200


async def test_two_who_look_at_once_pay_once(house: House) -> None:
    batch = await house.batch(await house.upload(lines(), "batch"))
    house.account.finish(batch, results=results())
    await asyncio.gather(*(house.look(batch) for _ in range(4)))

    assert [row.usage.input_tokens for row in house.notes.ended if row.usage.input_tokens] == [200]


async def test_a_list_pays_too(house: House) -> None:
    batch = await house.batch(await house.upload(lines(), "batch"))
    house.account.finish(batch, results=results())
    await house.ask("GET", ResourceTarget("batch"))

    assert sum(row.usage.input_tokens for row in house.notes.ended) == 200


async def test_a_debt_is_paid_after_a_restart_and_held_until_then(house: House, tmp_path: Path) -> None:
    batch = await house.batch(await house.upload(lines(), "batch"))
    again = House(tmp_path, tokens_limit(10_000), account=house.account)
    await again.resources.batches.hold_again()
    assert again.limiter.states(("team:physics",))[0].held > 100

    house.account.finish(batch, results=results())
    await again.look(batch)

    (state,) = again.limiter.states(("team:physics",))
    assert (state.used, state.held) == (240, 0)


async def test_the_results_belong_to_the_team_once_they_are_paid(house: House) -> None:
    batch = await house.batch(await house.upload(lines(), "batch"))
    house.account.finish(batch, results=results())
    output = house.account.batches[batch]["output_file_id"]
    with pytest.raises(NotFound):
        await house.ask("GET", ResourceTarget("file", "content", output))

    await house.look(batch)

    assert (await house.ask("GET", ResourceTarget("file", "content", output))).body == results()
    with pytest.raises(NotFound):
        await house.ask("GET", ResourceTarget("file", "content", output), key=CHEMISTRY)


async def test_what_cannot_be_paid_yet_stays_owed(house: House) -> None:
    batch = await house.batch(await house.upload(lines(), "batch"))
    house.account.finish(batch, results=b'{"response": {"body": 7}}\n')
    with pytest.raises(GatewayError):
        await house.look(batch)
    assert house.ownership.debts()

    house.account.contents[house.account.batches[batch]["output_file_id"]] = results()
    await house.look(batch)
    assert not house.ownership.debts()


async def test_results_that_are_gone_are_charged_as_held_and_say_so(house: House) -> None:
    batch = await house.batch(await house.upload(lines(), "batch"))
    house.account.finish(batch, results=results())
    house.account.contents.clear()
    await house.look(batch)

    row = next(row for row in house.notes.ended if row.usage.input_tokens)
    assert row.estimated
    assert row.usage.output_tokens == 100


async def test_a_vendors_discount_for_batches_is_in_the_charge(tmp_path: Path) -> None:
    house = House(tmp_path, kind="openai")
    batch = await house.batch(await house.upload(lines(), "batch"))
    house.account.finish(batch, results=results())
    await house.look(batch)

    row = next(row for row in house.notes.ended if row.usage.input_tokens)
    assert row.cost_nano_usd == (200 * 1000 + 40 * 2000) // 2


async def test_a_batch_that_failed_costs_nothing(house: House) -> None:
    batch = await house.batch(await house.upload(lines(), "batch"))
    house.account.finish(batch, "failed")
    await house.look(batch)

    row = next(row for row in house.notes.ended if row.error_code == "batch_failed")
    assert (row.end_reason, row.cost_nano_usd) == ("provider_error", 0)


async def test_a_batch_that_the_provider_refuses_holds_nothing(tmp_path: Path) -> None:
    house = House(tmp_path, tokens_limit(10_000))
    file = await house.upload(lines(), "batch")
    house.account.fail = ProviderUnreachable("gone")
    with pytest.raises(ProviderUnreachable):
        await house.batch(file)

    (state,) = house.limiter.states(("team:physics",))
    assert (state.used, state.held) == (0, 0)


async def test_our_keys_do_not_reach_the_provider_and_its_own_does(house: House) -> None:
    await house.upload(b"x")
    sent = b"".join(house.account.asked[0].data)

    assert b"authorization: Bearer sk-acme\r\n" in sent
    assert PHYSICS not in sent


async def test_a_provider_that_is_switched_off_takes_its_files_with_it(house: House) -> None:
    id_ = await house.upload(b"x")
    directory = house.resources._source.current()
    entry = directory.providers["acme"]
    directory.providers["acme"] = replace(entry, provider=replace(entry.provider, enabled=False))

    with pytest.raises(NotFound, match="not enabled"):
        await house.ask("GET", ResourceTarget("file", "item", id_))
