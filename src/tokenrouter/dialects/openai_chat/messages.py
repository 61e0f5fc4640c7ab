"""The hub's items as Chat Completions messages.

Items of one assistant turn are gathered into one message, because a message with calls must be followed by
their outputs and by nothing else. What a tool's output may not hold here (pictures, files) waits until all
outputs of the turn are told and follows in a user turn.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from tokenrouter.dialects import data_urls
from tokenrouter.dialects.losses import Losses
from tokenrouter.dialects.openai_chat.losses import ChatQuirks
from tokenrouter.dialects.tool_names import plain_call
from tokenrouter.domain.items import (
    Audio,
    CacheTtl,
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
    Url,
    text_of,
)

Wire = dict[str, Any]
_BETWEEN: Final = "\n\n"
_ATTACHED: Final = "Attached by the output of tool call {}:"
_DETAILS: Final = frozenset(("low", "high", "auto"))


class MessageWriter:
    """Writes one conversation."""

    def __init__(self, quirks: ChatQuirks, losses: Losses) -> None:
        self._quirks = quirks
        self._losses = losses
        self._messages: list[Wire] = []
        self._turn: Wire | None = None
        self._words: list[Part] = []
        self._thoughts: list[str] = []
        self._attached: list[Part] = []
        self._is_begun = False
        self._takers: dict[type[Item], Callable[[Any], None]] = {
            Message: self._take_message,
            Reasoning: self._take_reasoning,
            Call: self._take_call,
            CallOutput: self._take_output,
            Foreign: self._take_foreign,
        }

    def write(self, items: tuple[Item, ...]) -> list[Wire]:
        """Return the messages.

        Raises:
            InvalidRequest: an item holds what this dialect cannot say.
        """
        for item in items:
            self._takers[type(item)](item)
        if self._turn is not None and "tool_calls" not in self._turn:
            self._take_prefill(self._turn)
        self._end_turn()
        self._attach()
        return self._messages

    def _take_prefill(self, turn: Wire) -> None:
        if not self._quirks.prefill:
            self._losses.note("item.prefill")
        elif self._quirks.prefill == "prefix":
            turn["prefix"] = True

    def _take_message(self, message: Message) -> None:
        if message.role == "assistant":
            turn = self._begin_turn()
            self._words += message.parts
            if message.name and "tool_calls" not in turn:
                turn["name"] = message.name
            if message.phase:
                self._losses.note("message.phase")
            return
        self._end_turn()
        if message.role == "user":
            self._take_user(message)
        else:
            self._take_system(message)

    def _take_user(self, message: Message) -> None:
        parts = (*self._attached, *message.parts)
        self._attached = []
        self._is_begun = True
        self._messages.append(self._named({"role": "user", "content": self._content(parts)}, message.name))

    def _take_system(self, message: Message) -> None:
        if self._quirks.system_anywhere or not self._is_begun:
            self._attach()
            role = message.role if self._quirks.developer_role else "system"
            self._messages.append(self._named({"role": role, "content": self._content(message.parts)}, message.name))
            return
        self._losses.note("message.system")
        tagged = f"<system>\n{text_of(message.parts)}\n</system>"
        self._take_user(Message("user", (Text(tagged),)))

    def _named(self, wire: Wire, name: str) -> Wire:
        if name:
            wire["name"] = name
        return wire

    def _take_reasoning(self, reasoning: Reasoning) -> None:
        if self._quirks.reasoning_field:
            self._begin_turn()
            self._thoughts += reasoning.texts
        else:
            self._losses.note("item.reasoning")

    def _take_call(self, call: Call) -> None:
        turn = self._begin_turn()
        turn.setdefault("tool_calls", []).append(self._call(call))

    def _call(self, call: Call) -> Wire:
        if call.kind == "custom" and self._quirks.custom_tools and not call.namespace:
            return {
                "id": call.call_id,
                "type": "custom",
                "custom": {"name": call.name, "input": call.arguments},
            }
        if call.cache:
            self._losses.note("cache.marks")
        plain = plain_call(call)
        wire: Wire = {
            "id": plain.call_id,
            "type": "function",
            "function": {"name": plain.name, "arguments": plain.arguments or "{}"},
        }
        if call.state is not None and call.state.kind == "details":
            wire["extra_content"] = msgspec.Raw(call.state.value.encode())
        return wire

    def _take_output(self, output: CallOutput) -> None:
        self._end_turn(keeps_attached=True)
        inside, outside = self._sorted(output)
        words = (Text("Error:"), *inside) if output.is_error else inside
        if output.is_error:
            self._losses.note("result.error")
        if output.cache:
            words = _marked_last(words, output.cache)
        self._messages.append({"role": "tool", "tool_call_id": output.call_id, "content": self._content(words)})
        if outside:
            self._attached += (Text(_ATTACHED.format(output.call_id)), *outside)

    def _sorted(self, output: CallOutput) -> tuple[list[Part], list[Part]]:
        """Tell what may stand in an output from what has to follow it."""
        if all(type(part) is Text for part in output.parts):
            return list(output.parts), []
        inside: list[Part] = []
        outside: list[Part] = []
        for part in output.parts:
            if isinstance(part, Text | Refusal | Foreign) or (isinstance(part, Image) and self._quirks.result_images):
                inside.append(part)
            else:
                self._losses.note("result.image" if isinstance(part, Image) else "result.document")
                outside.append(part)
        return inside, outside

    def _take_foreign(self, item: Foreign) -> None:
        self._losses.note("item.foreign")
        if item.text:
            self._begin_turn()
            self._words.append(Text(item.text))

    def _begin_turn(self) -> Wire:
        if self._turn is None:
            self._attach()
            self._turn = {"role": "assistant"}
        return self._turn

    def _end_turn(self, *, keeps_attached: bool = False) -> None:
        turn, self._turn = self._turn, None
        if turn is None:
            return
        words = [part for part in self._words if not (isinstance(part, Text) and not part.text.strip())]
        has_calls = "tool_calls" in turn
        thought = _BETWEEN.join(self._thoughts)
        if self._quirks.reasoning_field and (thought or (has_calls and self._quirks.reasoning_required)):
            turn[self._quirks.reasoning_field] = thought or " "
        if words or not has_calls:
            turn["content"] = self._content(words)
        else:
            turn["content"] = None
        self._words, self._thoughts = [], []
        if words or has_calls or thought:
            self._is_begun = True
            self._messages.append(turn)

    def _attach(self) -> None:
        """Tell what tools have attached, where no user turn follows that could take it."""
        if self._attached:
            parts, self._attached = self._attached, []
            self._messages.append({"role": "user", "content": self._content(parts)})

    def _content(self, parts: tuple[Part, ...] | list[Part]) -> str | list[Wire]:
        """One text where everything is text: any server reads that, and strict chat templates nothing else."""
        if len(parts) == 1 and type(parts[0]) is Text and not (parts[0].cache or parts[0].citations):
            return parts[0].text
        is_text = all(isinstance(part, Text | Refusal | Foreign) for part in parts)
        if is_text and not self._keeps_marks(parts):
            return _BETWEEN.join(text for part in parts if (text := self._text(part)))
        return [wire for part in parts if (wire := self._part(part)) is not None]

    def _keeps_marks(self, parts: tuple[Part, ...] | list[Part]) -> bool:
        if not any(isinstance(part, Text) and part.cache for part in parts):
            return False
        if not self._quirks.cache_control:
            self._losses.note("cache.marks")
        return self._quirks.cache_control

    def _text(self, part: Part) -> str:
        if isinstance(part, Foreign):
            self._losses.note("part.foreign")
            return part.text
        if isinstance(part, Text) and part.citations:
            self._losses.note("part.citations")
        return part.text if isinstance(part, Text | Refusal) else ""

    def _part(self, part: Part) -> Wire | None:
        if isinstance(part, Text | Refusal | Foreign):
            text = self._text(part)
            cache = part.cache if isinstance(part, Text) else None
            return self._marked({"type": "text", "text": text}, cache) if text else None
        if isinstance(part, Image):
            return self._marked(self._image(part), part.cache)
        if isinstance(part, Document):
            return self._marked(self._document(part), part.cache)
        if isinstance(part, Audio):
            return self._audio(part)
        self._losses.note("part.video")
        return None

    def _marked(self, wire: Wire | None, cache: CacheTtl | None) -> Wire | None:
        if wire is None or cache is None:
            return wire
        if not self._quirks.cache_control:
            self._losses.note("cache.marks")
            return wire
        return {**wire, "cache_control": {"type": "ephemeral", **({"ttl": "1h"} if cache == "1h" else {})}}

    def _image(self, image: Image) -> Wire | None:
        source = image.source
        if isinstance(source, FileId | PlainText):
            self._losses.note("part.image_file")
            return None
        url: Wire = {"url": data_urls.data_url(source) if isinstance(source, Inline) else source.url}
        if image.detail:
            url["detail"] = image.detail if image.detail in _DETAILS else "high"
        return {"type": "image_url", "image_url": url}

    def _document(self, document: Document) -> Wire | None:
        self._note_of(document)
        source = document.source
        words = source.text if isinstance(source, PlainText) else None
        if isinstance(source, Inline):
            words = data_urls.text_in(source)
        if words is not None:
            title = document.title or document.filename
            return {"type": "text", "text": f"{title}\n\n{words}" if title else words}
        if isinstance(source, FileId):
            return {"type": "file", "file": {"file_id": source.id}}
        if isinstance(source, Inline):
            name = document.filename or document.title or "document.pdf"
            return {"type": "file", "file": {"filename": name, "file_data": data_urls.data_url(source)}}
        self._losses.note("part.document_url")
        return None

    def _note_of(self, document: Document) -> None:
        if document.context:
            self._losses.note("part.context")
        if document.citable:
            self._losses.note("part.citable")
        if document.detail == "low":
            self._losses.note("part.detail")

    def _audio(self, audio: Audio) -> Wire | None:
        source = audio.source
        if audio.transcript:
            return {"type": "text", "text": audio.transcript}
        if isinstance(source, Url | PlainText | FileId):
            self._losses.note("part.audio_url")
            return None
        name = data_urls.audio_format(source.media_type)
        return {"type": "input_audio", "input_audio": {"data": source.base64, "format": name}}


def _marked_last(parts: Sequence[Part], cache: CacheTtl) -> list[Part]:
    """Return the parts of an output with its mark on the last of its words, where a mark may stand."""
    *before, last = parts or (Text(""),)
    return [*before, replace(last, cache=last.cache or cache) if isinstance(last, Text | Image) else last]
