from typing import Any

import msgspec
import pytest

from tokenrouter.dialects.gemini.contents import ContentWriter
from tokenrouter.dialects.gemini.losses import REQUEST_LOSSES, VERTEX, GeminiQuirks
from tokenrouter.dialects.gemini.signatures import SKIPPED
from tokenrouter.dialects.losses import Losses
from tokenrouter.domain.errors import InvalidRequest
from tokenrouter.domain.items import (
    Audio,
    Call,
    CallOutput,
    Citation,
    Document,
    FileId,
    Foreign,
    Image,
    Inline,
    Item,
    Message,
    Part,
    PlainText,
    ProviderState,
    Reasoning,
    Refusal,
    Text,
    Url,
    Video,
)

PIXEL = Image(Inline("image/png", "AAAA"))
DATA = {"inlineData": {"mimeType": "image/png", "data": "AAAA"}}
SIGNED = ProviderState("gemini", "thought_signature", "sig", "o")
FOREIGN = ProviderState("anthropic-messages", "signature", "s", "o")


class Written:
    def __init__(self, *items: Item, model: str = "gemini-2.5-flash", quirks: GeminiQuirks | None = None) -> None:
        losses = Losses(REQUEST_LOSSES)
        writer = ContentWriter(model, quirks or GeminiQuirks(), losses)
        writer.write(items)
        self.contents = writer.contents
        self.system = writer.system
        self.lost = {loss.feature: loss.fate for loss in losses.noted()}

    @property
    def roles(self) -> list[str]:
        return [content["role"] for content in self.contents]

    def parts(self, number: int) -> list[dict[str, Any]]:
        parts: list[dict[str, Any]] = self.contents[number]["parts"]
        return parts


def user(*parts: Part) -> Message:
    return Message("user", parts)


def said(text: str) -> Message:
    return Message("assistant", (Text(text),))


def test_what_stands_together_is_one_turn() -> None:
    written = Written(
        user(Text("a")),
        user(Text("b")),
        said("look"),
        Call("1", "f", '{"x":1}'),
        Call("2", "g"),
        CallOutput("1", (Text("one"),)),
        CallOutput("2", (Text("two"),), is_error=True),
        user(Text("and?")),
    )

    assert written.contents[0] == {"role": "user", "parts": [{"text": "a"}, {"text": "b"}]}
    assert written.roles == ["user", "model", "user"]
    assert [next(iter(part)) for part in written.parts(1)] == ["text", "functionCall", "functionCall"]
    assert written.parts(2) == [
        {"functionResponse": {"name": "f", "response": {"output": "one"}, "id": "1"}},
        {"functionResponse": {"name": "g", "response": {"error": "two"}, "id": "2"}},
        {"text": "and?"},
    ]


def test_an_endpoint_without_ids_gets_none() -> None:
    written = Written(user(Text("a")), Call("1", "f"), CallOutput("1", ()), quirks=VERTEX)

    assert "id" not in written.parts(1)[0]["functionCall"]
    assert written.parts(2)[0]["functionResponse"] == {"name": "f", "response": {"output": ""}}


def test_leading_system_turns_are_the_instruction_and_later_ones_tagged_text() -> None:
    written = Written(
        Message("system", (Text("a"),)),
        Message("developer", (Text("b"),)),
        user(Text("c")),
        Message("system", (Text("d"), Text("e"))),
        said("f"),
        Message("system", (Text("g"),)),
    )

    assert written.system == [{"text": "a"}, {"text": "b"}]
    assert written.parts(0) == [{"text": "c"}, {"text": "<system>\nd\ne\n</system>"}]
    assert written.roles == ["user", "model", "user"]
    assert written.lost == {"message.system": "emulated"}


def test_a_conversation_of_system_turns_only_is_the_users() -> None:
    written = Written(Message("system", (Text("a"),)))

    assert written.contents == [{"role": "user", "parts": [{"text": "a"}]}]
    assert written.system == []


def test_a_conversation_does_not_begin_with_a_call() -> None:
    assert Written(Call("1", "f"), CallOutput("1", ())).roles == ["user", "model", "user"]
    assert Written(said("a"), user(Text("b"))).roles == ["model", "user"]


def test_signatures_go_back_on_their_part() -> None:
    written = Written(
        user(Text("go")),
        Reasoning(("hm",), state=SIGNED),
        Message("assistant", (Text("a"), Text("", state=SIGNED))),
        Call("1", "f", state=SIGNED),
        Call("2", "g"),
        model="gemini-3-pro",
    )

    assert [(part.get("text", "call"), part.get("thoughtSignature")) for part in written.parts(1)] == [
        ("a", "sig"),
        ("", "sig"),
        ("call", "sig"),
        ("call", None),
    ]


def test_a_signature_that_came_back_with_the_reasoning_goes_to_the_call_after_it() -> None:
    written = Written(user(Text("go")), Reasoning(("hm",), state=SIGNED), Call("1", "f"), model="gemini-3-pro")

    (part,) = written.parts(1)
    assert part["functionCall"]["name"] == "f"
    assert part["thoughtSignature"] == "sig"


def test_a_signature_that_nothing_takes_stays_on_its_thought() -> None:
    thought = Reasoning(("hm",), state=SIGNED)

    assert Written(user(Text("go")), thought).parts(1) == [{"text": "hm", "thought": True, "thoughtSignature": "sig"}]
    two = Written(user(Text("go")), thought, thought, Call("1", "f", state=SIGNED), model="gemini-3-pro")
    assert [part.get("thoughtSignature") for part in two.parts(1)] == ["sig", "sig", "sig"]
    assert Written(Reasoning(state=SIGNED), user(Text("x"))).parts(0) == [{"text": "", "thoughtSignature": "sig"}]


@pytest.mark.parametrize("name", ["gemini-3-pro-preview", "models/gemini-3.1-flash", "google/gemini-4"])
def test_the_first_call_of_a_step_without_a_signature_gets_googles_word(name: str) -> None:
    step = (Call("1", "f"), Call("2", "f"), CallOutput("1", ()), CallOutput("2", ()))
    written = Written(user(Text("go")), *step, Call("3", "f", state=FOREIGN), CallOutput("3", ()), model=name)

    assert [part.get("thoughtSignature") for part in (*written.parts(1), *written.parts(3))] == [SKIPPED, None, SKIPPED]
    assert written.lost["item.unsigned_call"] == "emulated"


def test_older_models_do_not_get_that_word() -> None:
    written = Written(user(Text("go")), Call("1", "f"), CallOutput("1", ()), model="gemini-2.5-pro")

    assert "thoughtSignature" not in written.parts(1)[0]


def test_reasoning_of_others_is_not_taken_back() -> None:
    written = Written(user(Text("go")), Reasoning(("hm",)), Reasoning(("hm",), state=FOREIGN), said("a"))

    assert written.parts(1) == [{"text": "a"}]
    assert written.lost["item.reasoning"] == "dropped"


def test_pictures_in_a_result_stand_in_it_where_the_model_takes_them() -> None:
    items = (user(Text("go")), Call("1", "f"), CallOutput("1", (Text("see"), PIXEL)))
    told = Written(*items, model="gemini-3-pro").parts(2)

    assert told == [{"functionResponse": {"name": "f", "response": {"output": "see"}, "id": "1", "parts": [DATA]}}]


def test_pictures_in_results_follow_all_of_them_elsewhere() -> None:
    written = Written(
        user(Text("go")),
        Call("1", "f"),
        Call("2", "g"),
        CallOutput("1", (Text("see"), PIXEL)),
        CallOutput("2", (Text("2"),)),
        user(Text("and?")),
    )

    assert [next(iter(part)) for part in written.parts(2)] == [
        "functionResponse",
        "functionResponse",
        "text",
        "inlineData",
        "text",
    ]
    assert written.parts(2)[2] == {"text": "Attached by the result of f:"}
    assert written.lost == {"result.media": "emulated"}
    assert Written(Call("1", "f"), CallOutput("1", (PIXEL,))).parts(2)[-1] == DATA


def test_parts_are_written_as_gemini_knows_them() -> None:
    written = Written(
        user(
            Image(Url("gs://bucket/a.webp"), "high"),
            Document(Inline("application/pdf", "AAAA"), "a.pdf"),
            Document(Inline("text/plain", "aGk="), title="Note"),
            Document(PlainText("words")),
            Audio(Inline("audio/mpeg", "AAAA")),
            Audio(FileId("a"), transcript="spoken"),
            Video(Url("https://youtu.be/x")),
            Refusal("No."),
            Text(""),
        )
    )

    assert written.parts(0) == [
        {"fileData": {"mimeType": "image/webp", "fileUri": "gs://bucket/a.webp"}},
        {"text": "a.pdf"},
        {"inlineData": {"mimeType": "application/pdf", "data": "AAAA"}},
        {"text": "Note\n\nhi"},
        {"text": "words"},
        {"inlineData": {"mimeType": "audio/mpeg", "data": "AAAA"}},
        {"text": "spoken"},
        {"fileData": {"mimeType": "video/mp4", "fileUri": "https://youtu.be/x"}},
        {"text": "No."},
    ]


def test_addresses_go_only_to_an_endpoint_that_fetches_them() -> None:
    picture = user(Image(Url("https://x/y")))

    with pytest.raises(InvalidRequest, match=r"part\.url"):
        Written(picture)
    assert Written(picture, quirks=VERTEX).parts(0) == [
        {"fileData": {"mimeType": "image/png", "fileUri": "https://x/y"}}
    ]


def test_a_file_that_another_provider_stores_is_refused() -> None:
    with pytest.raises(InvalidRequest, match=r"part\.file"):
        Written(user(Document(FileId("file-1"))))


def test_foreign_parts_go_home_or_leave_what_they_can() -> None:
    own = Foreign("gemini", "executableCode", b'{"executableCode":{"code":"1"}}')
    other = Foreign("anthropic-messages", "server_tool_use", b"{}", "searched")
    written = Written(user(Text("go")), Message("assistant", (own, other)), own, other)

    assert written.parts(1) == [{"executableCode": {"code": "1"}}, {"text": "searched"}] * 2
    assert written.lost.keys() >= {"item.foreign", "part.foreign"}


def test_what_cannot_be_said_is_noted() -> None:
    cited = Text("a", citations=(Citation("https://x"),), cache="5m")
    written = Written(Message("user", (cited, Image(PIXEL.source, cache="1h")), name="Ann"), said("b"))

    assert written.parts(0)[0] == {"text": "Ann:"}
    assert written.lost == {
        "part.citations": "dropped",
        "cache.marks": "dropped",
        "message.name": "emulated",
        "item.prefill": "dropped",
    }


@pytest.mark.parametrize(
    ("arguments", "args"),
    [("", {}), ("null", {}), ('{"x":"ü"}', {"x": "ü"}), ('{"x"', {"arguments": '{"x"'}), ("[1]", {"arguments": "[1]"})],
)
def test_arguments_are_always_an_object(arguments: str, args: object) -> None:
    part = Written(user(Text("go")), Call("1", "f", arguments)).parts(1)[0]

    assert msgspec.json.decode(msgspec.json.encode(part))["functionCall"]["args"] == args
