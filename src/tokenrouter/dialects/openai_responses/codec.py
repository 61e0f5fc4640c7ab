"""OpenAI's Responses API, both ways; each half has a file of its own beside this one."""

from typing import Final

from tokenrouter.dialects.call_ids import IdRule
from tokenrouter.dialects.hub import EncodedRequest, Reply, Target
from tokenrouter.dialects.json import RawObject
from tokenrouter.dialects.losses import LossTable
from tokenrouter.dialects.openai import errors as openai_errors
from tokenrouter.dialects.openai_responses.answer import decode_answer, encode_answer
from tokenrouter.dialects.openai_responses.losses import ANSWER_LOSSES, REQUEST_LOSSES, ResponsesQuirks
from tokenrouter.dialects.openai_responses.request_decoder import decode_request
from tokenrouter.dialects.openai_responses.request_encoder import encode_request
from tokenrouter.dialects.openai_responses.stream_decoder import ResponsesStreamDecoder
from tokenrouter.dialects.openai_responses.stream_encoder import ResponsesStreamEncoder
from tokenrouter.dialects.openai_responses.wire import FAMILY
from tokenrouter.domain.answers import Answer
from tokenrouter.domain.errors import GatewayError
from tokenrouter.domain.requests import Request


class ResponsesCodec:
    """`hub.ClientCodec` and, for a vendor with `quirks`, `hub.ProviderCodec`."""

    name = FAMILY
    carries_state = False
    """Codex brings every item back; opencode (1.18.33, measured 2026-11) leaves out reasoning without words, in which
    the state of a call travels."""
    keep_alive = b": keep-alive\n\n"
    losses: LossTable = REQUEST_LOSSES
    answer_losses: LossTable = ANSWER_LOSSES

    def __init__(self, quirks: ResponsesQuirks | None = None) -> None:
        self._quirks = quirks or ResponsesQuirks()

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

    def stream_decoder(self, target: Target) -> ResponsesStreamDecoder:
        return ResponsesStreamDecoder(target)

    def stream_encoder(self, reply: Reply) -> ResponsesStreamEncoder:
        return ResponsesStreamEncoder(reply)

    def error_body(self, error: GatewayError, request_id: str) -> bytes:
        return openai_errors.error_body(error, request_id)


RESPONSES_CODEC: Final = ResponsesCodec()
"""As clients speak it."""
