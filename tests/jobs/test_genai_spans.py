import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.store.entries import NOON_US, entry
from tokenrouter.domain.ledger import Usage
from tokenrouter.jobs.genai_spans import parent_of, request_of, span_of

TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def kind_of(name: str) -> str:
    return {"acme": "openai-compatible", "claude": "anthropic"}.get(name, "")


def test_a_row_is_a_span_of_the_time_it_took() -> None:
    row = entry("req_1", latency_us=2_000_000, first_token_us=500_000, stream=True, operation="messages", alias="fast")

    span = span_of(row, kind_of)

    assert span.name == "chat small"
    assert span.is_client
    assert (span.start_ns, span.end_ns) == (NOON_US * 1000, NOON_US * 1000 + 2_000_000_000)
    assert span.attributes == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "acme",
        "gen_ai.request.model": "small",
        "gen_ai.request.stream": True,
        "gen_ai.response.time_to_first_chunk": 0.5,
        "gen_ai.usage.input_tokens": 10,
        "gen_ai.usage.output_tokens": 5,
        "gen_ai.usage.cache_read.input_tokens": 4,
        "gen_ai.usage.reasoning.output_tokens": 2,
        "http.response.status_code": 200,
        "tokenrouter.request.id": "req_1",
        "tokenrouter.attempt": 1,
        "tokenrouter.provider": "acme",
        "tokenrouter.requested_model": "acme/small",
        "tokenrouter.alias": "fast",
        "tokenrouter.key.id": "key_alice",
        "tokenrouter.team": "physics",
        "tokenrouter.end_reason": "completed",
        "tokenrouter.cost_usd": 25e-9,
    }


def test_names_of_keys_and_people_are_left_out() -> None:
    told = str(span_of(entry("req_1", key_name="alices-laptop", user="ann@example.org"), kind_of))

    assert "alices-laptop" not in told
    assert "ann@example.org" not in told


@pytest.mark.parametrize(
    ("operation", "name"),
    [("responses", "chat"), ("completions", "text_completion"), ("embed_content", "embeddings"), ("rerank", "rerank")],
)
def test_operations_have_the_well_known_names_where_there_are_such(operation: str, name: str) -> None:
    assert span_of(entry("req_1", operation=operation), kind_of).attributes["gen_ai.operation.name"] == name


def test_an_error_is_told_by_its_code_or_by_how_the_request_ended() -> None:
    refused = entry("req_1", end_reason="provider_error", error_code="provider_refused", status=502)
    gone = entry("req_1", end_reason="client_disconnect", usage=Usage())

    assert span_of(refused, kind_of).error_type == "provider_refused"
    assert span_of(gone, kind_of).attributes["error.type"] == "client_disconnect"
    assert span_of(entry("req_1"), kind_of).error_type == ""


def test_what_no_provider_was_asked_for_is_the_gateways_own() -> None:
    span = span_of(entry("req_1", provider="", model="", requested_model="fast"), kind_of)

    assert not span.is_client
    assert span.attributes["gen_ai.provider.name"] == "tokenrouter"
    assert span.name == "chat fast"


def test_attempts_of_a_request_share_a_trace_and_are_the_same_spans_when_they_are_told_again() -> None:
    first, second, part = (span_of(entry(name), kind_of) for name in ("req_1", "req_1.2", "req_1.2/1"))

    assert first.trace_id == second.trace_id == part.trace_id
    assert len({first.span_id, second.span_id, part.span_id}) == 3
    assert second.attributes["tokenrouter.attempt"] == part.attributes["tokenrouter.attempt"] == 2
    assert span_of(entry("req_1.2"), kind_of) == second
    assert request_of("req_1.2+") == "req_1"


def test_the_clients_trace_goes_on() -> None:
    span = span_of(entry("req_1", traceparent=TRACEPARENT), kind_of)

    assert f"{span.trace_id:032x}" == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert span.parent is not None
    assert f"{span.parent.span_id:016x}" == "00f067aa0ba902b7"
    assert span.parent.is_sampled


@pytest.mark.parametrize(
    "text",
    [
        "",
        TRACEPARENT[:-1],
        TRACEPARENT.upper(),
        "ff" + TRACEPARENT[2:],
        "00-" + "0" * 32 + TRACEPARENT[35:],
        TRACEPARENT[:36] + "0" * 16 + "-01",
        TRACEPARENT + "\n",
        f" {TRACEPARENT}",
    ],
)
def test_what_is_no_traceparent_begins_a_trace_of_its_own(text: str) -> None:
    assert parent_of(text) is None
    assert span_of(entry("req_1", traceparent=text), kind_of).parent is None


@given(st.text(max_size=60))
def test_whatever_a_client_sends_there_is_a_span(text: str) -> None:
    span = span_of(entry("req_1", traceparent=text, decision=text), kind_of)

    assert 0 < span.trace_id < 2**128
    assert 0 < span.span_id < 2**64
