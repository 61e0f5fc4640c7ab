import gzip
import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import botocore
import pytest
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

from tokenrouter.dialects.bedrock.losses import REQUEST_LOSSES
from tokenrouter.dialects.bedrock.messages import FAMILY
from tokenrouter.dialects.bedrock.models import ConverseQuirks, ModelTraits
from tokenrouter.dialects.bedrock.request_encoder import encode_request
from tokenrouter.dialects.bedrock.tools import FORMAT_TOOL
from tokenrouter.dialects.hub import CalledAs, Target, Undo
from tokenrouter.domain.errors import InvalidRequest
from tokenrouter.domain.items import (
    Audio,
    Call,
    CallOutput,
    Document,
    Image,
    Inline,
    Item,
    Message,
    Part,
    ProviderState,
    Reasoning,
    Text,
    Video,
)
from tokenrouter.domain.requests import OutputFormat, ReasoningControl, Request, Sampling, Service, Tool

CLAUDE = ModelTraits(
    "budget",
    top_k=("top_k",),
    forces="tool",
    one_call=True,
    result_status=True,
    schemas=True,
    cache="all",
    cache_1h=True,
)
NEWER = ModelTraits("adaptive", samples=False, forces="tool", schemas=True, prefill=False, cache="all")
NOVA = ModelTraits("nova", top_k=("inferenceConfig", "topK"), forces="tool")
PLAIN = ModelTraits()
SCHEMA = b'{"type":"object","properties":{"x":{"const":7}}}'
WANTED = OutputFormat("json_schema", SCHEMA)
HI = Message("user", (Text("hi"),))
SIGNED = Reasoning(("hm",), state=ProviderState(FAMILY, "signature", "c2ln", "o"))
TOOLS = (Tool("f", "Does.", SCHEMA, strict=True, cache="5m"), Tool("g"))


def encoded(*items: Item, traits: ModelTraits = CLAUDE, **more: Any) -> Any:
    request = Request("m", items or (HI,), **more)
    return encode_request(request, Target("aws", "m", "o"), ConverseQuirks((("*", traits),)))


def body(*items: Item, traits: ModelTraits = CLAUDE, **more: Any) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(encoded(*items, traits=traits, **more).body)
    return told


def lost(*items: Item, traits: ModelTraits = CLAUDE, **more: Any) -> set[str]:
    return {loss.feature for loss in encoded(*items, traits=traits, **more).losses}


def test_model_and_streaming_are_not_in_the_body() -> None:
    assert body(stream=True) == {"messages": [{"role": "user", "content": [{"text": "hi"}]}]}


def test_settings_that_all_models_know_have_fields_of_their_own() -> None:
    request: dict[str, Any] = {
        "max_output_tokens": 100,
        "sampling": Sampling(0.5, 0.9, stop=("a", "\n")),
        "service": Service(tier="flex", metadata=b'{"team":"a b"}'),
    }

    assert body(**request) == {
        "messages": [{"role": "user", "content": [{"text": "hi"}]}],
        "inferenceConfig": {"maxTokens": 100, "temperature": 0.5, "topP": 0.9, "stopSequences": ["a"]},
        "additionalModelResponseFieldPaths": ["/stop_sequence"],
        "serviceTier": {"type": "flex"},
        "requestMetadata": {"team": "a b"},
    }
    assert encoded(**request).undo == Undo(stop=("\n",))
    assert lost(**request) == {"sampling.stop"}


def test_a_temperature_is_brought_into_range_and_left_out_where_the_model_refuses_it() -> None:
    hot = Sampling(1.5, 0.5, 40)

    assert body(sampling=hot)["inferenceConfig"] == {"temperature": 1, "topP": 0.5}
    assert lost(sampling=hot) == {"sampling.temperature"}
    assert body(sampling=hot, traits=NEWER) == body()
    assert lost(sampling=hot, traits=NEWER) == {"sampling.temperature", "sampling.top_p", "sampling.top_k"}


def test_top_k_goes_where_the_models_vendor_reads_it() -> None:
    assert body(sampling=Sampling(top_k=5))["additionalModelRequestFields"] == {"top_k": 5}
    nova = body(sampling=Sampling(top_k=5), traits=NOVA)
    assert nova["additionalModelRequestFields"] == {"inferenceConfig": {"topK": 5}}
    assert lost(sampling=Sampling(top_k=5), traits=PLAIN) == {"sampling.top_k"}


def test_a_thinking_claude_is_asked_without_what_it_refuses_then() -> None:
    more: dict[str, Any] = {"sampling": Sampling(1.0, 0.9, 5), "reasoning": ReasoningControl(budget_tokens=2048)}

    assert body(**more)["additionalModelRequestFields"] == {"thinking": {"type": "enabled", "budget_tokens": 2048}}
    assert "inferenceConfig" not in body(**more)
    assert lost(**more) == {"sampling.temperature", "sampling.top_p", "sampling.top_k"}
    assert body(sampling=Sampling(top_p=0.97), reasoning=ReasoningControl("low"))["inferenceConfig"] == {"topP": 0.97}


def test_a_thinking_claude_does_not_go_on_from_words_of_its_own() -> None:
    items = (HI, Message("assistant", (Text("Once"),)))

    assert body(*items)["messages"][-1]["role"] == "assistant"
    assert body(*items, reasoning=ReasoningControl("low"))["messages"][-1]["role"] == "user"


def test_effort_has_a_field_of_its_own() -> None:
    told = body(traits=NEWER, reasoning=ReasoningControl("max"))

    assert told["outputConfig"] == {"effort": "max"}
    assert told["additionalModelRequestFields"] == {"thinking": {"type": "adaptive"}}


@pytest.mark.parametrize("signed", [True, False])
def test_a_turn_that_has_lost_its_reasoning_goes_on_without_thinking(signed: bool) -> None:
    """Pitfalls 7 and 8: Claude answers 400 to a turn with tools that does not begin with its reasoning."""
    items: list[Item] = [HI, SIGNED, Call("a", "f"), CallOutput("a", (Text("1"),))]
    if not signed:
        items.remove(SIGNED)
    more: dict[str, Any] = {"tools": TOOLS, "reasoning": ReasoningControl(budget_tokens=2048)}

    assert body(*items, **more)["additionalModelRequestFields"]["thinking"]["type"] == (
        "enabled" if signed else "disabled"
    )
    assert ("reasoning.interrupted" in lost(*items, **more)) is not signed
    assert body(*items, traits=NEWER, **more)["additionalModelRequestFields"]["thinking"]["type"] == "adaptive"


def test_reasoning_of_a_turn_that_is_over_is_not_missed() -> None:
    items = (HI, Call("a", "f"), CallOutput("a", (Text("1"),)), Message("assistant", (Text("ok"),)), HI)

    assert "reasoning.interrupted" not in lost(*items, tools=TOOLS, reasoning=ReasoningControl(budget_tokens=2048))


def test_one_call_at_a_time_is_said_in_the_vendors_own_words() -> None:
    """BerriAI/litellm#34347: without `type` Bedrock answers 400."""
    told = body(tools=TOOLS, parallel_calls=False)

    assert told["additionalModelRequestFields"]["tool_choice"] == {"type": "auto", "disable_parallel_tool_use": True}
    assert "toolChoice" not in told["toolConfig"]


def test_a_schema_is_told_by_its_field_by_a_forced_tool_or_in_words() -> None:
    schema = {"schema": SCHEMA.decode(), "name": "answer"}

    native = {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": schema}}}
    assert body(output_format=WANTED)["outputConfig"] == native
    assert lost(output_format=WANTED) == set()
    assert encoded(output_format=WANTED, traits=NOVA).undo == Undo(format_tool=FORMAT_TOOL)
    assert lost(output_format=WANTED, traits=NOVA) == {"output_format"}
    assert SCHEMA.decode() in body(output_format=WANTED, traits=PLAIN)["system"][0]["text"]
    assert lost(output_format=WANTED, traits=PLAIN) == {"output_format"}


def test_a_json_object_is_asked_for_in_words() -> None:
    told = body(Message("system", (Text("be brief"),)), HI, output_format=OutputFormat("json_object"))

    assert [block["text"][:6] for block in told["system"]] == ["be bri", "Answer"]
    assert lost(output_format=OutputFormat("json_object")) == {"output_format.json_object"}


def test_nova_gets_no_limit_at_its_highest_effort() -> None:
    told = body(traits=NOVA, max_output_tokens=99, reasoning=ReasoningControl("high"))

    assert "inferenceConfig" not in told
    assert lost(traits=NOVA, max_output_tokens=99, reasoning=ReasoningControl("high")) == {"max_output_tokens"}


def test_no_more_than_four_cache_points_are_sent_and_those_that_reach_furthest_stay() -> None:
    marked = Text("a", cache="5m")
    told = body(Message("system", (marked, marked)), Message("user", (marked, marked)), tools=TOOLS, cache="5m")

    assert [("cachePoint" in block) for block in told["toolConfig"]["tools"]] == [False, False]
    assert sum("cachePoint" in block for block in told["system"] + told["messages"][0]["content"]) == 4
    assert "cachePoint" in told["messages"][0]["content"][-1]
    assert lost(Message("system", (marked, marked)), Message("user", (marked, marked)), tools=TOOLS) == {"cache.marks"}


def test_two_cache_points_do_not_follow_each_other() -> None:
    told = body(Message("user", (Text("a", cache="5m"),)), cache="5m")

    assert [next(iter(block)) for block in told["messages"][0]["content"]] == ["text", "cachePoint"]


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b'{"a":"b","c\xc3\xa4":"d"}', {"a": "b"}),
        (b'{"a":1}', None),
        (b"[]", None),
        (json.dumps({f"k{n}": "v" for n in range(20)}).encode(), {f"k{n}": "v" for n in range(16)}),
    ],
)
def test_metadata_that_bedrock_refuses_is_left_out(raw: bytes, told: object) -> None:
    assert body(service=Service(metadata=raw)).get("requestMetadata") == told
    assert lost(service=Service(metadata=raw)) == {"service.metadata"}


def test_tiers_of_others_are_named_and_auto_is_what_bedrock_does() -> None:
    assert "serviceTier" not in body(service=Service(tier="auto"))
    assert lost(service=Service(tier="auto")) == set()
    assert lost(service=Service(tier="standard_only")) == {"service.tier"}


def test_settings_without_a_place_are_named() -> None:
    more: dict[str, Any] = {
        "sampling": Sampling(seed=1, presence_penalty=0.1, answers=2),
        "service": Service(user="u", cache_key="k"),
        "extra": {"prediction": b"{}"},
    }

    assert lost(**more) == {
        "sampling.seed",
        "sampling.presence_penalty",
        "sampling.answers",
        "service.user",
        "service.cache_key",
        "prediction",
    }


@pytest.mark.parametrize("service", [Service(previous_id="resp_1"), Service(cached_content="c")])
def test_what_is_stored_elsewhere_cannot_be_referred_to(service: Service) -> None:
    with pytest.raises(InvalidRequest, match="send"):
        body(service=service)


def test_renamed_tools_are_known_again_in_the_answer() -> None:
    told = encoded(tools=(Tool("wait", namespace="agents"), Tool("patch", kind="custom"), Tool("plain")))

    assert told.undo == Undo({"agents__wait": CalledAs("wait", "agents"), "patch": CalledAs("patch", kind="custom")})


@pytest.mark.parametrize("traits", [CLAUDE, NEWER, NOVA, PLAIN])
def test_aws_own_sdk_finds_nothing_wrong_with_a_full_request(traits: ModelTraits) -> None:
    media: list[Part] = [
        Image(Inline("image/png", "AAAA"), cache="1h"),
        Document(Inline("application/pdf", "AAAA"), "a.pdf", context="c", citable=True),
        Audio(Inline("audio/wav", "AAAA")),
        Video(Inline("video/mp4", "AAAA")),
    ]
    told = body(
        Message("system", (Text("be brief", cache="5m"),)),
        Message("user", (Text("look"), *media)),
        SIGNED,
        Reasoning(state=ProviderState(FAMILY, "redacted", "cmVk", "o")),
        Call("a", "f", '{"x":{"y":[1.5,null]}}'),
        CallOutput("a", (Text("1"), *media), is_error=True),
        traits=traits,
        tools=TOOLS,
        max_output_tokens=9000,
        output_format=WANTED,
        reasoning=ReasoningControl("high"),
        sampling=Sampling(0.5, 0.9, 4, stop=("x",)),
        service=Service(tier="priority", metadata=b'{"a":"b"}'),
        parallel_calls=False,
        cache="1h",
    )

    report = ParamValidator().validate({"modelId": "m", **with_bytes(told)}, CONVERSE)

    assert not report.has_errors(), report.generate_report()


def with_bytes(value: Any) -> Any:
    """The same with base64 turned back, as the SDK wants to be given it."""
    if isinstance(value, list):
        return [with_bytes(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: b64decode(each) if name in ("bytes", "redactedContent") else with_bytes(each)
        for name, each in value.items()
    }


def _service_model() -> ServiceModel:
    path = Path(botocore.__file__).parent / "data/bedrock-runtime/2023-09-30/service-2.json.gz"
    return ServiceModel(json.loads(gzip.decompress(path.read_bytes())))


CONVERSE = _service_model().operation_model("Converse").input_shape


def test_every_row_of_the_loss_table_says_what_happens() -> None:
    assert all(row.feature == name and row.how.endswith(".") for name, row in REQUEST_LOSSES.items())
