"""A whole Chat Completions answer, read into the hub's terms and written from them."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from tokenrouter.dialects import data_urls
from tokenrouter.dialects.call_ids import made_call_id
from tokenrouter.dialects.hub import Reply, Target
from tokenrouter.dialects.openai.tiers import told_tier
from tokenrouter.dialects.openai_chat.request_decoder import said_items
from tokenrouter.dialects.openai_chat.stops import finish_reason_of, stop_of
from tokenrouter.dialects.openai_chat.usage import usage_object
from tokenrouter.dialects.openai_chat.wire import WireAnswer, WireChoice, WireSaid
from tokenrouter.dialects.wire_reading import raw_list, read_answer
from tokenrouter.domain.answers import Answer, Choice
from tokenrouter.domain.errors import InvalidRequest, ProviderProtocolError
from tokenrouter.domain.items import (
    Audio,
    Call,
    Citation,
    Image,
    Inline,
    Item,
    Message,
    ProviderState,
    Reasoning,
    Refusal,
    Text,
    Url,
)

Wire = dict[str, Any]
_decoder: Final = msgspec.json.Decoder(WireAnswer)


def decode_answer(body: bytes, target: Target) -> Answer:
    """Return the answer in `body`.

    Raises:
        ProviderProtocolError: it cannot be read, or holds no choice.
    """
    wire = read_answer(_decoder, body, target.provider)
    if not wire.choices:
        told = f"Provider {target.provider!r} sent an answer without any choice."
        raise ProviderProtocolError(told, provider=target.provider)
    return Answer(
        tuple(_choice(choice, wire.id or "", number, target) for number, choice in enumerate(wire.choices)),
        wire.id or "",
        wire.model or target.model,
        int(wire.created or 0),
        None if wire.usage is None else wire.usage.usage(wire.service_tier),
        wire.service_tier or "",
    )


def _choice(wire: WireChoice, answer_id: str, number: int, target: Target) -> Choice:
    said = wire.message or WireSaid()
    try:
        items = said_items(said, f"choices[{number}].message")
    except InvalidRequest as error:
        told = f"Provider {target.provider!r} sent an answer that cannot be read: {error.message}"
        raise ProviderProtocolError(told, provider=target.provider) from None
    items = [_finished(item, answer_id, index, target.origin) for index, item in enumerate(items)]
    has_calls = any(type(item) is Call for item in items)
    logprobs = None if wire.logprobs is None else raw_list(wire.logprobs.content)
    return Choice(tuple(items), stop_of(wire.finish_reason, has_calls=has_calls), logprobs)


def _finished(item: Item, answer_id: str, index: int, origin: str) -> Item:
    """Add what a request has no place for: ids that were left out, where signatures are from."""
    if isinstance(item, Call) and (not item.call_id or item.state is not None):
        call_id = item.call_id or made_call_id(answer_id, index)
        return Call(call_id, item.name, item.arguments, item.kind, state=_from(item.state, origin))
    if isinstance(item, Reasoning) and item.state is not None:
        return Reasoning(item.texts, state=_from(item.state, origin))
    return item


def _from(state: ProviderState | None, origin: str) -> ProviderState | None:
    return None if state is None else ProviderState(state.family, state.kind, state.value, origin)


def encode_answer(answer: Answer, reply: Reply) -> bytes:
    """Return `answer` as a Chat Completions body."""
    wire: Wire = {
        "id": f"chatcmpl-{reply.id}",
        "object": "chat.completion",
        "created": answer.created_s or reply.created_s,
        "model": answer.model or reply.request.model,
        "choices": [_choice_object(choice, index) for index, choice in enumerate(answer.choices)],
    }
    if answer.usage is not None:
        wire["usage"] = usage_object(answer.usage)
    if tier := told_tier(answer.tier):
        wire["service_tier"] = tier
    return msgspec.json.encode(wire)


def _choice_object(choice: Choice, index: int) -> Wire:
    logprobs = None if choice.logprobs is None else {"content": msgspec.Raw(choice.logprobs), "refusal": None}
    return {
        "index": index,
        "message": _message(choice),
        "logprobs": logprobs,
        "finish_reason": finish_reason_of(choice.stop),
    }


def _message(choice: Choice) -> Wire:
    items = choice.items
    parts = [part for item in items if isinstance(item, Message) for part in item.parts]
    thoughts = [text for item in items if isinstance(item, Reasoning) for text in item.texts]
    words = "".join(part.text for part in parts if isinstance(part, Text))
    refusal = "".join(part.text for part in parts if isinstance(part, Refusal)) or choice.stop.explanation
    calls = [call_object(item) for item in items if isinstance(item, Call)]
    message: Wire = {"role": "assistant", "content": words or (None if calls or refusal else "")}
    message["refusal"] = refusal or None
    cited = [citation for part in parts if isinstance(part, Text) for citation in part.citations]
    message["annotations"] = [note for citation in cited if (note := annotation(citation)) is not None]
    if thoughts:
        message["reasoning_content"] = "\n\n".join(thoughts)
    if calls:
        message["tool_calls"] = calls
    if images := [image_object(part) for part in parts if isinstance(part, Image)]:
        message["images"] = images
    if spoken := [part for part in parts if isinstance(part, Audio)]:
        message["audio"] = _audio(spoken)
    return message


def call_object(call: Call) -> Wire:
    """Return a whole call."""
    if call.kind == "custom":
        return {"id": call.call_id, "type": "custom", "custom": {"name": call.name, "input": call.arguments}}
    return {"id": call.call_id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def annotation(citation: Citation) -> Wire | None:
    """Return a citation of a web page; other things that are cited have no place here."""
    if not citation.url:
        return None
    cited: Wire = {
        "url": citation.url,
        "title": citation.title,
        "start_index": citation.start or 0,
        "end_index": citation.end or 0,
    }
    return {"type": "url_citation", "url_citation": cited}


def image_object(image: Image) -> Wire:
    """Return a picture in an answer as OpenRouter has it; OpenAI has no place for one."""
    source = image.source
    url = data_urls.data_url(source) if isinstance(source, Inline) else source.url if isinstance(source, Url) else ""
    return {"type": "image_url", "image_url": {"url": url}}


def _audio(spoken: Sequence[Audio]) -> Wire:
    audio = spoken[0]
    data = audio.source.base64 if isinstance(audio.source, Inline) else ""
    return {"id": audio.id, "data": data, "transcript": audio.transcript, "expires_at": audio.expires_s or 0}
