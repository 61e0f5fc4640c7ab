"""Anthropic Messages, both ways; each half has a file of its own beside this one."""

from typing import Final

from tokenrouter.dialects.anthropic import errors as anthropic_errors
from tokenrouter.dialects.anthropic.answer import decode_answer, encode_answer
from tokenrouter.dialects.anthropic.losses import ANSWER_LOSSES, ANTHROPIC, REQUEST_LOSSES, MessagesQuirks
from tokenrouter.dialects.anthropic.request_decoder import decode_request
from tokenrouter.dialects.anthropic.request_encoder import encode_request
from tokenrouter.dialects.anthropic.stream_decoder import MessagesStreamDecoder
from tokenrouter.dialects.anthropic.stream_encoder import KEEP_ALIVE, MessagesStreamEncoder
from tokenrouter.dialects.anthropic.wire import FAMILY
from tokenrouter.dialects.call_ids import IdRule
from tokenrouter.dialects.hub import EncodedRequest, Reply, Target
from tokenrouter.dialects.json import RawObject
from tokenrouter.dialects.losses import LossTable
from tokenrouter.domain.answers import Answer
from tokenrouter.domain.errors import GatewayError
from tokenrouter.domain.requests import Request


class MessagesCodec:
    """`hub.ClientCodec` and, for a vendor with `quirks`, `hub.ProviderCodec`."""

    name = FAMILY
    carries_state = True
    keep_alive = KEEP_ALIVE
    losses: LossTable = REQUEST_LOSSES
    answer_losses: LossTable = ANSWER_LOSSES

    def __init__(self, quirks: MessagesQuirks = ANTHROPIC) -> None:
        self._quirks = quirks

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

    def stream_decoder(self, target: Target) -> MessagesStreamDecoder:
        return MessagesStreamDecoder(target)

    def stream_encoder(self, reply: Reply) -> MessagesStreamEncoder:
        return MessagesStreamEncoder(reply)

    def error_body(self, error: GatewayError, request_id: str) -> bytes:
        return anthropic_errors.error_body(error, request_id)


MESSAGES_CODEC: Final = MessagesCodec()
"""As clients speak it."""
