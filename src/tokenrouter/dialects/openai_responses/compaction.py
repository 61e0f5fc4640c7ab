"""`POST /v1/responses/compact` in front of models that only converse: the model itself sums the conversation up.

OpenAI answers with what users said and one sealed item for the rest, which goes back in the place of the conversation
(API reference, "Compact a response", as of 2026-11). Here the sealed item holds the model's own summary; it is read by
any provider later, because it becomes words again on its return.
"""

from dataclasses import dataclass
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from tokenrouter.dialects.alternatives import AlternativesDecoder
from tokenrouter.dialects.bridge import Asked
from tokenrouter.dialects.carried_state import seal, unseal
from tokenrouter.dialects.delivered import Delivered
from tokenrouter.dialects.hub import ClientCodec, EncodedRequest, ProviderCodec, Target
from tokenrouter.dialects.losses import Loss
from tokenrouter.dialects.openai_responses.usage import usage_object
from tokenrouter.dialects.relay import Relay
from tokenrouter.dialects.translate import TranslatedAnswer, translate_request
from tokenrouter.domain.errors import ProviderProtocolError
from tokenrouter.domain.items import Item, Message, ProviderState, Text, text_of
from tokenrouter.domain.requests import Request, Sampling

KIND: Final = "compaction"
_FAMILY: Final = "tokenrouter-compaction"
MAX_SUMMARY_TOKENS: Final = 4096
_ASKED: Final = (
    "Sum up this conversation so that it can go on without its text: what the user wants, what was decided and found "
    "out, what has been done, what is still to do, and every name, path, number and piece of text that will be needed. "
    "Answer with the summary alone."
)
_TOLD: Final = "Summary of the conversation so far:\n"
_ONE: Final = "a compaction is one answer, and no stream"


class _Given(msgspec.Struct):
    input: str | list[msgspec.Raw] | None = None


class _Named(msgspec.Struct):
    type: str | None = None
    role: str | None = None


_given: Final = msgspec.json.Decoder(_Given)
_named: Final = msgspec.json.Decoder(_Named)


def sealed_summary(summary: str) -> str:
    """Return `summary` as the `encrypted_content` of a compaction item."""
    return seal(ProviderState(_FAMILY, "encrypted", summary))


def summary_message(encrypted_content: str) -> Message | None:
    """Return the words that a compaction item of ours stands for, None for anybody else's."""
    state = unseal(ProviderState(KIND, "encrypted", encrypted_content))
    return Message("developer", (Text(_TOLD + state.value),)) if state.family == _FAMILY else None


def summing_up(request: Request) -> Request:
    """Return the request that makes a model sum `request` up."""
    items: tuple[Item, ...] = (*request.items, Message("user", (Text(_ASKED),)))
    return replace(
        request,
        items=items,
        stream=False,
        tools=(),
        tool_choice=None,
        parallel_calls=None,
        output_format=None,
        max_output_tokens=MAX_SUMMARY_TOKENS,
        sampling=Sampling(),
        extra={},
    )


@dataclass(frozen=True, slots=True)
class CompactBridge:
    """See `bridge.Bridge`."""

    client: ClientCodec
    provider: ProviderCodec
    target: Target

    def cross(self, body: bytes, asked: Asked) -> "CompactCrossing":
        request = summing_up(self.client.decode_request(body))
        return CompactCrossing(
            self, translate_request(request, self.provider, self.target), asked, _said_by_users(body)
        )


@dataclass(frozen=True, slots=True)
class CompactCrossing:
    """One compaction; see `bridge.Crossing`. `kept` are the items that stay as they are."""

    bridge: CompactBridge
    encoded: EncodedRequest
    asked: Asked
    kept: list[msgspec.Raw]

    @property
    def body(self) -> bytes:
        return self.encoded.body

    @property
    def headers(self) -> bytes:
        return self.encoded.header_lines

    @property
    def losses(self) -> tuple[Loss, ...]:
        return self.encoded.losses

    @property
    def copies(self) -> int:
        return 1

    def alternatives(self) -> AlternativesDecoder:
        raise NotImplementedError(_ONE)

    def answer(self, *bodies: bytes) -> TranslatedAnswer:
        target = self.bridge.target
        answer = self.bridge.provider.decode_answer(bodies[0], target)
        summary = "".join(text_of(item.parts) for item in answer.choices[0].items if isinstance(item, Message))
        if not summary:
            told = f"Provider {target.provider!r} was asked for a summary and gave none."
            raise ProviderProtocolError(told, provider=target.provider)
        name = self.asked.request_id.removeprefix("req_")
        sealed = {"type": KIND, "id": f"cmp_{name}", "encrypted_content": sealed_summary(summary)}
        compacted: dict[str, Any] = {
            "id": f"resp_{name}",
            "object": "response.compaction",
            "created_at": self.asked.created_s,
            "output": [*self.kept, sealed],
        }
        if answer.usage is not None:
            compacted["usage"] = usage_object(answer.usage)
        return TranslatedAnswer(msgspec.json.encode(compacted), answer.usage, len(summary.encode()))

    def relay(self, delivered: Delivered | None = None) -> Relay:
        raise NotImplementedError(_ONE)


def _said_by_users(body: bytes) -> list[msgspec.Raw]:
    given = _given.decode(body).input
    if isinstance(given, str):
        return [msgspec.Raw(msgspec.json.encode({"type": "message", "role": "user", "content": given}))]
    return [raw for raw in given or () if _is_users(_named.decode(raw))]


def _is_users(named: _Named) -> bool:
    return named.role == "user" and named.type in (None, "message")
