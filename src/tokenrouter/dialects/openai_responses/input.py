"""The hub's items as the input of a Responses request.

The dialect has an item for almost everything, so little is folded. Ids of items are left out: with `store: false`
nothing is kept that they could name, and what was encrypted is bound to the id that it came with, so that any other
is refused ("Encrypted content item_id did not match the target item id": maximhq/bifrost#5186, BerriAI/litellm#15782).
Reasoning goes back only encrypted, and only where something follows that it led to: alone it is refused as well.
"""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from tokenrouter.dialects import data_urls
from tokenrouter.dialects.losses import Losses
from tokenrouter.dialects.openai_responses.losses import ResponsesQuirks
from tokenrouter.dialects.openai_responses.tools import is_native
from tokenrouter.dialects.openai_responses.wire import FAMILY
from tokenrouter.dialects.tool_names import plain_call
from tokenrouter.domain.items import (
    Audio,
    Call,
    CallOutput,
    Document,
    FileId,
    Foreign,
    Image,
    Inline,
    Item,
    Message,
    Part,
    PlainText,
    Reasoning,
    Refusal,
    Text,
    Video,
)

Wire = dict[str, Any]
_ATTACHED: Final = "Attached by the output of tool call {}:"
_ERROR: Final = Text("Error:")


class InputWriter:
    """Writes one conversation."""

    def __init__(self, quirks: ResponsesQuirks, losses: Losses, *, reasons: bool) -> None:
        self._quirks = quirks
        self._losses = losses
        self._reasons = reasons
        self._input: list[Wire | msgspec.Raw] = []
        self._thoughts: list[Wire] = []
        self._attached: list[Part] = []
        self._takers: dict[type[Item], Callable[[Any], None]] = {
            Message: self._take_message,
            Reasoning: self._take_reasoning,
            Call: self._take_call,
            CallOutput: self._take_output,
            Foreign: self._take_foreign,
        }

    def write(self, items: tuple[Item, ...]) -> list[Wire | msgspec.Raw]:
        """Return the input.

        Raises:
            InvalidRequest: an item holds what this dialect cannot say.
        """
        for item in items:
            self._takers[type(item)](item)
        if items and isinstance(last := items[-1], Message) and last.role == "assistant":
            self._losses.note("item.prefill")
        self._attach()
        return self._input

    def _take_message(self, message: Message) -> None:
        if message.name:
            self._losses.note("message.name")
        if message.role == "assistant":
            self._say(message)
            return
        self._thoughts.clear()
        parts = message.parts
        if message.role == "user":
            parts, self._attached = (*self._attached, *parts), []
        self._add(message.role, [wire for part in parts if (wire := self._part(part)) is not None])

    def _say(self, message: Message) -> None:
        content = [said for part in message.parts if (said := self._said(part)) is not None]
        if not content:
            return
        self._lead_out()
        wire: Wire = {"type": "message", "role": "assistant", "content": content}
        if message.phase:
            wire["phase"] = message.phase
        self._input.append(wire)

    def _add(self, role: str, content: list[Wire]) -> None:
        if content:
            self._input.append({"type": "message", "role": role, "content": content})

    def _said(self, part: Part) -> Wire | None:
        if isinstance(part, Refusal):
            return {"type": "refusal", "refusal": part.text}
        if isinstance(part, Image):
            self._losses.note("part.image_said")
            return None
        if isinstance(part, Document | Video) or (isinstance(part, Audio) and not part.transcript):
            self._losses.note("part.media_said")
            return None
        text = part.transcript if isinstance(part, Audio) else self._text(part)
        return {"type": "output_text", "text": text, "annotations": []} if text and text.strip() else None

    def _text(self, part: Part) -> str:
        if isinstance(part, Foreign):
            self._losses.note("part.foreign")
            return part.text
        if isinstance(part, Text):
            if part.citations:
                self._losses.note("part.citations")
            if part.cache:
                self._losses.note("cache.marks")
            return part.text
        return part.text if isinstance(part, Refusal) else ""

    def _take_reasoning(self, reasoning: Reasoning) -> None:
        state = reasoning.state
        if state is not None and self._reasons and self._quirks.encrypted_reasoning:
            summary = [{"type": "summary_text", "text": text} for text in reasoning.texts if reasoning.is_summary]
            self._thoughts.append({"type": "reasoning", "summary": summary, "encrypted_content": state.value})
        elif self._quirks.reasoning_text and reasoning.texts:
            content = [{"type": "reasoning_text", "text": text} for text in reasoning.texts]
            self._thoughts.append({"type": "reasoning", "summary": [], "content": content})
        else:
            self._losses.note("item.reasoning")

    def _lead_out(self) -> None:
        """Tell the reasoning before what it led to."""
        self._attach()
        self._input += self._thoughts
        self._thoughts.clear()

    def _take_call(self, call: Call) -> None:
        self._lead_out()
        if call.cache:
            self._losses.note("cache.marks")
        told = call if is_native(call, self._quirks) else plain_call(call)
        wire: Wire = {"type": "function_call", "call_id": told.call_id, "name": told.name}
        if told.namespace:
            wire["namespace"] = told.namespace
        if told.kind == "custom":
            wire |= {"type": "custom_tool_call", "input": told.arguments}
        else:
            wire["arguments"] = told.arguments or "{}"
        self._input.append(wire)

    def _take_output(self, output: CallOutput) -> None:
        self._thoughts.clear()
        if output.cache:
            self._losses.note("cache.marks")
        inside, outside = self._sorted(output)
        if output.is_error:
            self._losses.note("result.error")
            inside = [_ERROR, *inside]
        is_custom = output.kind == "custom" and self._quirks.custom_tools
        kind = "custom_tool_call_output" if is_custom else "function_call_output"
        self._input.append({"type": kind, "call_id": output.call_id, "output": self._output(inside)})
        if outside:
            self._attached += (Text(_ATTACHED.format(output.call_id)), *outside)

    def _sorted(self, output: CallOutput) -> tuple[list[Part], list[Part]]:
        """Tell what may stand in an output from what has to follow it."""
        if all(type(part) is Text for part in output.parts):
            return list(output.parts), []
        inside: list[Part] = []
        outside: list[Part] = []
        for part in output.parts:
            fits = isinstance(part, Text | Refusal | Foreign)
            if fits or (self._quirks.result_parts and isinstance(part, Image | Document)):
                inside.append(part)
            else:
                self._losses.note("result.image" if isinstance(part, Image) else "result.document")
                outside.append(part)
        return inside, outside

    def _output(self, parts: list[Part]) -> str | list[Wire]:
        if len(parts) == 1 and type(parts[0]) is Text:
            return self._text(parts[0])
        if all(isinstance(part, Text | Refusal | Foreign) for part in parts):
            return "\n\n".join(text for part in parts if (text := self._text(part)))
        return [wire for part in parts if (wire := self._part(part)) is not None]

    def _take_foreign(self, item: Foreign) -> None:
        if item.family == FAMILY and self._quirks.hosted_tools:
            self._lead_out()
            self._input.append(msgspec.Raw(item.json))
            return
        self._losses.note("item.foreign")
        if item.text:
            self._say(Message("assistant", (Text(item.text),)))

    def _attach(self) -> None:
        """Tell what tools have attached, where no user turn follows that could take it."""
        if self._attached:
            parts, self._attached = self._attached, []
            self._add("user", [wire for part in parts if (wire := self._part(part)) is not None])

    def _part(self, part: Part) -> Wire | None:
        if getattr(part, "cache", None):
            self._losses.note("cache.marks")
        if isinstance(part, (Text, Refusal, Foreign)):
            text = self._text(part)
            return {"type": "input_text", "text": text} if text else None
        if isinstance(part, Image):
            return _image(part)
        if isinstance(part, Document):
            return self._document(part)
        if isinstance(part, Audio):
            return self._audio(part)
        self._losses.note("part.video")
        return None

    def _document(self, document: Document) -> Wire:
        if document.context:
            self._losses.note("part.context")
        if document.citable:
            self._losses.note("part.citable")
        wire = _document(document)
        return {**wire, "detail": document.detail} if document.detail and wire["type"] == "input_file" else wire

    def _audio(self, audio: Audio) -> Wire | None:
        if audio.transcript:
            return {"type": "input_text", "text": audio.transcript}
        if not isinstance(audio.source, Inline):
            self._losses.note("part.audio_url")
            return None
        name = data_urls.audio_format(audio.source.media_type)
        return {"type": "input_audio", "input_audio": {"data": audio.source.base64, "format": name}}


def _image(image: Image) -> Wire:
    wire: Wire = {"type": "input_image", "detail": image.detail or "auto"}
    source = image.source
    if isinstance(source, FileId):
        wire["file_id"] = source.id
    elif not isinstance(source, PlainText):
        wire["image_url"] = data_urls.data_url(source) if isinstance(source, Inline) else source.url
    return wire


def _document(document: Document) -> Wire:
    source = document.source
    words = source.text if isinstance(source, PlainText) else None
    if isinstance(source, Inline):
        words = data_urls.text_in(source)
    name = document.filename or document.title
    if words is not None:
        return {"type": "input_text", "text": f"{name}\n\n{words}" if name else words}
    if isinstance(source, FileId):
        return {"type": "input_file", "file_id": source.id}
    if isinstance(source, Inline):
        return {
            "type": "input_file",
            "filename": name or "document.pdf",
            "file_data": data_urls.data_url(source),
        }
    return {"type": "input_file", "file_url": "" if isinstance(source, PlainText) else source.url}
