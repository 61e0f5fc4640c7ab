"""The hub's items as Gemini's `contents`.

Gemini knows two roles that take turns, so what stands together is one content: words and calls of the model, all
results of those calls, and what the user says after them. A signature goes back on the part that it came on; a call of
another model gets Google's own word for a call that was never signed.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from tokenrouter.dialects import data_urls
from tokenrouter.dialects.gemini.losses import GeminiQuirks, is_among
from tokenrouter.dialects.gemini.parts import arguments_object, media_object
from tokenrouter.dialects.gemini.signatures import FAMILY, SKIPPED
from tokenrouter.dialects.gemini.tools import function_call, function_name
from tokenrouter.dialects.losses import Losses
from tokenrouter.domain.items import (
    Audio,
    Call,
    CallOutput,
    Document,
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
    Video,
)

Wire = dict[str, Any]
GOOGLES_PLACES: Final = (
    "https://generativelanguage.googleapis.com/",
    "https://www.youtube.com/",
    "https://youtu.be/",
    "gs://",
)
"""Where AI Studio fetches files from (guide "Files API", read 2026-11)."""
ARGUMENTS: Final = "arguments"
"""The field for what a model called a function with, where that is no JSON object: Gemini takes nothing else."""
_ATTACHED: Final = "Attached by the result of {}:"
_CUT: Final = "(What was said before is left out.)"
"""Gemini refuses a conversation that begins with a call."""
_DEFAULT_TYPES: Final = {Image: "image/png", Audio: "audio/wav", Video: "video/mp4", Document: "application/pdf"}


class ContentWriter:
    """Writes one conversation.

    Attributes:
        contents: the turns.
        system: the parts of the system instruction.
    """

    def __init__(self, model: str, quirks: GeminiQuirks, losses: Losses) -> None:
        self.contents: list[Wire] = []
        self.system: list[Wire] = []
        self._quirks = quirks
        self._losses = losses
        self._is_signed = is_among(model, quirks.signed_models)
        self._takes_media = is_among(model, quirks.result_media_models)
        self._names: dict[str, str] = {}
        self._attached: list[Wire] = []
        self._signed: Reasoning | None = None
        self._takers: dict[type[Item], Callable[[Any], None]] = {
            Message: self._take_message,
            Reasoning: self._take_reasoning,
            Call: self._take_call,
            CallOutput: self._take_output,
            Foreign: self._take_foreign,
        }

    def write(self, items: tuple[Item, ...]) -> None:
        """Write all of a conversation.

        Raises:
            InvalidRequest: an item holds what this dialect cannot say.
        """
        for item in items:
            if self._attached and type(item) is not CallOutput:
                self._attach()
            self._takers[type(item)](item)
        self._attach()
        self._place_signature()
        self._require_user_turn()

    def _require_user_turn(self) -> None:
        """There must be a turn, and calls must follow one of the user's."""
        if not self.contents and self.system:
            self.contents.append({"role": "user", "parts": self.system})
            self.system = []
        first = self.contents[0] if self.contents else {"role": "user", "parts": []}
        if first["role"] == "model" and any("functionCall" in part for part in first["parts"]):
            self.contents.insert(0, {"role": "user", "parts": [{"text": _CUT}]})
        if self.contents and self.contents[-1]["role"] == "model":
            self._losses.note("item.prefill")

    def _parts(self, role: str) -> list[Wire]:
        """Return the parts of the open turn of `role`, which is opened if it is the other's."""
        if not self.contents or self.contents[-1]["role"] != role:
            self._place_signature()
            self.contents.append({"role": role, "parts": []})
        parts: list[Wire] = self.contents[-1]["parts"]
        return parts

    def _take_message(self, message: Message) -> None:
        if message.role == "assistant":
            self._say(message)
        elif message.role == "user":
            self._ask(message.parts, message.name)
        elif not self.contents:
            self.system += self._named(self._written(message.parts), message.name)
        else:
            self._losses.note("message.system")
            words = "\n".join(part["text"] for part in self._written(message.parts) if "text" in part)
            self._ask((Text(f"<system>\n{words}\n</system>"),), message.name)

    def _ask(self, parts: Sequence[Part], name: str) -> None:
        if written := self._named(self._written(parts), name):
            self._parts("user").extend(written)

    def _named(self, written: list[Wire], name: str) -> list[Wire]:
        if not name:
            return written
        self._losses.note("message.name")
        return [{"text": f"{name}:"}, *written]

    def _say(self, message: Message) -> None:
        if message.name:
            self._losses.note("message.name_said")
        if message.phase:
            self._losses.note("message.phase")
        written = self._written(message.parts)
        if not written:
            return
        turn = self._parts("model")
        if self._signed is not None and "thoughtSignature" not in written[0]:
            written[0]["thoughtSignature"] = self._taken_signature()
        turn += written

    def _take_reasoning(self, reasoning: Reasoning) -> None:
        """A signature waits for the part that it was on: clients of other dialects return it with the reasoning."""
        if reasoning.state is None or reasoning.state.family != FAMILY:
            self._losses.note("item.reasoning")
            return
        self._parts("model")
        self._place_signature()
        self._signed = reasoning

    def _taken_signature(self) -> str:
        signed, self._signed = self._signed, None
        return signed.state.value if signed is not None and signed.state is not None else ""

    def _place_signature(self) -> None:
        """A signature that no other part takes stays on its thought."""
        signed = self._signed
        if signed is None:
            return
        part: Wire = {"text": "\n\n".join(signed.texts)}
        if part["text"]:
            part["thought"] = True
        self.contents[-1]["parts"].append({**part, "thoughtSignature": self._taken_signature()})

    def _take_call(self, call: Call) -> None:
        turn = self._parts("model")
        if call.cache:
            self._losses.note("cache.marks")
        plain = function_call(call)
        self._names[call.call_id] = plain.name
        told: Wire = {"name": plain.name, "args": arguments_object(plain.arguments) or {ARGUMENTS: plain.arguments}}
        if self._quirks.sends_call_ids:
            told["id"] = call.call_id
        part: Wire = {"functionCall": told}
        signature = call.state.value if call.state is not None and call.state.family == FAMILY else ""
        signature = signature or self._taken_signature()
        if not signature and self._is_signed and not any("functionCall" in before for before in turn):
            self._losses.note("item.unsigned_call")
            signature = SKIPPED
        if signature:
            part["thoughtSignature"] = signature
        turn.append(part)

    def _take_output(self, output: CallOutput) -> None:
        words: list[str] = []
        media: list[Wire] = []
        if output.cache:
            self._losses.note("cache.marks")
        for part in self._written(output.parts):
            if "text" in part:
                words.append(part["text"])
            else:
                media.append(part)
        name = self._names.get(output.call_id) or function_name(output.name)
        told: Wire = {"name": name, "response": {"error" if output.is_error else "output": "\n".join(words)}}
        if self._quirks.sends_call_ids:
            told["id"] = output.call_id
        if media and self._takes_media:
            told["parts"] = media
        elif media:
            self._losses.note("result.media")
            self._attached += ({"text": _ATTACHED.format(name)}, *media)
        self._parts("user").append({"functionResponse": told})

    def _attach(self) -> None:
        if self._attached:
            self._parts("user").extend(self._attached)
            self._attached = []

    def _take_foreign(self, item: Foreign) -> None:
        if item.family == FAMILY:
            self._parts("model").append(msgspec.json.decode(item.json))
            return
        self._losses.note("item.foreign")
        if item.text:
            self._parts("model").append({"text": item.text})

    def _written(self, parts: Sequence[Part]) -> list[Wire]:
        written: list[Wire] = []
        for part in parts:
            if type(part) is Document and (told := self._told(part)):
                written.append({"text": told})
            if (wire := self._part(part)) is not None:
                written.append(wire)
        return written

    def _told(self, document: Document) -> str:
        """Return what is said of a file; of one that is text, `_words_of` tells the title."""
        if document.citable:
            self._losses.note("part.citable")
        title = "" if _words_of(document) is not None else document.title or document.filename
        told = "\n".join(words for words in (title, document.context) if words)
        if told:
            self._losses.note("part.document_name")
        return told

    def _part(self, part: Part) -> Wire | None:
        if isinstance(part, Text):
            return self._text(part)
        if isinstance(part, Refusal):
            return {"text": part.text} if part.text else None
        if isinstance(part, Foreign):
            return self._foreign(part)
        if getattr(part, "cache", None):
            self._losses.note("cache.marks")
        if isinstance(part, Document) and (words := _words_of(part)) is not None:
            return {"text": words}
        if isinstance(part, Audio) and part.transcript:
            return {"text": part.transcript}
        return self._media(part)

    def _text(self, part: Text) -> Wire | None:
        if part.cache:
            self._losses.note("cache.marks")
        if part.citations:
            self._losses.note("part.citations")
        if part.state is not None and part.state.family == FAMILY:
            return {"text": part.text, "thoughtSignature": part.state.value}
        return {"text": part.text} if part.text else None

    def _foreign(self, part: Foreign) -> Wire | None:
        if part.family == FAMILY:
            own: Wire = msgspec.json.decode(part.json)
            return own
        self._losses.note("part.foreign")
        return {"text": part.text} if part.text else None

    def _media(self, part: Image | Document | Audio | Video) -> Wire | None:
        source = part.source
        if isinstance(part, Image | Document) and part.detail == "low":
            self._losses.note("part.detail")
        if isinstance(source, Url) and not (self._quirks.fetches_urls or source.url.startswith(GOOGLES_PLACES)):
            self._losses.note("part.url")
        wire = media_object(part, _DEFAULT_TYPES[type(part)])
        if wire is None:
            self._losses.note("part.file")
        return wire


def _words_of(document: Document) -> str | None:
    """Return the words of a document that is text, its title before them."""
    source = document.source
    words = source.text if isinstance(source, PlainText) else None
    if isinstance(source, Inline):
        words = data_urls.text_in(source)
    if words is None:
        return None
    title = document.title or document.filename
    return f"{title}\n\n{words}" if title else words
