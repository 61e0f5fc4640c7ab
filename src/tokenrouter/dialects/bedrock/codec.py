"""Amazon Bedrock's Converse, as the gateway speaks it to providers.

One API for the models of many vendors; no client of ours speaks it, so there is no way back from it. What its models
take differs, see `bedrock_models`.
"""

from urllib.parse import quote

from tokenrouter.dialects.bedrock.answer import decode_answer
from tokenrouter.dialects.bedrock.losses import REQUEST_LOSSES
from tokenrouter.dialects.bedrock.messages import FAMILY
from tokenrouter.dialects.bedrock.models import ConverseQuirks
from tokenrouter.dialects.bedrock.request_encoder import encode_request
from tokenrouter.dialects.bedrock.stream_decoder import ConverseStreamDecoder
from tokenrouter.dialects.call_ids import IdRule
from tokenrouter.dialects.hub import EncodedRequest, Target
from tokenrouter.dialects.losses import LossTable
from tokenrouter.domain.answers import Answer
from tokenrouter.domain.requests import Request


class ConverseCodec:
    """`hub.ProviderCodec` for the models that `quirks` know."""

    name = FAMILY
    losses: LossTable = REQUEST_LOSSES

    def __init__(self, quirks: ConverseQuirks | None = None) -> None:
        self._quirks = quirks or ConverseQuirks()

    @property
    def call_ids(self) -> IdRule:
        """`ToolUseBlock.toolUseId` takes dots and colons too, but Anthropic's models behind it do not."""
        return "safe"

    def encode_request(self, request: Request, target: Target) -> EncodedRequest:
        return encode_request(request, target, self._quirks)

    def decode_answer(self, body: bytes, target: Target) -> Answer:
        return decode_answer(body, target)

    def stream_decoder(self, target: Target) -> ConverseStreamDecoder:
        return ConverseStreamDecoder(target)


def target_path(model: str, *, stream: bool) -> str:
    """Return the path of a request, percent-encoded once as AWS's SDKs do it: colons and slashes of ARNs too."""
    return f"/model/{quote(model, safe='')}/converse{'-stream' if stream else ''}"
