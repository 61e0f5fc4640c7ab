"""Gemini's generateContent, both ways; each half has a file of its own beside this one."""

from typing import Final

from tokenrouter.dialects.call_ids import IdRule
from tokenrouter.dialects.gemini import errors as gemini_errors
from tokenrouter.dialects.gemini.answer import decode_answer, encode_answer
from tokenrouter.dialects.gemini.losses import ANSWER_LOSSES, REQUEST_LOSSES, GeminiQuirks
from tokenrouter.dialects.gemini.request_decoder import decode_request
from tokenrouter.dialects.gemini.request_encoder import encode_request
from tokenrouter.dialects.gemini.signatures import FAMILY
from tokenrouter.dialects.gemini.stream_decoder import GeminiStreamDecoder
from tokenrouter.dialects.gemini.stream_encoder import GeminiStreamEncoder
from tokenrouter.dialects.hub import EncodedRequest, Reply, Target
from tokenrouter.dialects.json import RawObject
from tokenrouter.dialects.losses import LossTable
from tokenrouter.domain.answers import Answer
from tokenrouter.domain.errors import GatewayError
from tokenrouter.domain.requests import Request


class GeminiCodec:
    """`hub.ClientCodec` and, for an endpoint with `quirks`, `hub.ProviderCodec`."""

    name = FAMILY
    carries_state = True
    keep_alive = b""
    losses: LossTable = REQUEST_LOSSES
    answer_losses: LossTable = ANSWER_LOSSES
    call_ids: IdRule = "any"

    def __init__(self, quirks: GeminiQuirks | None = None) -> None:
        self._quirks = quirks or GeminiQuirks()

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

    def stream_decoder(self, target: Target) -> GeminiStreamDecoder:
        return GeminiStreamDecoder(target)

    def stream_encoder(self, reply: Reply) -> GeminiStreamEncoder:
        return GeminiStreamEncoder(reply)

    def error_body(self, error: GatewayError, request_id: str) -> bytes:
        return gemini_errors.error_body(error, request_id)


GEMINI_CODEC: Final = GeminiCodec()
"""As clients speak it."""
