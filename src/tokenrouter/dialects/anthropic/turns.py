"""The hub's items as Anthropic's turns.

Roles must take turns, the outputs of all calls of one turn stand together and first in the user turn behind them,
and no block of words may be blank (400 for each). Thoughts go back only with Anthropic's own signature.
"""

import re
from collections.abc import Callable
from typing import Any, Final, Literal

import msgspec

from tokenrouter.dialects import data_urls
from tokenrouter.dialects.anthropic.losses import ModelTraits
from tokenrouter.dialects.anthropic.wire import FAMILY
from tokenrouter.dialects.losses import Losses
from tokenrouter.dialects.tool_names import plain_call
from tokenrouter.domain.items import (
    Audio,
    CacheTtl,
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
    Reasoning,
    Refusal,
    Source,
    Text,
    Url,
    Video,
)

Wire = dict[str, Any]
Block = Wire | msgspec.Raw
MAX_MARKS: Final = 4
"""Most cache marks in one request (platform.claude.com/docs, prompt caching, read 2026-11)."""
MAX_TITLE_CHARS: Final = 500
"""Longest title of a document (API reference, read 2026-11)."""
_OPENING: Final = "Begin."
_GO_ON: Final = "Go on from your last words."
_FAILED: Final = "The tool failed."
_OTHERWISE_CALLED: Final = {"image/jpg": "image/jpeg"}
_PICTURES: Final = frozenset(("image/jpeg", "image/png", "image/gif", "image/webp"))
_MADE_UP: Final = re.compile(rb'"encrypted_index"\s*:\s*""')
_object: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_FILE_BETA: Final = "files-api-2025-04-14"


class CacheMarks:
    """Puts marks for prompt caching on blocks: as many as are taken, and none for longer behind one for less."""

    __slots__ = ("_is_short", "_left", "_losses")

    def __init__(self, most: int, losses: Losses) -> None:
        self._left = most
        self._losses = losses
        self._is_short = False

    def put(self, wire: Wire, cache: CacheTtl | None) -> Wire:
        """Return `wire`, marked if `cache` asks for it."""
        if cache is None:
            return wire
        if self._left == 0:
            self._losses.note("cache.marks")
            return wire
        self._left -= 1
        wire["cache_control"] = self.mark(cache)
        return wire

    def mark(self, cache: CacheTtl) -> Wire:
        """Return the next mark in the order of the prompt: tools, system, turns, the whole of it."""
        if cache == "1h" and not self._is_short:
            return {"type": "ephemeral", "ttl": "1h"}
        self._is_short = True
        return {"type": "ephemeral"}


class TurnWriter:
    """Writes one conversation.

    Attributes:
        system: the blocks of the top-level system prompt.
        betas: names of features that the turns use.
        called: the names of all tools that were called.
    """

    def __init__(self, family: str, traits: ModelTraits, losses: Losses, marks: CacheMarks) -> None:
        self._family = family
        self._traits = traits
        self._losses = losses
        self._marks = marks
        self._messages: list[Wire] = []
        self._role: Literal["", "user", "assistant"] = ""
        self._blocks: list[Block] = []
        self._late: list[Text] = []
        self.system: list[Wire] = []
        self.betas: set[str] = set()
        self.called: dict[str, None] = {}
        self._takers: dict[type[Item], Callable[[Any], None]] = {
            Message: self._take_message,
            Reasoning: self._take_reasoning,
            Call: self._take_call,
            CallOutput: self._take_output,
            Foreign: self._take_foreign,
        }

    def write(self, items: tuple[Item, ...], *, takes_prefill: bool) -> list[Wire]:
        """Return the messages.

        Raises:
            InvalidRequest: an item holds what this dialect cannot say.
        """
        for item in items:
            self._takers[type(item)](item)
        self._place_late("assistant")
        self._end_turn()
        if not self._messages or self._messages[0]["role"] != "user":
            self._losses.note("item.first")
            self._messages.insert(0, {"role": "user", "content": [_text(_OPENING)]})
        self._end_prefill(takes_prefill)
        return self._messages

    def _end_prefill(self, takes_prefill: bool) -> None:
        """See to a last turn that is the assistant's; one that ends in a step of Anthropic's own tools may stay."""
        last = self._messages[-1]
        if last["role"] != "assistant" or isinstance(block := last["content"][-1], msgspec.Raw):
            return
        if takes_prefill and block["type"] == "text":
            block["text"] = block["text"].rstrip()
            return
        self._losses.note("item.prefill")
        self._messages.append({"role": "user", "content": [_text(_GO_ON)]})

    def _turn(self, role: Literal["user", "assistant"]) -> list[Block]:
        """Return the blocks of the turn in progress; another role's ends here."""
        if self._late:
            self._place_late(role)
        if role != self._role:
            self._end_turn()
            self._role = role
        return self._blocks

    def _place_late(self, role: Literal["user", "assistant"]) -> None:
        """Tell what the system said behind a user turn: as a turn of its own it must come before the model's."""
        late, self._late = self._late, []
        if not late:
            return
        if role == "user":
            self._blocks.append(self._tagged(late))
            return
        self._end_turn()
        words: list[Block] = [self._marks.put(_text(part.text), part.cache) for part in late]
        self._messages.append({"role": "system", "content": words})
        self._role = ""

    def _tagged(self, words: list[Text]) -> Wire:
        self._losses.note("message.system")
        told = "\n\n".join(part.text for part in words)
        return self._marks.put(_text(f"<system>\n{told}\n</system>"), words[-1].cache)

    def _end_turn(self) -> None:
        blocks, self._blocks = self._blocks, []
        if not blocks:
            return
        last = self._messages[-1] if self._messages else None
        if last is not None and last["role"] == self._role:
            last["content"] += blocks
        else:
            self._messages.append({"role": self._role, "content": blocks})

    def _take_message(self, message: Message) -> None:
        if message.role == "assistant":
            blocks = self._turn("assistant")
            self._note_said(message)
            for part in message.parts:
                blocks += self._assistant_part(part)
        elif message.role == "user":
            self._take_user(message)
        else:
            self._take_system(message)

    def _note_said(self, message: Message) -> None:
        if message.name:
            self._losses.note("message.name_said")
        if message.phase:
            self._losses.note("message.phase")

    def _take_user(self, message: Message) -> None:
        blocks = self._turn("user")
        if message.name:
            self._losses.note("message.name")
            blocks.append(_text(f"{message.name}:"))
        for part in message.parts:
            blocks += self._part(part)

    def _take_system(self, message: Message) -> None:
        words = [part for part in message.parts if isinstance(part, Text) and part.text.strip()]
        if message.name and words:
            self._losses.note("message.name")
            words.insert(0, Text(f"{message.name}:"))
        if not (self._role or self._messages):
            self.system += [self._marks.put(_text(part.text), part.cache) for part in words]
        elif self._traits.system_turns and self._role == "user" and self._blocks:
            self._late += words
        elif words:
            self._turn("user").append(self._tagged(words))

    def _take_reasoning(self, reasoning: Reasoning) -> None:
        state = reasoning.state
        if state is None or state.family != FAMILY or state.kind not in ("signature", "redacted"):
            self._losses.note("item.reasoning")
        elif state.kind == "redacted":
            self._turn("assistant").append({"type": "redacted_thinking", "data": state.value})
        else:
            thought = "\n\n".join(reasoning.texts)
            block: Wire = {"type": "thinking", "thinking": thought, "signature": state.value}
            self._turn("assistant").append(block)

    def _take_call(self, call: Call) -> None:
        plain = plain_call(call)
        self.called[plain.name] = None
        block: Wire = {"type": "tool_use", "id": plain.call_id, "name": plain.name, "input": _input(plain.arguments)}
        if call.state is not None and call.state.family == FAMILY and call.state.kind == "details":
            block |= _object.decode(call.state.value)
        self._turn("assistant").append(self._marks.put(block, call.cache))

    def _take_output(self, output: CallOutput) -> None:
        blocks = [block for part in output.parts for block in self._part(part)]
        result: Wire = {"type": "tool_result", "tool_use_id": output.call_id}
        if output.is_error:
            result["is_error"] = True
            blocks = blocks or [_text(_FAILED)]
        if blocks:
            result["content"] = blocks
        self._turn("user").append(self._marks.put(result, output.cache))

    def _take_foreign(self, item: Foreign) -> None:
        if item.family == FAMILY:
            self._turn("assistant").append(msgspec.Raw(item.json))
            return
        self._losses.note("item.foreign")
        if item.text.strip():
            self._turn("assistant").append(_text(item.text))

    def _assistant_part(self, part: Part) -> list[Block]:
        if isinstance(part, Text):
            return self._cited(part) if part.citations else self._part(part)
        if isinstance(part, Image | Document | Video):
            self._losses.note("part.assistant")
            return []
        if isinstance(part, Audio) and not part.transcript:
            self._losses.note("part.assistant")
            return []
        return self._part(part)

    def _cited(self, part: Text) -> list[Block]:
        if not part.text.strip():
            return []
        own = [msgspec.Raw(citation.json) for citation in part.citations if is_replayable(citation)]
        if len(own) < len(part.citations):
            self._losses.note("part.citations")
        block = self._marks.put(_text(part.text), part.cache)
        if own:
            block["citations"] = own
        return [block]

    def _part(self, part: Part) -> list[Block]:
        if isinstance(part, Text):
            return [self._marks.put(_text(part.text), part.cache)] if part.text.strip() else []
        if isinstance(part, Refusal):
            return [_text(part.text)] if part.text.strip() else []
        if isinstance(part, Image):
            if part.detail == "low":
                self._losses.note("part.detail")
            source = self._source(part.source)
            return [self._marks.put({"type": "image", "source": source}, part.cache)]
        if isinstance(part, Document):
            return [self._marks.put(self._document(part), part.cache)]
        if isinstance(part, Foreign):
            return self._foreign_part(part)
        if isinstance(part, Audio) and part.transcript.strip():
            return [_text(part.transcript)]
        self._losses.note("part.audio" if isinstance(part, Audio) else "part.video")
        return []

    def _foreign_part(self, part: Foreign) -> list[Block]:
        if part.family == FAMILY:
            return [msgspec.Raw(part.json)]
        self._losses.note("part.foreign")
        return [_text(part.text)] if part.text.strip() else []

    def _document(self, document: Document) -> Wire:
        if document.detail == "low":
            self._losses.note("part.detail")
        block: Wire = {"type": "document", "source": self._source(document.source, is_document=True)}
        if title := document.title or document.filename:
            block["title"] = title[:MAX_TITLE_CHARS]
        if document.context:
            block["context"] = document.context
        if document.citable:
            block["citations"] = {"enabled": True}
        return block

    def _source(self, source: Source, *, is_document: bool = False) -> Wire:
        if isinstance(source, Url):
            return {"type": "url", "url": source.url}
        if isinstance(source, FileId):
            if self._family != FAMILY:
                self._losses.note("part.file_id")
            self.betas.add(_FILE_BETA)
            return {"type": "file", "file_id": source.id}
        if isinstance(source, PlainText):
            return _plain(source.text)
        return self._document_data(source) if is_document else self._picture_data(source)

    def _picture_data(self, inline: Inline) -> Wire:
        wire = _data(inline)
        if wire["media_type"] not in _PICTURES:
            self._losses.note("part.image_type")
        return wire

    def _document_data(self, inline: Inline) -> Wire:
        if (words := data_urls.text_in(inline)) is not None:
            return _plain(words)
        if inline.media_type != "application/pdf":
            self._losses.note("part.document_type")
        return _data(inline)


def is_replayable(citation: Citation) -> bool:
    """Whether a citation is Anthropic's own; one that we made up for a client has no index to find its page by."""
    return citation.family == FAMILY and _MADE_UP.search(citation.json) is None


def _text(text: str) -> Wire:
    return {"type": "text", "text": text}


def _plain(text: str) -> Wire:
    return {"type": "text", "media_type": "text/plain", "data": text}


def _data(inline: Inline) -> Wire:
    media_type = _OTHERWISE_CALLED.get(inline.media_type, inline.media_type)
    return {"type": "base64", "media_type": media_type, "data": inline.base64}


def _input(arguments: str) -> msgspec.Raw | Wire:
    """Return a call's arguments as the object that is demanded; what is none is told as it stands."""
    try:
        _object.decode(arguments)
    except (msgspec.DecodeError, RecursionError):
        return {"arguments": arguments} if arguments.strip() else {}
    return msgspec.Raw(arguments.encode())
