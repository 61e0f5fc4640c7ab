import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dialects.recorded import spoiled
from tokenrouter.dialects.anthropic.request_decoder import decode_request
from tokenrouter.domain.errors import InvalidJson, InvalidRequest
from tokenrouter.domain.items import Call, CallOutput, Foreign, Message, ProviderState, Reasoning, Text, text_of
from tokenrouter.domain.requests import HostedTool, OutputFormat, ReasoningControl, Request, Tool, ToolChoice


def decode(messages: list[object] | None = None, **fields: object) -> Request:
    return decode_request(json.dumps({"model": "m", "max_tokens": 9, "messages": messages or [], **fields}).encode())


def said(*blocks: object) -> tuple[object, ...]:
    return decode([{"role": "assistant", "content": list(blocks)}]).items


CLAUDE_CODE: dict[str, Any] = {
    "model": "claude-opus-5",
    "max_tokens": 32000,
    "stream": True,
    "system": [
        {"type": "text", "text": "x-anthropic-billing-header: cc_version=2.1.329; cch=4f2a1;"},
        {"type": "text", "text": "You are Claude Code.", "cache_control": {"type": "ephemeral"}},
        {"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
    ],
    "messages": [
        {"role": "user", "content": [{"type": "text", "text": "Hi"}]},
        {"role": "system", "content": "The date is today."},
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "hm", "signature": ""},
                {"type": "tool_use", "id": "call_abc/1:+=", "name": "ToolSearch", "input": {"query": "x"}},
            ],
        },
        {
            "role": "user",
            "content": [
                {
                    "type": "tool_result",
                    "tool_use_id": "call_abc/1:+=",
                    "content": [{"type": "tool_reference", "tool_name": "Fetch"}],
                },
                {"type": "text", "text": "go on"},
            ],
        },
    ],
    "tools": [
        {"name": "ToolSearch", "description": "Finds.", "input_schema": {"type": "object"}},
        {"name": "DeferredToolPlaceholder", "input_schema": {"type": "object"}, "defer_loading": True},
        {"name": "Fetch", "input_schema": {"type": "object"}, "defer_loading": True},
    ],
    "thinking": {"type": "adaptive", "display": "omitted"},
    "output_config": {"effort": "medium"},
    "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
    "metadata": {"user_id": '{"device_id":"d","account_uuid":"","session_id":"0b0cbd2a-2c8d-4f27-8c4d-1a2b3c4d5e6f"}'},
}


def test_what_claude_code_sends_is_understood() -> None:
    request = decode_request(json.dumps(CLAUDE_CODE).encode())

    assert request.items == (
        Message("system", (Text("You are Claude Code.", cache="5m"), Text("Be brief.", cache="1h"))),
        Message("user", (Text("Hi"),)),
        Message("system", (Text("The date is today."),)),
        Reasoning(("hm",)),
        Call("call_abc/1:+=", "ToolSearch", '{"query": "x"}'),
        CallOutput("call_abc/1:+=", (request.items[5].parts[0],)),  # type: ignore[union-attr]
        Message("user", (Text("go on"),)),
    )
    assert request.stream
    assert request.max_output_tokens == 32000
    assert request.reasoning == ReasoningControl("medium", adaptive=True, shown=False)
    assert request.extra.keys() == {"context_management"}


def test_a_reference_to_a_tool_has_words_for_others() -> None:
    output = decode_request(json.dumps(CLAUDE_CODE).encode()).items[5]

    assert isinstance(output, CallOutput)
    assert text_of(output.parts) == "The tool Fetch may be called now."


def test_the_billing_line_that_defeats_prefix_caches_is_left_out() -> None:
    assert decode(system="x-anthropic-billing-header: a").items == ()


def test_the_placeholder_is_no_tool_and_deferred_ones_are_known_as_such() -> None:
    tools = decode_request(json.dumps(CLAUDE_CODE).encode()).tools

    assert [(tool.name, tool.deferred) for tool in tools if isinstance(tool, Tool)] == [
        ("ToolSearch", False),
        ("Fetch", True),
    ]


def test_the_session_of_claude_code_names_the_prefix_cache() -> None:
    session = "0b0cbd2a-2c8d-4f27-8c4d-1a2b3c4d5e6f"

    assert decode_request(json.dumps(CLAUDE_CODE).encode()).service.cache_key == session
    older = decode(metadata={"user_id": f"user_ab_account__session_{session}"}).service
    assert (older.cache_key, older.user) == (session, f"user_ab_account__session_{session}")
    assert decode(metadata={"user_id": "alice"}).service.cache_key == ""


def test_an_empty_list_of_tools_is_no_tools() -> None:
    assert decode(tools=[]).tools == ()


def test_content_may_be_a_text() -> None:
    assert decode([{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}], system="s").items == (
        Message("system", (Text("s"),)),
        Message("user", (Text("a"),)),
        Message("assistant", (Text("b"),)),
    )


def test_thoughts_with_signatures_are_kept_and_empty_ones_are_nothing() -> None:
    family = "anthropic-messages"
    assert said(
        {"type": "thinking", "thinking": "hm", "signature": "s"},
        {"type": "thinking", "thinking": "", "signature": "t"},
        {"type": "thinking", "thinking": "", "signature": ""},
        {"type": "redacted_thinking", "data": "d"},
    ) == (
        Reasoning(("hm",), state=ProviderState(family, "signature", "s")),
        Reasoning(state=ProviderState(family, "signature", "t")),
        Reasoning(state=ProviderState(family, "redacted", "d")),
    )


def test_outputs_come_before_the_words_of_their_turn() -> None:
    blocks = [
        {"type": "text", "text": "and"},
        {"type": "tool_result", "tool_use_id": "a", "content": "1", "is_error": True},
        {"type": "tool_result", "tool_use_id": "b", "cache_control": {"type": "ephemeral"}},
    ]

    assert decode([{"role": "user", "content": blocks}]).items == (
        CallOutput("a", (Text("1"),), is_error=True),
        CallOutput("b", (), cache="5m"),
        Message("user", (Text("and"),)),
    )


def test_steps_of_tools_that_anthropic_runs_keep_their_place() -> None:
    use = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}
    result = {"type": "web_search_tool_result", "tool_use_id": "s", "content": [{"title": "T", "url": "https://t"}]}
    items = said({"type": "text", "text": "a"}, use, result, {"type": "text", "text": "b"})

    assert [type(item) for item in items] == [Message, Foreign, Foreign, Message]
    assert [item.text for item in items if isinstance(item, Foreign)] == ["", "T\nhttps://t"]


def test_settings_find_their_places() -> None:
    request = decode(
        stop_sequences=["x"],
        temperature=0.5,
        top_k=4,
        service_tier="standard_only",
        cache_control={"type": "ephemeral", "ttl": "1h"},
        output_config={"format": {"type": "json_schema", "schema": {"type": "object"}}},
        tool_choice={"type": "auto", "disable_parallel_tool_use": True},
    )

    assert (request.sampling.stop, request.sampling.temperature, request.sampling.top_k) == (("x",), 0.5, 4)
    assert (request.service.tier, request.cache) == ("default", "1h")
    assert request.output_format == OutputFormat("json_schema", b'{"type": "object"}')
    assert (request.tool_choice, request.parallel_calls) == (ToolChoice("auto"), False)


def test_the_older_place_of_the_output_format_is_read() -> None:
    wanted = {"type": "json_schema", "schema": {"type": "object"}}

    assert decode(output_format=wanted).output_format == OutputFormat("json_schema", b'{"type": "object"}')


@pytest.mark.parametrize(
    ("wire", "choice"),
    [
        ({"type": "auto"}, ToolChoice("auto")),
        ({"type": "any"}, ToolChoice("required")),
        ({"type": "none"}, ToolChoice("none")),
        ({"type": "tool", "name": "f"}, ToolChoice("required", ("f",))),
    ],
)
def test_tool_choices_are_read_in_all_their_shapes(wire: object, choice: ToolChoice) -> None:
    assert decode(tool_choice=wire).tool_choice == choice


@pytest.mark.parametrize(
    ("thinking", "config", "control"),
    [
        ({"type": "disabled"}, {"effort": "high"}, ReasoningControl(budget_tokens=0)),
        ({"type": "enabled", "budget_tokens": 2000}, None, ReasoningControl(None, 2000)),
        ({"type": "adaptive"}, {"effort": "xhigh"}, ReasoningControl("xhigh", adaptive=True)),
        ({"type": "adaptive", "display": "summarized"}, None, ReasoningControl(adaptive=True, shown=True)),
        ({"type": "between_tools"}, None, ReasoningControl(adaptive=True)),
        (None, {"effort": "low"}, ReasoningControl("low")),
        (None, None, None),
    ],
)
def test_thinking_is_read_in_all_its_forms(thinking: object, config: object, control: ReasoningControl | None) -> None:
    assert decode(thinking=thinking, output_config=config).reasoning == control


def test_tools_that_anthropic_runs_are_told_apart_from_the_clients() -> None:
    search = {"type": "web_search_20250305", "name": "web_search", "max_uses": 8}
    novelty = {"type": "telepathy_20270101", "name": "t"}
    own = {"type": "custom", "name": "f", "strict": True, "allowed_callers": ["direct"]}
    tools = decode(tools=[search, novelty, own]).tools

    assert [tool.kind for tool in tools] == ["web_search", "other", "function"]
    assert isinstance(tools[0], HostedTool)
    assert json.loads(tools[0].json) == search
    assert tools[2] == Tool("f", strict=True, extra={"allowed_callers": b'["direct"]'})


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b'{"model":"m"}', None),
        (b'{"model":"m","messages":[{"role":7}]}', "messages[0].role"),
        (b'{"model":"m","messages":[{"role":"wizard"}]}', "messages[0].role"),
        (b'{"model":"m","messages":[{"role":"user","content":[{"type":7}]}]}', "messages[0].content[0].type"),
        (b'{"model":"m","messages":[{"role":"user","content":[7]}]}', "messages[0].content[0]"),
        (
            b'{"model":"m","messages":[{"role":"user","content":[{"type":"image","source":{"type":"wish"}}]}]}',
            "messages[0].content[0].source",
        ),
        (
            b'{"model":"m","messages":[{"role":"user","content":[{"type":"tool_result","content":"x"}]}]}',
            "messages[0].content[0].tool_use_id",
        ),
        (
            b'{"model":"m","messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":7}]}]}',
            "messages[0].content[0].content",
        ),
        (
            b'{"model":"m","messages":[{"role":"assistant","content":[{"type":"tool_use","id":"a"}]}]}',
            "messages[0].content[0].name",
        ),
        (
            b'{"model":"m","messages":[{"role":"assistant","content":[{"type":"text","text":"x","citations":7}]}]}',
            "messages[0].content[0].citations",
        ),
        (b'{"model":"m","messages":[],"tools":[{"name":7}]}', "tools[0].name"),
        (b'{"model":"m","messages":[],"tools":[{}]}', "tools[0].name"),
        (b'{"model":"m","messages":[],"tool_choice":{"type":"perhaps"}}', "tool_choice.type"),
        (b'{"model":"m","messages":[],"tool_choice":{"type":"tool"}}', "tool_choice.name"),
        (b'{"model":"m","messages":[],"temperature":"warm"}', "temperature"),
        (b'{"model":"m","messages":[],"thinking":{"type":"deep"}}', "thinking.type"),
        (b'{"model":"m","messages":[],"output_config":{"effort":"heroic"}}', "output_config.effort"),
        (b'{"model":"m","messages":[],"output_config":{"format":{"type":"xml"}}}', "output_config.format.type"),
    ],
)
def test_a_mistake_is_refused_with_its_place(body: bytes, param: str | None) -> None:
    with pytest.raises(InvalidRequest) as caught:
        decode_request(body)

    assert caught.value.param == param


@settings(max_examples=300)
@given(st.data())
def test_rubbish_anywhere_in_a_request_is_refused_or_does_no_harm(data: st.DataObject) -> None:
    body = json.dumps(spoiled(CLAUDE_CODE, data)).encode()

    try:
        request = decode_request(body)
    except InvalidRequest:
        return
    assert all(isinstance(part, Text | Foreign) for item in request.items for part in getattr(item, "parts", ()))


@given(st.binary(max_size=40))
def test_rubbish_is_refused_and_nothing_else(body: bytes) -> None:
    with pytest.raises(InvalidRequest):
        decode_request(body)


def test_a_key_that_stands_twice_is_refused() -> None:
    with pytest.raises(InvalidJson):
        decode_request(b'{"model":"a","model":"b","messages":[]}')
