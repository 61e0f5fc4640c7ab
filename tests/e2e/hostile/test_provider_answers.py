"""What a provider answers amiss is told in the client's dialect, with its name and the place; never as success."""

import itertools
import re
from collections.abc import Mapping

import pytest

from tests.dialects.bedrock.test_stream_decoder import exception
from tests.e2e.hostile.answers import LATER_FAULTS, STREAM_FAULTS, TONGUES, WHOLE_FAULTS, Fault
from tests.e2e.hostile.asking import CLIENTS, Asker, Client, error_in, terminal_error
from tests.e2e.hostile.upstream import JSON, Upstream
from tests.e2e.matrix.books import rows
from tokenrouter.testing.processes import GatewayProcess, wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("hostile")]

PAIRS = list(itertools.product(CLIENTS, TONGUES))
TRANSLATED = [(client, provider) for client, provider in PAIRS if client != provider]
UNREAD = frozenset(("no JSON", "odd types", "huge"))
"""What nobody sees between equal dialects: their bytes pass unread (DESIGN.md, "The road of one request")."""


def cases(faults: Mapping[str, Fault]) -> pytest.MarkDecorator:
    """Return each fault of each pair."""
    rows = [
        pytest.param(client, provider, fault, id=f"{client}-{provider}-{name}")
        for (client, provider), (name, fault) in itertools.product(PAIRS, faults.items())
        if client != provider or name not in UNREAD
    ]
    return pytest.mark.parametrize(("client", "provider", "fault"), rows)


def require_told(message: str, provider: str, fault: Fault) -> None:
    assert f"'{provider}'" in message
    assert re.search(fault.place, message)


@pytest.mark.parametrize(("client", "provider"), PAIRS)
def test_what_is_laid_ready_is_understood_when_nothing_is_amiss(
    client: Client, provider: str, asker: Asker, upstream: Upstream
) -> None:
    tongue = TONGUES[provider]
    upstream.lay(tongue.whole)
    assert asker.ask(client, f"{provider}/m").status == 200

    upstream.lay(tongue.first, tongue.stream_type, later=tongue.stream.removeprefix(tongue.first))
    answer = asker.ask(client, f"{provider}/m", stream=True, begun=upstream.go_on.set)
    assert answer.status == 200
    assert b"error" not in answer.body.replace(b'"error":null', b"")


@cases(WHOLE_FAULTS)
def test_an_answer_amiss_is_a_502_that_says_whose_and_where(
    client: Client, provider: str, fault: Fault, asker: Asker, upstream: Upstream
) -> None:
    upstream.lay(fault.body(TONGUES[provider]), fault.content_type or JSON)

    answer = asker.ask(client, f"{provider}/m")

    require_told(error_in(client, answer), provider, fault)
    assert answer.status == 502


@cases(STREAM_FAULTS)
def test_a_stream_that_never_begins_is_a_502_too(
    client: Client, provider: str, fault: Fault, asker: Asker, upstream: Upstream
) -> None:
    tongue = TONGUES[provider]
    upstream.lay(fault.body(tongue), fault.content_type or tongue.stream_type)

    answer = asker.ask(client, f"{provider}/m", stream=True)

    require_told(error_in(client, answer), provider, fault)
    assert answer.status == 502


@cases(LATER_FAULTS)
def test_a_stream_that_goes_wrong_ends_with_the_dialects_own_error(
    client: Client, provider: str, fault: Fault, asker: Asker, upstream: Upstream
) -> None:
    tongue = TONGUES[provider]
    upstream.lay(tongue.first, tongue.stream_type, later=fault.body(tongue) or b"\n")

    answer = asker.ask(client, f"{provider}/m", stream=True, begun=upstream.go_on.set)

    if client == provider and fault is LATER_FAULTS["an error"]:
        assert fault.body(tongue) in answer.body
    else:
        require_told(terminal_error(client, answer), provider, fault)


@pytest.mark.parametrize("fault", ["no JSON", "odd types"])
@pytest.mark.parametrize("dialect", CLIENTS)
def test_between_equal_dialects_bytes_pass_unread_but_not_as_a_whole_answer(
    dialect: Client, fault: str, asker: Asker, upstream: Upstream
) -> None:
    tongue = TONGUES[dialect]
    amiss = LATER_FAULTS[fault].body(tongue)
    upstream.lay(tongue.first, tongue.stream_type, later=amiss)

    answer = asker.ask(dialect, f"{dialect}/m", stream=True, begun=upstream.go_on.set)

    assert answer.body.startswith(tongue.first + amiss)
    assert f"'{dialect}'" in terminal_error(dialect, answer)


EARLY = {
    "chat": (b'data: {"error":{"message":"slow down","type":"rate_limit_error","code":null}}\n\n', 429),
    "responses": (b'data: {"type":"error","code":"rate_limit_exceeded","message":"slow down"}\n\n', 429),
    "messages": (b'data: {"type":"error","error":{"type":"overloaded_error","message":"slow down"}}\n\n', 529),
    "gemini": (b'data: {"error":{"code":503,"message":"slow down","status":"UNAVAILABLE"}}\n\n', 503),
    "converse": (exception("throttlingException", b'{"message":"slow down"}'), 429),
}
"""Errors that come as the first event, and the status that each of them stands for."""


@pytest.mark.parametrize(("client", "provider"), PAIRS)
def test_an_error_that_comes_first_is_told_by_its_status(
    client: Client, provider: str, asker: Asker, upstream: Upstream
) -> None:
    event, status = EARLY[provider]
    upstream.lay(event, TONGUES[provider].stream_type)

    answer = asker.ask(client, f"{provider}/m", stream=True)

    assert answer.status == status
    assert "slow down" in error_in(client, answer)


def test_the_ledger_takes_none_of_it_for_a_success(asker: Asker, upstream: Upstream, standing: GatewayProcess) -> None:
    statuses: dict[str, int] = {}
    for client, provider in PAIRS:
        tongue = TONGUES[provider]
        upstream.lay(WHOLE_FAULTS["cut off"].body(tongue))
        whole = asker.ask(client, f"{provider}/m")
        upstream.lay(STREAM_FAULTS["an error"].body(tongue), tongue.stream_type)
        early = asker.ask(client, f"{provider}/m", stream=True)
        upstream.lay(tongue.first, tongue.stream_type, later=b"\n")
        late = asker.ask(client, f"{provider}/m", stream=True, begun=upstream.go_on.set)
        statuses |= {answer.request_id: answer.status for answer in (whole, early, late)}
    assert len(statuses) == 3 * len(PAIRS)
    wait_until("the rows", lambda: set(statuses) <= set(rows(standing)))
    ledger = rows(standing)

    for request_id, status in statuses.items():
        row = ledger[request_id]
        assert row["status"] == status
        assert row["end_reason"] in ("provider_error", "provider_cut")
        assert row["error_code"]
