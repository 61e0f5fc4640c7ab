"""Items of an answer as the Responses API writes them: the same whole and at the end of their stream.

Every item has an id that follows from the gateway's id of the answer and the item's place, so that all events
and the last snapshot name it alike.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import msgspec

from tokenrouter.dialects.hub import Reply
from tokenrouter.dialects.openai_responses.request_decoder import ENCRYPTED_INCLUDED
from tokenrouter.dialects.openai_responses.state import bound_state, told_state
from tokenrouter.dialects.openai_responses.tools import TOOL_SEARCH, searches_tools
from tokenrouter.dialects.openai_responses.wire import FAMILY
from tokenrouter.domain.items import Call, Citation, Foreign, Image, Inline, ProviderState

Wire = dict[str, Any]
Status = Literal["in_progress", "completed", "incomplete"]
ItemKind = Literal["message", "reasoning", "function_call", "custom_tool_call", "tool_search_call", "image"]
_LEADS: Final[Mapping[ItemKind, str]] = {
    "message": "msg",
    "reasoning": "rs",
    "function_call": "fc",
    "custom_tool_call": "ctc",
    "tool_search_call": "tsc",
    "image": "ig",
}
"""OpenAI's own, by which some programs tell items apart."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How one client is told its answer.

    Attributes:
        reply_id: what the ids of its items are made of.
        tells_state: whether reasoning comes with what makes it valid: where the client included it, and where the
            answer is to be stored, which is worth nothing without.
        searches_tools: whether the client searches for tools itself, and so expects a kind of call of its own for that.
    """

    reply_id: str
    tells_state: bool = False
    searches_tools: bool = False

    @classmethod
    def of(cls, reply: Reply) -> "Manner":
        """Return the manner in which `reply`'s client asked."""
        request = reply.request
        included = ENCRYPTED_INCLUDED.encode() in request.echo.get("include", b"")
        return cls(reply.id, included or request.service.stored is True, searches_tools(request))

    def item_id(self, kind: ItemKind, index: int) -> str:
        """Return the id of the item at `index` of the output."""
        return f"{_LEADS[kind]}_{self.reply_id}_{index}"

    def call_kind(self, call: Call) -> ItemKind:
        """Return what `call` is for this client."""
        if call.kind == "custom":
            return "custom_tool_call"
        is_search = self.searches_tools and call.name == TOOL_SEARCH and not call.namespace
        return "tool_search_call" if is_search else "function_call"

    def encrypted(self, state: ProviderState | None) -> str | None:
        """Return the state of reasoning as it is told, None where it is not."""
        return None if state is None or not self.tells_state else told_state(state)

    def carrier(self, state: ProviderState | None, index: int, call_id: str = "") -> Wire | None:
        """Return an item that carries the state of a call, or of the words before it; None where it is not told."""
        if state is None or not self.tells_state:
            return None
        return reasoning_item(self.item_id("reasoning", index), [], bound_state(state, call_id))


def text_part(text: str, annotations: list[Wire | msgspec.Raw], logprobs: msgspec.Raw | None = None) -> Wire:
    """Return words with their citations."""
    return {"type": "output_text", "text": text, "annotations": annotations, "logprobs": logprobs or []}


def refusal_part(text: str) -> Wire:
    """Return words by which the model declines."""
    return {"type": "refusal", "refusal": text}


def message_item(item_id: str, content: list[Wire], phase: str = "", status: Status = "completed") -> Wire:
    """Return a message."""
    wire: Wire = {"id": item_id, "type": "message", "status": status, "role": "assistant", "content": content}
    if phase:
        wire["phase"] = phase
    return wire


def reasoning_item(item_id: str, texts: list[str], encrypted: str | None) -> Wire:
    """Return reasoning; its words are always told as a summary, because that is what clients show."""
    summary = [{"type": "summary_text", "text": text} for text in texts]
    wire: Wire = {"id": item_id, "type": "reasoning", "summary": summary}
    if encrypted is not None:
        wire["encrypted_content"] = encrypted
    return wire


def call_item(kind: ItemKind, item_id: str, call: Call, arguments: str, status: Status = "completed") -> Wire:
    """Return a call, with `arguments` in place of its own."""
    wire: Wire = {"id": item_id, "type": kind, "status": status, "call_id": call.call_id}
    if kind == "tool_search_call":
        return wire | {"execution": "client", "arguments": _object(arguments) if arguments else {}}
    wire["name"] = call.name
    if call.namespace:
        wire["namespace"] = call.namespace
    wire["input" if kind == "custom_tool_call" else "arguments"] = arguments
    return wire


def _object(arguments: str) -> object:
    """A search's arguments are an object here; words that are none are what is searched for."""
    try:
        return msgspec.json.decode(arguments)
    except (msgspec.DecodeError, RecursionError):
        return {"query": arguments}


def image_item(item_id: str, image: Image) -> Wire | None:
    """Return a picture that the model made; None where its data are elsewhere."""
    source = image.source
    if not isinstance(source, Inline):
        return None
    form = source.media_type.rpartition("/")[2] or "png"
    return {
        "id": item_id,
        "type": "image_generation_call",
        "status": "completed",
        "result": source.base64,
        "output_format": form,
    }


def annotation(citation: Citation) -> Wire | msgspec.Raw | None:
    """Return a citation: this dialect's as it was, a page or a file in its words, None for anything else."""
    if citation.family == FAMILY and citation.json:
        return msgspec.Raw(citation.json)
    start, end = citation.start or 0, citation.end or 0
    if citation.url:
        return {
            "type": "url_citation",
            "url": citation.url,
            "title": citation.title,
            "start_index": start,
            "end_index": end,
        }
    if citation.file_id:
        return {
            "type": "file_citation",
            "file_id": citation.file_id,
            "filename": citation.title,
            "index": start,
        }
    return None


def own_item(item: Foreign) -> msgspec.Raw | None:
    """Return an item that only this dialect has, None for another dialect's."""
    return msgspec.Raw(item.json) if item.family == FAMILY else None
