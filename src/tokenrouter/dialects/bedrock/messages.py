"""The hub's items as Converse's `system` and `messages`.

Bedrock insists on a shape: turns alternate and begin with the user's, every `toolUse` of a turn has its `toolResult`
in the next, no text is blank ("Use the Converse API" and "Use a tool" in the user guide, read 2026-11; refusals as the
service words them). So items are gathered into turns here, and what has no place is put where it may stand.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from tokenrouter.dialects.bedrock.blocks import BlockWriter, Wire
from tokenrouter.dialects.bedrock.models import ModelTraits
from tokenrouter.dialects.losses import Losses
from tokenrouter.dialects.tool_names import INPUT_FIELD, plain_call
from tokenrouter.domain.items import (
    Audio,
    CacheTtl,
    Call,
    CallOutput,
    Document,
    Foreign,
    Image,
    Item,
    Message,
    Part,
    Reasoning,
    Refusal,
    Text,
    Video,
    text_of,
)

FAMILY: Final = "bedrock-converse"
"""The dialect's name, and the family of the signatures that are its own."""

_OPENING: Final = "The conversation so far:"
_GO_ON: Final = "Go on."
_SEE_FILE: Final = "See the attached file."
_NO_OUTPUT: Final = "(no output)"
_ATTACHED: Final = "Attached by the output of tool call {}:"

_WORDS: Final = (Text, Refusal, Foreign)
_MARKABLE: Final = (Text, Image, Document)
_object: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


class MessageWriter:
    """Writes one conversation.

    Attributes:
        system: content blocks of `system`, complete after `write`.
    """

    def __init__(self, traits: ModelTraits, losses: Losses, *, has_tools: bool, prefill: bool) -> None:
        """Take what the model allows.

        Args:
            traits: what the model takes.
            losses: collects what it does not.
            has_tools: whether tools are declared; without any, calls may not stand in the history.
            prefill: whether the model goes on from words of the assistant that stand last.
        """
        self.system: list[Wire] = []
        self._traits = traits
        self._losses = losses
        self._has_tools = has_tools
        self._prefill = prefill
        self._blocks = BlockWriter(losses)
        self._messages: list[Wire] = []
        self._attached: list[Wire] = []
        self._has_documents = False

    def write(self, items: tuple[Item, ...]) -> list[Wire]:
        """Return the messages; at least one, the first of them the user's.

        Raises:
            InvalidRequest: an item holds what this dialect cannot say.
        """
        for item in items:
            _TAKERS[type(item)](self, item)
        self._attach()
        if not self._messages:
            self._losses.note("item.opening")
            self._turn("user").append({"text": _GO_ON})
        self._mend_last()
        if self._has_documents:
            for message in self._messages:
                self._mend_files(message)
        return self._messages

    # Turns.

    def _turn(self, role: str) -> list[Wire]:
        """Return the content of the turn that is being written, a new one where the role changes."""
        if not self._messages and role != "user":
            self._losses.note("item.opening")
            self._messages.append({"role": "user", "content": [{"text": _OPENING}]})
        last = self._messages[-1] if self._messages else None
        if last is None or last["role"] != role:
            last = {"role": role, "content": []}
            self._messages.append(last)
        content: list[Wire] = last["content"]
        return content

    def _mend_last(self) -> None:
        """See to it that the model has something to answer."""
        last = self._messages[-1]
        if last["role"] == "user":
            return
        content = last["content"]
        if self._prefill and "text" in content[-1]:
            content[-1] = {"text": content[-1]["text"].rstrip()}
            return
        self._losses.note("item.prefill")
        self._turn("user").append({"text": _GO_ON})

    def _mend_files(self, message: Wire) -> None:
        """Put a text beside files: without one they are refused ("DocumentBlock", read 2026-11)."""
        content = message["content"]
        if any("document" in block for block in content) and not any("text" in block for block in content):
            self._losses.note("part.document_text")
            content.append({"text": _SEE_FILE})

    def _attach(self) -> None:
        """Tell what tools have attached; it stands behind all outputs of the turn."""
        if self._attached:
            attached, self._attached = self._attached, []
            self._turn("user").extend(attached)

    # Items.

    def _take_message(self, message: Message) -> None:
        if message.role == "user":
            self._attach()
            self._take_user(message)
        elif message.role == "assistant":
            self._attach()
            self._take_assistant(message)
        else:
            self._take_system(message)

    def _take_user(self, message: Message) -> None:
        blocks = self._content(message.parts)
        if message.name and blocks:
            self._losses.note("message.name")
            blocks.insert(0, {"text": f"{message.name}:"})
        if blocks:
            self._turn("user").extend(blocks)

    def _take_assistant(self, message: Message) -> None:
        parts = tuple([part for part in message.parts if isinstance(part, _WORDS)])
        if len(parts) < len(message.parts):
            self._losses.note("part.media_of_assistant")
        if message.name:
            self._losses.note("message.name_said")
        if message.phase:
            self._losses.note("message.phase")
        if blocks := self._content(parts):
            self._turn("assistant").extend(blocks)

    def _take_system(self, message: Message) -> None:
        texts = [part for part in message.parts if isinstance(part, _WORDS)]
        if message.name and texts:
            self._losses.note("message.name")
            texts.insert(0, Text(f"{message.name}:"))
        if not self._messages:
            self.system += self._content(tuple(texts))
            return
        if told := text_of(tuple(texts)).strip():
            self._losses.note("message.system")
            self._attach()
            self._turn("user").append({"text": f"<system>\n{told}\n</system>"})

    def _take_reasoning(self, reasoning: Reasoning) -> None:
        """Reasoning is told back with its signature only: without one every vendor refuses or ignores it."""
        state = reasoning.state
        if state is None or state.family != FAMILY:
            self._losses.note("item.reasoning")
            return
        self._attach()
        if state.kind == "redacted":
            content: Wire = {"redactedContent": state.value}
        else:
            content = {"reasoningText": {"text": "\n\n".join(reasoning.texts), "signature": state.value}}
        self._turn("assistant").append({"reasoningContent": content})

    def _take_call(self, call: Call) -> None:
        self._attach()
        plain = plain_call(call)
        if not self._has_tools:
            self._losses.note("item.calls")
            told = f"[Called the tool {plain.name} ({plain.call_id}) with {plain.arguments}]"
            self._turn("assistant").append({"text": told})
            return
        use = {"toolUseId": plain.call_id, "name": plain.name, "input": _arguments(plain.arguments)}
        turn = self._turn("assistant")
        turn.append({"toolUse": use})
        self._mark(turn, call.cache)

    def _take_output(self, output: CallOutput) -> None:
        inside, outside = self._sorted(output)
        content = self._result_content(inside)
        cache = output.cache or _first_mark(inside)
        if outside:
            lead = {"text": _ATTACHED.format(output.call_id)}
            self._attached += [lead, *[wire for part in outside if (wire := self._part(part)) is not None]]
        if output.is_error and not self._traits.result_status:
            self._losses.note("result.error")
            content.insert(0, {"text": "Error:"})
        turn = self._turn("user")
        if not self._has_tools:
            turn.append({"text": f"[Output of the tool call {output.call_id}:]"})
            turn.extend(content)
            return
        result: Wire = {"toolUseId": output.call_id, "content": content}
        if output.is_error and self._traits.result_status:
            result["status"] = "error"
        turn.append({"toolResult": result})
        self._mark(turn, cache)

    def _take_foreign(self, item: Foreign) -> None:
        self._losses.note("item.foreign")
        if item.text.strip():
            self._turn("assistant").append({"text": item.text})

    # Content.

    def _sorted(self, output: CallOutput) -> tuple[list[Part], list[Part]]:
        """Tell what may stand in an output from what has to follow it."""
        outside: list[Part] = [part for part in output.parts if isinstance(part, Audio)]
        if not outside:
            return list(output.parts), outside
        self._losses.note("result.audio")
        return [part for part in output.parts if not isinstance(part, Audio)], outside

    def _result_content(self, parts: list[Part]) -> list[Wire]:
        content = [wire for part in parts if (wire := self._part(part)) is not None]
        return content or [{"text": _NO_OUTPUT}]

    def _content(self, parts: tuple[Part, ...]) -> list[Wire]:
        blocks: list[Wire] = []
        for part in parts:
            wire = self._part(part)
            if wire is not None:
                blocks.append(wire)
            if isinstance(part, _MARKABLE) and part.cache and blocks:
                self._mark(blocks, part.cache)
        return blocks

    def _part(self, part: Part) -> Wire | None:
        if isinstance(part, Text):
            if part.citations:
                self._losses.note("part.citations")
            return {"text": part.text} if part.text.strip() else None
        if isinstance(part, Image):
            return self._blocks.image(part)
        if isinstance(part, Document):
            self._has_documents = True
            return self._blocks.document(part)
        if isinstance(part, Audio):
            return {"text": part.transcript} if part.transcript else self._blocks.audio(part)
        if isinstance(part, Video):
            return self._blocks.video(part)
        if isinstance(part, Foreign):
            self._losses.note("part.foreign")
        return {"text": part.text} if part.text.strip() else None

    def _mark(self, blocks: list[Wire], cache: CacheTtl | None) -> None:
        if cache is not None and (point := cache_point(cache, self._traits, self._losses)) is not None:
            if is_unmarkable(blocks[-1]):
                self._losses.note("cache.marks")
                return
            blocks.append(point)


_TAKERS: Final[Mapping[type[Item], Callable[[MessageWriter, Any], None]]] = {
    Message: MessageWriter._take_message,
    Reasoning: MessageWriter._take_reasoning,
    Call: MessageWriter._take_call,
    CallOutput: MessageWriter._take_output,
    Foreign: MessageWriter._take_foreign,
}


def cache_point(cache: CacheTtl, traits: ModelTraits, losses: Losses, *, behind_tools: bool = False) -> Wire | None:
    """Return the block that ends a prefix to be cached, None where the model takes none there.

    From "Prompt caching" of the user guide (read 2026-11): Nova caches system prompts and messages, Claude tools too.
    """
    if traits.cache == "none" or (behind_tools and traits.cache != "all"):
        losses.note("cache.marks")
        return None
    if cache == "5m":
        return {"cachePoint": {"type": "default"}}
    if not traits.cache_1h:
        losses.note("cache.1h")
        return {"cachePoint": {"type": "default"}}
    return {"cachePoint": {"type": "default", "ttl": "1h"}}


def is_unmarkable(block: Wire) -> bool:
    """Whether a cache point behind `block` is refused.

    Behind a file that is no PDF Bedrock fails to translate it for Anthropic's models ("messages.0.content.2.type: Field
    required", strands-agents/harness-sdk#1966, 2026-03), and two points may not follow each other.
    """
    document = block.get("document")
    return "cachePoint" in block or (document is not None and document["format"] != "pdf")


def _first_mark(parts: list[Part]) -> CacheTtl | None:
    for part in parts:
        if isinstance(part, _MARKABLE):
            return part.cache
    return None


def _arguments(arguments: str) -> msgspec.Raw | Wire:
    """Return a call's arguments as the object that Bedrock insists on, whatever the model once wrote."""
    encoded = arguments.encode()
    try:
        _object.decode(encoded)
    except (msgspec.DecodeError, RecursionError):
        return {INPUT_FIELD: arguments} if arguments.strip() else {}
    return msgspec.Raw(encoded)
