"""OpenAI Chat Completions, both ways; each half has a file of its own beside this one."""

from typing import Final

from tokenrouter.dialects.call_ids import IdRule
from tokenrouter.dialects.hub import EncodedRequest, Reply, Target
from tokenrouter.dialects.json import RawObject
from tokenrouter.dialects.losses import LossTable
from tokenrouter.dialects.openai import errors as openai_errors
from tokenrouter.dialects.openai_chat.answer import decode_answer, encode_answer
from tokenrouter.dialects.openai_chat.losses import ANSWER_LOSSES, REQUEST_LOSSES, ChatQuirks
from tokenrouter.dialects.openai_chat.request_decoder import FAMILY, decode_request
from tokenrouter.dialects.openai_chat.request_encoder import encode_request
from tokenrouter.dialects.openai_chat.stream_decoder import ChatStreamDecoder
from tokenrouter.dialects.openai_chat.stream_encoder import ChatStreamEncoder
from tokenrouter.domain.answers import Answer
from tokenrouter.domain.errors import GatewayError
from tokenrouter.domain.requests import Request


class ChatCodec:
    """`hub.ClientCodec` and, for a vendor with `quirks`, `hub.ProviderCodec`."""

    name = FAMILY
    carries_state = False
    keep_alive = b": keep-alive\n\n"
    losses: LossTable = REQUEST_LOSSES
    answer_losses: LossTable = ANSWER_LOSSES

    def __init__(self, quirks: ChatQuirks | None = None) -> None:
        self._quirks = quirks or ChatQuirks()

    @property
    def call_ids(self) -> IdRule:
        """What an id of a call may look like at this vendor."""
        return self._quirks.call_ids

    def decode_request(
        self,
        body: bytes,
        *,
        model: str | None = None,
        stream: bool | None = None,
        fields: RawObject | None = None,
    ) -> Request:
        return decode_request(body, model=model, stream=stream, fields=fields)

    def encode_request(self, request: Request, target: Target) -> EncodedRequest:
        return encode_request(request, target, self._quirks)

    def decode_answer(self, body: bytes, target: Target) -> Answer:
        return decode_answer(body, target)

    def encode_answer(self, answer: Answer, reply: Reply) -> bytes:
        return encode_answer(answer, reply)

    def stream_decoder(self, target: Target) -> ChatStreamDecoder:
        return ChatStreamDecoder(target)

    def stream_encoder(self, reply: Reply) -> ChatStreamEncoder:
        return ChatStreamEncoder(reply)

    def error_body(self, error: GatewayError, request_id: str) -> bytes:
        return openai_errors.error_body(error, request_id)


CHAT_CODEC: Final = ChatCodec()
"""As clients speak it."""
