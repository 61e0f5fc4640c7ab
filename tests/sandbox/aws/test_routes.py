"""Converse, its stream and its failures, over signed requests."""

from typing import Any

import pytest

from tests.sandbox.program import running
from tests.sandbox.wire import KEY_ID, converse, send, signed
from tokenrouter.sandbox.faults import MIDWAY_FRAMES
from tokenrouter.testing.processes import SandboxProcess

TOOLS: Any = {
    "tools": [
        {
            "toolSpec": {
                "name": name,
                "inputSchema": {
                    "json": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
                },
            }
        }
        for name in ("get_weather", "get_time")
    ]
}


def asking(text: str = "hello", **more: object) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": [{"text": text}]}], **more}


def stream(sandbox: SandboxProcess, model: str, body: object) -> list[tuple[str, Any]]:
    """The events by name, without their padding."""
    answered = converse(sandbox.base_url, model, body, "converse-stream")
    assert answered.headers["content-type"] == "application/vnd.amazon.eventstream"
    found = []
    for headers, payload in answered.messages():
        payload.pop("p", None)
        found.append((headers.get(":event-type") or headers[":exception-type"], payload))
    return found


def test_echo_answers_as_documented(sandbox: SandboxProcess) -> None:
    answered = converse(sandbox.base_url, "echo", asking("hällo"))

    assert answered.headers["x-amzn-requestid"]
    assert answered.json() == {
        "metrics": {"latencyMs": 12},
        "output": {"message": {"content": [{"text": "hällo"}], "role": "assistant"}},
        "stopReason": "end_turn",
        "usage": {
            "inputTokens": 8,
            "outputTokens": 2,
            "totalTokens": 10,
            "cacheReadInputTokens": 0,
            "cacheWriteInputTokens": 0,
        },
    }


def test_a_stream_has_its_events_in_order(sandbox: SandboxProcess) -> None:
    events = stream(sandbox, "lorem-2", asking())

    assert events == [
        ("messageStart", {"role": "assistant"}),
        ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "Lore"}}),
        ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "m ip"}}),
        ("contentBlockStop", {"contentBlockIndex": 0}),
        ("messageStop", {"stopReason": "end_turn"}),
        ("metadata", events[-1][1]),
    ]
    assert events[-1][1]["usage"]["outputTokens"] == 2


def test_tools_are_streamed_in_pieces(sandbox: SandboxProcess) -> None:
    events = stream(sandbox, "echo", asking("use tools", toolConfig=TOOLS))

    starts = [payload for name, payload in events if name == "contentBlockStart"]
    pieces = [payload["delta"]["toolUse"]["input"] for name, payload in events if name == "contentBlockDelta"]
    assert [start["start"]["toolUse"]["name"] for start in starts] == ["get_weather", "get_time"]
    assert "".join(pieces) == '{"city":"text"}' * 2
    assert ("messageStop", {"stopReason": "tool_use"}) in events


@pytest.mark.parametrize("model", ["thinker", "thinker-open"])
def test_a_turn_with_tools_comes_round_with_its_reasoning_and_not_without(sandbox: SandboxProcess, model: str) -> None:
    said = converse(sandbox.base_url, model, asking("use tool", toolConfig=TOOLS)).json()["output"]["message"]
    reasoning, use = said["content"]
    result = {"toolResult": {"toolUseId": use["toolUse"]["toolUseId"], "content": [{"text": "21"}]}}

    def again(*blocks: object) -> Any:
        body = asking("use tool", toolConfig=TOOLS)
        body["messages"] += [{"role": "assistant", "content": list(blocks)}, {"role": "user", "content": [result]}]
        return converse(sandbox.base_url, model, body)

    assert again(reasoning, use).json()["output"]["message"]["content"][1] == {"text": "The tool answered: 21"}
    assert again(use).status == 400


def test_thinking_can_be_turned_off(sandbox: SandboxProcess) -> None:
    body = asking(additionalModelRequestFields={"thinking": {"type": "disabled"}})

    assert converse(sandbox.base_url, "thinker", body).json()["output"]["message"]["content"] == [{"text": "hello"}]


def test_a_streamed_thinker_signs_at_the_end_of_its_reasoning(sandbox: SandboxProcess) -> None:
    deltas = [payload["delta"] for name, payload in stream(sandbox, "thinker-open", asking()) if "delta" in payload]

    shown = [delta["reasoningContent"] for delta in deltas if "reasoningContent" in delta]
    assert "".join(each.get("text", "") for each in shown).startswith("Lorem ipsum")
    assert ["signature" in each for each in shown].index(True) == len(shown) - 1


@pytest.mark.parametrize(
    ("config", "reason", "text"),
    [
        ({"maxTokens": 1}, "max_tokens", "one "),
        ({"stopSequences": [" two"]}, "stop_sequence", "one"),
        ({"stopSequences": ["four"]}, "end_turn", "one two three"),
    ],
)
def test_it_says_why_it_stopped(sandbox: SandboxProcess, config: object, reason: str, text: str) -> None:
    document = converse(sandbox.base_url, "echo", asking("one two three", inferenceConfig=config)).json()

    assert document["stopReason"] == reason
    assert document["output"]["message"]["content"] == [{"text": text}]


def test_only_a_cache_point_caches(sandbox: SandboxProcess) -> None:
    text = "a prompt of Bedrock's that only this test sends " * 200
    plain, marked = asking(text), asking(text)
    marked["messages"][0]["content"].append({"cachePoint": {"type": "default"}})

    def usage(body: object) -> tuple[int, int, int]:
        told = converse(sandbox.base_url, "lorem-1", body).json()["usage"]
        return told["inputTokens"], told["cacheReadInputTokens"], told["cacheWriteInputTokens"]

    whole, *nothing = usage(plain)
    assert nothing == [0, 0]
    read_and_written = [usage(marked) for _ in range(2)]
    assert all(sum(each) == whole for each in read_and_written)
    assert read_and_written[1][1] > 1024


@pytest.mark.parametrize(
    ("choice", "names"),
    [({"auto": {}}, []), ({"any": {}}, ["get_weather"]), ({"tool": {"name": "get_time"}}, ["get_time"])],
)
def test_a_choice_decides(sandbox: SandboxProcess, choice: object, names: list[str]) -> None:
    content = converse(sandbox.base_url, "echo", asking(toolConfig={**TOOLS, "toolChoice": choice})).json()["output"]

    assert [block["toolUse"]["name"] for block in content["message"]["content"] if "toolUse" in block] == names


def test_a_schema_gets_an_instance(sandbox: SandboxProcess) -> None:
    structure = {"jsonSchema": {"schema": '{"type":"object","properties":{"x":{"const":7}},"required":["x"]}'}}
    body = asking(outputConfig={"textFormat": {"type": "json_schema", "structure": structure}})

    assert converse(sandbox.base_url, "echo", body).json()["output"]["message"]["content"] == [{"text": '{"x": 7}'}]


def test_a_prompt_can_be_counted(sandbox: SandboxProcess) -> None:
    answered = converse(sandbox.base_url, "echo", {"input": {"converse": asking()}}, "count-tokens")

    assert answered.json() == {"inputTokens": 8}


@pytest.mark.parametrize(
    ("model", "status", "kind"),
    [
        ("nobody", 400, "ValidationException"),
        ("fault/400", 400, "ValidationException"),
        ("fault/401", 403, "UnrecognizedClientException"),
        ("fault/429", 429, "ThrottlingException"),
        ("fault/500", 500, "InternalServerException"),
        ("fault/503", 503, "ServiceUnavailableException"),
    ],
)
@pytest.mark.parametrize("operation", ["converse", "converse-stream"])
def test_failures_have_the_shape_of_aws(
    sandbox: SandboxProcess, model: str, status: int, kind: str, operation: str
) -> None:
    answered = converse(sandbox.base_url, model, asking(), operation)

    assert answered.status == status
    assert answered.headers["x-amzn-errortype"] == kind
    assert list(answered.json()) == ["message"]


@pytest.mark.parametrize(("fault", "events"), [("error-event", 0), ("error-midstream", 1 + MIDWAY_FRAMES)])
def test_an_error_inside_a_stream_is_an_exception(sandbox: SandboxProcess, fault: str, events: int) -> None:
    found = stream(sandbox, f"fault/{fault}", asking())

    assert len(found) == events + 1
    assert found[-1][0] == "modelStreamErrorException"
    assert found[-1][1]["originalStatusCode"] == 500


def test_other_faults_are_in_this_shape_too(sandbox: SandboxProcess) -> None:
    broken = converse(sandbox.base_url, "fault/malformed-chunk", asking(), "converse-stream")

    with pytest.raises(AssertionError):
        broken.messages()
    assert "metadata" not in dict(stream(sandbox, "fault/no-usage", asking()))
    assert [name for name, _ in stream(sandbox, "fault/clean-cut@2", asking())][-1] == "contentBlockDelta"
    assert "usage" not in converse(sandbox.base_url, "fault/no-usage", asking()).json()


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"toolConfig": {"tools": []}}, "toolConfig.tools"),
        ({"toolConfig": {**TOOLS, "toolChoice": {"tool": {"name": "nobody"}}}}, "is not among"),
        (
            {"toolConfig": {"tools": [{"toolSpec": {"name": "f", "inputSchema": {"json": {"type": "string"}}}}]}},
            "object",
        ),
        ({"additionalModelRequestFields": {"thinking": {"type": "enabled", "budget_tokens": 5}}}, "1024"),
        ({"outputConfig": {"effort": "some"}}, "effort"),
        ({"system": [{"cachePoint": {"type": "default"}}] * 5}, "maximum of 4"),
        ({"top_p": 1}, "Unknown member 'top_p'"),
    ],
)
def test_what_bedrock_refuses(sandbox: SandboxProcess, config: dict[str, Any], told: str) -> None:
    answered = converse(sandbox.base_url, "echo", asking(**config))

    assert answered.status == 400
    assert told in answered.json()["message"]


def test_an_unknown_operation_is_not_there(sandbox: SandboxProcess) -> None:
    assert (
        converse(sandbox.base_url, "echo", asking(), "dream").headers["x-amzn-errortype"] == "UnknownOperationException"
    )


def test_a_wrong_signature_is_refused(sandbox: SandboxProcess) -> None:
    path = "/model/echo/converse"
    answered = send(sandbox.base_url, path, b"{}", signed(sandbox.base_url, path, b"{}", secret="another"))

    assert answered.status == 403
    assert answered.headers["x-amzn-errortype"] == "InvalidSignatureException"


def test_an_api_key_does_instead_of_a_signature() -> None:
    with running("--api-key", "good") as program:
        statuses = [
            send(program.base_url, "/model/echo/converse", asking(), headers).status
            for headers in ({"authorization": "Bearer good"}, {"authorization": "Bearer bad"}, {})
        ]

    assert statuses == [200, 403, 403]


def test_the_program_takes_a_key_pair_and_a_region() -> None:
    path, body = "/model/echo/converse", b'{"messages":[{"role":"user","content":[{"text":"x"}]}]}'
    with running("--aws-access-key", f"{KEY_ID}:secret:session", "--aws-region", "eu-west-1") as program:
        own = signed(program.base_url, path, body, secret="secret", region="eu-west-1", token="session")
        good = send(program.base_url, path, body, own)
        bad = send(program.base_url, path, body, signed(program.base_url, path, body))

    assert (good.status, bad.status) == (200, 403)
