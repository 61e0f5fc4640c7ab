"""The codec before its judge: the sandbox, which is written from AWS's documentation and apart from it."""

import json
import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from msgspec.structs import replace

from tests.dialects.recorded import decoded, gathered, require_order
from tests.sandbox.wire import KEY_ID, SECRET, Answered, send
from tokenrouter.dialects.bedrock.codec import ConverseCodec, target_path
from tokenrouter.dialects.bedrock.models import ConverseQuirks, ModelTraits
from tokenrouter.dialects.carried_state import seal
from tokenrouter.dialects.hub import EncodedRequest, Reply, Target
from tokenrouter.dialects.openai_chat.codec import CHAT_CODEC
from tokenrouter.dialects.restoring import restored_answer
from tokenrouter.dialects.translate import TranslatingRelay, translate_request
from tokenrouter.domain.answers import Answer, Failed, StreamEvent, UsageReported
from tokenrouter.domain.errors import ProviderProtocolError
from tokenrouter.domain.items import (
    Call,
    CallOutput,
    Document,
    Image,
    Inline,
    Item,
    Message,
    ProviderState,
    Reasoning,
    Text,
)
from tokenrouter.domain.requests import (
    OutputFormat,
    ReasoningControl,
    Request,
    Sampling,
    Service,
    Tool,
    ToolChoice,
)
from tokenrouter.providers.sigv4 import AwsCredentials, Signer
from tokenrouter.testing.processes import SandboxProcess

CLAUDE = ModelTraits(
    "budget", top_k=("top_k",), forces="tool", one_call=True, result_status=True, schemas=True, cache="all"
)
CODEC = ConverseCodec(ConverseQuirks((("*", CLAUDE),)))
PLAIN = ConverseCodec()
SCHEMA = b'{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}'
TOOLS = (Tool("get_weather", "Tells the weather.", SCHEMA), Tool("get_time", parameters=SCHEMA))
ASKED = Message("user", (Text("use tool"),))


class Bedrock:
    """The sandbox's Bedrock, asked as the gateway asks: encoded by the codec, signed by our signer."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._signer = Signer(AwsCredentials(KEY_ID, SECRET), "us-east-1")

    def send(self, model: str, body: bytes, *, stream: bool = False) -> Answered:
        path = target_path(model, stream=stream)
        signed = self._signer.sign("POST", path, urlsplit(self._base_url).netloc, body, datetime.now(UTC))
        headers = dict(line.split(": ", 1) for line in signed.decode().splitlines())
        return send(self._base_url, path, body, headers)

    def encode(self, request: Request, codec: ConverseCodec = CODEC) -> EncodedRequest:
        return translate_request(request, codec, target(request.model))

    def ask(self, request: Request, codec: ConverseCodec = CODEC) -> Answer:
        encoded = self.encode(request, codec)
        answered = self.send(request.model, encoded.body)
        assert answered.status == 200, answered.body
        answer = codec.decode_answer(answered.body, target(request.model))
        return answer if encoded.undo is None else restored_answer(answer, encoded.undo)

    def events(self, request: Request, codec: ConverseCodec = CODEC, step: int = 100) -> list[StreamEvent]:
        answered = self.send(request.model, self.encode(request, codec).body, stream=True)
        assert answered.status == 200, answered.body
        return decoded(codec.stream_decoder(target(request.model)), answered.body, range(0, len(answered.body), step))


def target(model: str) -> Target:
    return Target("aws", model, f"aws/{model}")


@pytest.fixture
def bedrock(sandbox: SandboxProcess) -> Bedrock:
    return Bedrock(sandbox.base_url)


def asking(*items: Item, model: str = "echo", **more: Any) -> Request:
    return Request(model, items, "openai-chat", **more)


def hello(model: str = "echo", **more: Any) -> Request:
    return asking(Message("user", (Text("hällo"),)), model=model, **more)


def said(answer: Answer) -> list[Item]:
    return list(answer.choices[0].items)


def first_call(answer: Answer) -> Call:
    return next(item for item in said(answer) if isinstance(item, Call))


def test_words_come_whole_with_their_usage(bedrock: Bedrock) -> None:
    answer = bedrock.ask(hello())

    assert said(answer) == [Message("assistant", (Text("hällo"),))]
    assert answer.choices[0].stop.reason == "end"
    assert answer.usage is not None
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (8, 2)


@pytest.mark.parametrize("model", ["echo", "lorem-9", "thinker", "thinker-open"])
@pytest.mark.parametrize("text", ["hello", "use tools"])
def test_a_stream_comes_to_what_the_whole_answer_is(bedrock: Bedrock, model: str, text: str) -> None:
    request = asking(Message("user", (Text(text),)), model=model, tools=TOOLS)
    events = bedrock.events(request)

    require_order(events)
    assert [*map(nameless, said(gathered(events)))] == [*map(nameless, said(bedrock.ask(request)))]
    assert gathered(events).choices[0].stop == bedrock.ask(request).choices[0].stop


def nameless(item: Item) -> Item:
    """The same without what every answer makes anew: ids and signatures."""
    if isinstance(item, Call):
        return replace(item, call_id="")
    if isinstance(item, Reasoning) and item.state is not None:
        return replace(item, state=replace(item.state, value=""))
    return item


@pytest.mark.parametrize("streams", [False, True])
@pytest.mark.parametrize("model", ["echo", "thinker", "thinker-open"])
def test_a_turn_with_tools_comes_round(bedrock: Bedrock, model: str, streams: bool) -> None:
    request = asking(ASKED, model=model, tools=TOOLS)
    first = gathered(bedrock.events(request)) if streams else bedrock.ask(request)
    output = CallOutput(first_call(first).call_id, (Text("21"),))

    again = bedrock.ask(asking(ASKED, *said(first), output, model=model, tools=TOOLS))

    assert said(again)[-1] == Message("assistant", (Text("The tool answered: 21"),))
    assert first.choices[0].stop.reason == "tool"


def test_a_signature_survives_a_client_of_another_dialect(bedrock: Bedrock) -> None:
    first = bedrock.ask(asking(ASKED, model="thinker-open", tools=TOOLS))
    reasoning, call = said(first)
    assert isinstance(reasoning, Reasoning)
    assert reasoning.state is not None
    carried = Reasoning(reasoning.texts, state=ProviderState("openai-responses", "encrypted", seal(reasoning.state)))

    again = bedrock.ask(
        asking(
            ASKED,
            carried,
            call,
            CallOutput(first_call(first).call_id, (Text("21"),)),
            model="thinker-open",
            tools=TOOLS,
        )
    )

    assert said(again)[-1] == Message("assistant", (Text("The tool answered: 21"),))


def test_a_turn_that_lost_its_signature_goes_on_without_thinking(bedrock: Bedrock) -> None:
    """A signature of another provider would be refused, and so would a thinking model's turn without one."""
    foreign = Reasoning(("hm",), state=ProviderState("anthropic-messages", "signature", "abc", "elsewhere"))
    request = asking(
        ASKED,
        foreign,
        Call("c1", "get_weather", '{"city":"Rome"}'),
        CallOutput("c1", (Text("21"),)),
        model="thinker",
        tools=TOOLS,
        reasoning=ReasoningControl("low"),
    )

    assert said(bedrock.ask(request))[-1] == Message("assistant", (Text("The tool answered: 21"),))
    assert {"item.state", "reasoning.interrupted"} <= {loss.feature for loss in bedrock.encode(request).losses}


def test_the_odd_conversations_that_clients_send_are_accepted(bedrock: Bedrock) -> None:
    items: list[Item] = [
        Message("system", (Text("be brief", cache="5m"), Text(" "))),
        Message("developer", (Text("be kind"),)),
        Message("assistant", (Text("Hello!"),)),
        Message("user", (Text(""),)),
        Message("assistant", (Text("\n"),)),
        Message("user", (Text("look"), Image(Inline("image/png", "AAAA"), cache="5m"))),
        Message("user", (Document(Inline("application/pdf", "AAAA"), "§ 5_a.b (draft).pdf"),)),
        Message("user", (Document(Inline("application/pdf", "AAAA"), "§ 5_a.b (draft).pdf"),)),
        Call("call.1", "get weather!", "not json"),
        Call("call.1", "get_time", ""),
        Message("system", (Text("late"),)),
        CallOutput("nobody", (Text("lost"), Image(Inline("image/jpg", "AAAA")))),
        Call("c3", "get_time"),
        CallOutput("c3", (), is_error=True),
        Message("assistant", (Text("done "),)),
    ]

    assert said(bedrock.ask(asking(*items, tools=TOOLS, cache="1h")))
    assert said(bedrock.ask(asking(*items)))
    assert said(bedrock.ask(asking(*items, tools=TOOLS), PLAIN))
    assert said(bedrock.ask(asking(*items, tools=TOOLS, tool_choice=ToolChoice("none"))))
    assert said(bedrock.ask(asking()))


def test_every_setting_is_accepted(bedrock: Bedrock) -> None:
    request = hello(
        max_output_tokens=20_000,
        sampling=Sampling(1.7, 0.9, 5, stop=(" two", "\n"), seed=1),
        tools=TOOLS,
        tool_choice=ToolChoice("auto"),
        parallel_calls=False,
        output_format=OutputFormat("json_schema", SCHEMA),
        service=Service(user="u", metadata=b'{"a":"b"}', tier="flex"),
        verbosity="low",
    )

    for reasoning in (
        None,
        ReasoningControl("high"),
        ReasoningControl(budget_tokens=0),
        ReasoningControl(adaptive=True),
    ):
        assert said(bedrock.ask(replace(request, reasoning=reasoning)))


@pytest.mark.parametrize("schemas", [True, False])
def test_structured_output_is_native_or_a_forced_tool(bedrock: Bedrock, schemas: bool) -> None:
    codec = ConverseCodec(ConverseQuirks((("*", ModelTraits(forces="tool", schemas=schemas)),)))
    wanted = OutputFormat("json_schema", b'{"type":"object","properties":{"x":{"const":7}},"required":["x"]}')

    answer = bedrock.ask(hello(output_format=wanted), codec)

    (message,) = said(answer)
    assert isinstance(message, Message)
    assert isinstance(message.parts[0], Text)
    assert json.loads(message.parts[0].text) == {"x": 7}
    assert answer.choices[0].stop.reason == "end"


@pytest.mark.parametrize(
    ("choice", "names"),
    [
        (ToolChoice("required"), ["get_weather"]),
        (ToolChoice("required", ("get_time",)), ["get_time"]),
        (ToolChoice("none"), []),
        (None, []),
    ],
)
def test_a_choice_of_tools_decides(bedrock: Bedrock, choice: ToolChoice | None, names: list[str]) -> None:
    answer = bedrock.ask(hello(tools=TOOLS, tool_choice=choice))

    assert [item.name for item in said(answer) if isinstance(item, Call)] == names


@pytest.mark.parametrize(
    ("more", "reason"),
    [({"max_output_tokens": 1}, "length"), ({"sampling": Sampling(stop=(" two",))}, "stop_sequence")],
)
def test_it_is_told_why_it_stopped(bedrock: Bedrock, more: dict[str, Any], reason: str) -> None:
    request = asking(Message("user", (Text("one two three"),)), **more)

    assert bedrock.ask(request).choices[0].stop.reason == reason
    assert gathered(bedrock.events(request)).choices[0].stop.reason == reason


def test_what_is_read_from_the_cache_and_written_to_it_is_part_of_the_input(bedrock: Bedrock) -> None:
    text = "a prompt of Bedrock's that only the codec's test sends " * 200
    marked = asking(Message("user", (Text(text, cache="5m"),)), model="lorem-1")

    written, read = bedrock.ask(marked).usage, gathered(bedrock.events(marked)).usage
    plain = bedrock.ask(asking(Message("user", (Text(text),)), model="lorem-1")).usage

    assert plain is not None
    assert written is not None
    assert read is not None
    assert plain.input_tokens == written.input_tokens == read.input_tokens
    assert written.cache_write_tokens > 1024
    assert read.cached_input_tokens > 1024
    assert plain.cached_input_tokens == plain.cache_write_tokens == 0


@pytest.mark.parametrize("fault", ["error-event", "error-midstream"])
def test_an_exception_in_a_stream_is_a_failure_with_its_status(bedrock: Bedrock, fault: str) -> None:
    events = bedrock.events(hello(f"fault/{fault}"))

    assert isinstance(events[-1], Failed)
    assert (events[-1].code, events[-1].status) == ("modelStreamErrorException", 500)
    assert json.loads(events[-1].payload)["message"] == events[-1].message


def test_a_stream_that_was_cut_has_no_end(bedrock: Bedrock) -> None:
    events = bedrock.events(hello("fault/clean-cut@2"))

    assert not [event for event in events if type(event).__name__ in ("Ended", "Stopped")]


def test_a_broken_frame_is_a_fault_of_the_provider(bedrock: Bedrock) -> None:
    with pytest.raises(ProviderProtocolError, match=r"'aws'.*checksum"):
        bedrock.events(hello("fault/malformed-chunk"))


def test_a_stream_without_a_usage_report_is_whole_all_the_same(bedrock: Bedrock) -> None:
    events = bedrock.events(hello("fault/no-usage"))

    require_order(events)
    assert not any(isinstance(event, UsageReported) for event in events)


def test_a_request_of_a_chat_client_reaches_bedrock(bedrock: Bedrock) -> None:
    body = {
        "model": "aws/echo",
        "messages": [{"role": "system", "content": "be brief"}, {"role": "user", "content": "use tools"}],
        "tools": [{"type": "function", "function": {"name": "get_weather", "parameters": json.loads(SCHEMA)}}],
    }
    request = CHAT_CODEC.decode_request(json.dumps(body).encode())
    answered = bedrock.send("echo", translate_request(request, CODEC, target("echo")).body)

    assert first_call(CODEC.decode_answer(answered.body, target("echo"))).arguments == '{"city":"text"}'


def test_a_stream_reaches_a_chat_client(bedrock: Bedrock) -> None:
    body = b'{"model":"aws/thinker-open","messages":[{"role":"user","content":"use tool"}],"stream":true,'
    body += b'"tools":[{"type":"function","function":{"name":"get_weather","parameters":' + SCHEMA + b"}}]}"
    request = CHAT_CODEC.decode_request(body)
    aims = target("thinker-open")
    wire = bedrock.send("thinker-open", translate_request(request, CODEC, aims).body, stream=True).body
    relay = TranslatingRelay(
        CODEC.stream_decoder(aims), CHAT_CODEC.stream_encoder(Reply(request, "1", 0)), provider="aws", request_id="r"
    )

    told = b"".join(relay.feed(wire[at : at + 64]) for at in range(0, len(wire), 64)) + (relay.close() or b"")

    assert relay.ended
    assert relay.usage is not None
    assert b'"finish_reason":"tool_calls"' in told
    assert b"".join(re.findall(rb'"reasoning_content":"([^"]*)"', told)).startswith(b"Lorem ipsum")


def test_the_model_is_in_the_path_with_its_colons_and_slashes_encoded() -> None:
    assert target_path("us.anthropic.claude-opus-5-v1:0", stream=True) == (
        "/model/us.anthropic.claude-opus-5-v1%3A0/converse-stream"
    )
    assert target_path("arn:aws:bedrock:us-east-1:1:inference-profile/x", stream=False) == (
        "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fx/converse"
    )
