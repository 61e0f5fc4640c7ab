"""Raw requests: who may make them, what goes out, and what two teams see of each other."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.fakes import Client, Held, Notes, Provided, Scripted, Tokens
from tokenrouter.dialects.passthrough import PASSTHROUGH
from tokenrouter.domain.catalog import Catalog, Key, Provider
from tokenrouter.domain.errors import (
    GatewayError,
    InvalidRequest,
    ModelNotAllowed,
    NotFound,
    PassthroughDenied,
    ProviderProtocolError,
)
from tokenrouter.domain.keys import key_digest
from tokenrouter.domain.limits import Limit, Metric, Window
from tokenrouter.domain.prices import flat_price
from tokenrouter.gateway.call import Call, CallHead
from tokenrouter.gateway.directory import Directory
from tokenrouter.gateway.engine import Gateway
from tokenrouter.gateway.exchange import Ports
from tokenrouter.gateway.ownership import Ownership
from tokenrouter.gateway.ports import UpstreamResponse
from tokenrouter.gateway.raw.passthrough import Passthrough, RawCall
from tokenrouter.journal.ownership_log import OwnershipLog
from tokenrouter.limits.memory import MemoryLimiter
from tokenrouter.observe.figures import Figures

PHYSICS, CHEMISTRY, PLAIN = b"tr_physics-0123456789-abc", b"tr_chemistry-0123456789-abc", b"tr_plain-0123456789-abcdef"
JOB = "ftjob-abcdefghij0123456789abcd"
ASKED = json.dumps({"model": "small", "input": "x"}).encode()
USAGE = b'{"answer":1,"usage":{"prompt_tokens":9,"completion_tokens":3}}'
MAPPED = ("POST /v1/jobs", "GET /v1/jobs", "* /v1/jobs/*")
JSON = b"application/json"


class Door:
    """A gateway that passes requests to one scripted provider."""

    def __init__(self, folder: Path, *, limits: tuple[Limit, ...] = (), **provider: Any) -> None:
        keys = tuple(
            Key(id=team, name=team, digest=key_digest(key, b""), team=team, passthrough=granted)
            for key, team, granted in [(PHYSICS, "physics", True), (CHEMISTRY, "chemistry", True), (PLAIN, "p", False)]
        )
        narrow = Key(id="n", name="n", digest=key_digest(b"tr_narrow", b""), passthrough=True, allowed_models=("x",))
        acme = Provider("acme", "openai-compatible", "http://127.0.0.1:9/v1", secret="sk-acme", **provider)
        catalog = Catalog(
            providers=(acme,), keys=(*keys, narrow), limits=limits, prices={"acme/small": flat_price(1000, 2000)}
        )
        self.provided = Provided(RuntimeError("not scripted"))
        self.notes = Notes()
        ports = Ports(self.notes, MemoryLimiter(limits, restored=True), Figures(), Tokens())
        source = Held(Directory(catalog, b""))
        self.ownership = Ownership(OwnershipLog(folder))
        self._passthrough = Passthrough(
            Gateway(source, self.provided, ports, self.ownership), source, ports, self.ownership
        )

    async def ask(
        self,
        method: str = "POST",
        path: bytes = b"v1/anything",
        body: bytes = ASKED,
        *,
        key: bytes = PHYSICS,
        query: bytes = b"",
        kind: bytes = JSON,
        provider: str = "acme",
        answer: UpstreamResponse | bytes = USAGE,
    ) -> Client:
        self.provided.outcome = Scripted(200, JSON, [answer]) if isinstance(answer, bytes) else answer
        call = Call(CallHead(PASSTHROUGH, key_digest(key, b"")), body, "req_1", time.time(), time.monotonic())
        client = Client()
        await self._passthrough.serve(RawCall(call, method, provider, path, query, kind), client)
        return client

    @property
    def sent(self) -> bytes:
        """The last request to the provider."""
        return b"".join(self.provided.asked[-1].data)


Open = Callable[..., Door]


@pytest.fixture
def door(tmp_path: Path) -> Open:
    return lambda **more: Door(tmp_path, **more)


async def test_a_request_that_names_a_model_passes_and_is_metered(door: Open) -> None:
    opened = door()
    client = await opened.ask(query=b"version=2&key=" + PHYSICS)

    assert client.body == USAGE
    assert opened.sent.startswith(b"POST /v1/anything?version=2 HTTP/1.1\r\n")
    assert b"authorization: Bearer sk-acme\r\n" in opened.sent
    assert opened.sent.endswith(b"\r\n\r\n" + ASKED)
    assert PHYSICS not in opened.sent
    (row,) = opened.notes.ended
    assert (row.operation, row.model, row.provider, row.team) == ("passthrough", "small", "acme", "physics")
    assert (row.usage.input_tokens, row.usage.output_tokens, row.cost_nano_usd) == (9, 3, 15_000)


async def test_an_answer_without_usage_is_estimated_when_a_model_was_asked(door: Open) -> None:
    opened = door()
    await opened.ask(answer=b'{"answer":"' + b"word " * 50 + b'"}')

    assert opened.notes.ended[0].estimated
    assert opened.notes.ended[0].usage.output_tokens > 10


@pytest.mark.parametrize("key", [PLAIN, b"tr_narrow"])
async def test_it_is_off_until_granted_and_never_for_keys_with_models(door: Open, key: bytes) -> None:
    opened = door()
    with pytest.raises(PassthroughDenied):
        await opened.ask(key=key)

    assert not opened.provided.asked
    assert opened.notes.ended[0].status == 403


@pytest.mark.parametrize("scope", ["key:physics", "key:*", "team:physics", "global", "provider:acme"])
@pytest.mark.parametrize("metric", ["tokens", "input_tokens", "output_tokens", "cost_usd"])
async def test_it_is_denied_where_tokens_or_costs_are_limited(door: Open, scope: str, metric: Metric) -> None:
    opened = door(limits=(Limit("l", scope, metric, Window("lifetime"), 10**12),))

    with pytest.raises(PassthroughDenied):
        await opened.ask()


async def test_a_limit_on_requests_is_kept(door: Open) -> None:
    opened = door(limits=(Limit("l", "team:physics", "requests", Window("lifetime"), 1),))
    await opened.ask()

    with pytest.raises(GatewayError) as caught:
        await opened.ask()
    assert caught.value.status == 429


@pytest.mark.parametrize(
    ("method", "body"),
    [("GET", b""), ("POST", b"{}"), ("POST", b'{"model":7}'), ("PUT", ASKED), ("DELETE", b""), ("TRACE", ASKED)],
)
async def test_without_a_list_only_posts_that_name_a_model_pass(door: Open, method: str, body: bytes) -> None:
    with pytest.raises(PassthroughDenied):
        await door().ask(method, body=body)


async def test_with_a_list_only_what_it_names_passes(door: Open) -> None:
    opened = door(passthrough_paths=("GET /v1/things/*",))
    await opened.ask("GET", b"things/7", b"")
    assert opened.sent.startswith(b"GET /v1/things/7 HTTP/1.1\r\n")

    for method, path in [("POST", b"v1/anything"), ("GET", b"v1/other/7"), ("DELETE", b"v1/things/7")]:
        with pytest.raises(PassthroughDenied):
            await opened.ask(method, path)


async def test_a_model_that_the_provider_does_not_offer_here_is_refused(door: Open) -> None:
    with pytest.raises(ModelNotAllowed):
        await door(allowed_models=("large",)).ask()


@pytest.mark.parametrize("path", [b"v1/../admin", b"v1/%2e%2e/admin", b"v1/a%2Fb", b"v1//a", b""])
async def test_a_path_that_hides_another_is_refused(door: Open, path: bytes) -> None:
    with pytest.raises(InvalidRequest):
        await door(passthrough_paths=("* /**",)).ask(path=path)


@pytest.mark.parametrize("path", [b"v1/files", b"batches", b"v1/batches/b/cancel", b"v1/files/f/content"])
async def test_files_and_batches_have_their_own_paths(door: Open, path: bytes) -> None:
    with pytest.raises(PassthroughDenied, match="ask for it at /v1/"):
        await door(operations=("chat", "files", "batches"), passthrough_paths=("* /**",)).ask(path=path)


async def test_a_redirect_is_not_followed(door: Open) -> None:
    opened = door()
    away = Scripted(302, JSON, [b"{}"])
    away.headers[b"location"] = b"http://169.254.169.254/"
    with pytest.raises(ProviderProtocolError):
        await opened.ask(answer=away)

    assert len(opened.provided.asked) == 1


async def test_what_one_team_makes_another_does_not_see(door: Open) -> None:
    opened = door(passthrough_paths=MAPPED)
    await opened.ask(path=b"v1/jobs", answer=json.dumps({"id": JOB}).encode())
    await opened.ask("GET", b"v1/jobs/" + JOB.encode(), b"")
    asked = len(opened.provided.asked)

    for method in ("GET", "POST", "DELETE"):
        with pytest.raises(NotFound):
            await opened.ask(method, b"v1/jobs/" + JOB.encode(), b"", key=CHEMISTRY)
    with pytest.raises(NotFound):
        await opened.ask("GET", b"v1/jobs", b"", query=b"after=" + JOB.encode(), key=CHEMISTRY)
    with pytest.raises(NotFound):
        await opened.ask(path=b"v1/jobs", body=json.dumps({"base": JOB}).encode(), key=CHEMISTRY)
    assert len(opened.provided.asked) == asked


async def test_lists_are_cut_down_to_what_is_the_callers(door: Open) -> None:
    opened = door(passthrough_paths=MAPPED)
    await opened.ask(path=b"v1/jobs", answer=json.dumps({"id": JOB}).encode())
    other = "ftjob-zzzzzzzzzz0123456789zzzz"
    page = {"object": "list", "data": [{"id": JOB}, {"id": other}, {"id": "gpt-4o"}], "last_id": other}
    told = json.dumps(page).encode()

    mine = json.loads((await opened.ask("GET", b"v1/jobs", b"", answer=told)).body)
    theirs = json.loads((await opened.ask("GET", b"v1/jobs", b"", answer=told, key=CHEMISTRY)).body)

    assert mine == {"object": "list", "data": [{"id": JOB}, {"id": "gpt-4o"}], "last_id": None}
    assert theirs["data"] == [{"id": "gpt-4o"}]


async def test_an_id_once_owned_stays_its_owners(door: Open) -> None:
    opened = door(passthrough_paths=MAPPED)
    told = json.dumps({"id": JOB}).encode()
    await opened.ask(path=b"v1/jobs", answer=told)
    await opened.ask(path=b"v1/jobs", answer=told, key=CHEMISTRY)

    assert opened.ownership.owners("acme", JOB) == ["team:physics"]


async def test_a_form_is_looked_through_and_passes(door: Open) -> None:
    opened = door(passthrough_paths=("POST /v1/uploads",))
    form = b'--b\r\ncontent-disposition: form-data; name="of"\r\n\r\n%b\r\n--b--\r\n'
    kind = b"multipart/form-data; boundary=other"
    await opened.ask(path=b"v1/uploads", body=form % b"x", kind=kind)
    assert b'content-type: multipart/form-data; boundary="b"\r\n' in opened.sent

    with pytest.raises(NotFound):
        await opened.ask(path=b"v1/uploads", body=form % JOB.encode(), kind=kind)


async def test_a_body_that_nobody_can_look_through_does_not_pass(door: Open) -> None:
    with pytest.raises(InvalidRequest):
        await door(passthrough_paths=("* /**",)).ask(body=b"\x00\x01", kind=b"application/octet-stream")


async def test_a_stream_passes_as_it_comes_and_its_usage_is_found_at_its_end(door: Open) -> None:
    opened = door()
    chunk = b'data: {"delta":"hello"}\n\n'
    last = b'data: {"usage":{"input_tokens":4,"output_tokens":2}}\n\n'
    client = await opened.ask(answer=Scripted(200, b"text/event-stream", [chunk] * 100 + [last]))

    assert client.body == chunk * 100 + last
    assert opened.notes.ended[0].usage.output_tokens == 2


async def test_a_provider_that_is_not_there_is_told_only_to_those_who_may_ask(door: Open) -> None:
    with pytest.raises(NotFound):
        await door().ask(provider="nobody")
    with pytest.raises(PassthroughDenied):
        await door().ask(provider="nobody", key=PLAIN)
