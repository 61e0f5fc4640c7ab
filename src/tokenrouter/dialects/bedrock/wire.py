"""What Converse and ConverseStream answer, as typed JSON.

From the API reference ("ConverseResponse", "ConverseStreamOutput" and the data types below them,
docs.aws.amazon.com/bedrock/latest/APIReference, read 2026-11) and AWS's service model of bedrock-runtime 2023-09-30.
Tolerant: fields may be absent or null, and what nobody needs (`metrics`, the padding `p`) is skipped.
"""

from typing import Annotated, Final

import msgspec

from tokenrouter.dialects.wire_reading import raw_value
from tokenrouter.domain.ledger import Usage
from tokenrouter.domain.prices import billed_tier

ABSENT: Final = msgspec.Raw()
"""A raw value that is not there. (A union of `Raw` and None would not decode as raw.)"""


class Camel(msgspec.Struct, rename="camel"):
    """Fields are in camel case on the wire."""


class WireText(Camel):
    """One piece of generated or cited text."""

    text: str | None = None


class WireReasoningText(Camel):
    """`signature` is there where the model's vendor signs."""

    text: str | None = None
    signature: str | None = None


class WireReasoning(Camel):
    """`redacted_content` is base64."""

    reasoning_text: WireReasoningText | None = None
    redacted_content: str | None = None


class WireToolUse(Camel):
    """A call, or its beginning; `type` is `server_tool_use` where Bedrock runs the tool itself."""

    name: Annotated[str, msgspec.Meta(min_length=1)]
    tool_use_id: str = ""
    input: msgspec.Raw = ABSENT
    type: str | None = None


class WireWeb(Camel):
    """A web page."""

    url: str | None = None


class WireSpan(Camel):
    """Character positions in a document."""

    start: int | None = None
    end: int | None = None


class WireLocation(Camel):
    """Where the cited words stand."""

    web: WireWeb | None = None
    document_char: WireSpan | None = None


class WireCitation(Camel):
    """`source` is set for search results."""

    title: str | None = None
    source: str | None = None
    source_content: list[WireText] | None = None
    location: WireLocation | None = None


class WireCitations(Camel):
    """Generated text with what it is from."""

    content: list[WireText] | None = None
    citations: list[msgspec.Raw] | None = None


class WireBytes(Camel):
    """`bytes` is base64."""

    bytes: str | None = None


class WireImage(Camel):
    """A picture that the model has made."""

    format: str = "png"
    source: WireBytes | None = None


class WireBlock(Camel):
    """One content block: exactly one of its members is set."""

    text: str | None = None
    reasoning_content: WireReasoning | None = None
    tool_use: WireToolUse | None = None
    citations_content: WireCitations | None = None
    image: WireImage | None = None


class WireMessage(Camel):
    """Blocks are read one by one: of those that nobody knows the whole is kept."""

    content: list[msgspec.Raw] | None = None


class WireOutput(Camel):
    """A union with one member."""

    message: WireMessage | None = None


class WireCacheDetail(Camel):
    """What was written to caches that last this long (`5m` or `1h`)."""

    ttl: str | None = None
    input_tokens: int | None = None


class WireUsage(Camel):
    """What was read from the cache and written to it is not in `input_tokens` ("Prompt caching", read 2026-11)."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_write_input_tokens: int | None = None
    cache_details: list[WireCacheDetail] | None = None

    def usage(self, tier: "WireTier | None" = None) -> Usage:
        """Return it in our terms, with the tier that served; what is negative counts as nothing."""
        read = max(self.cache_read_input_tokens or 0, 0)
        written = max(self.cache_write_input_tokens or 0, 0)
        fresh = max(self.input_tokens or 0, 0)
        details = self.cache_details or ()
        return Usage(
            fresh + read + written,
            max(self.output_tokens or 0, 0),
            read,
            written,
            cache_write_1h_tokens=sum(max(each.input_tokens or 0, 0) for each in details if each.ttl == "1h"),
            tier="" if tier is None else billed_tier(tier.type),
        )


class WireTier(Camel):
    """Which tier served the request."""

    type: str | None = None


class WireGuardrail(Camel):
    """Why a guardrail stepped in."""

    action_reason: str | None = None


class WireTrace(Camel):
    """Only there where a guardrail's trace was asked for."""

    guardrail: WireGuardrail | None = None


class WireAnswer(Camel):
    """`ConverseResponse`."""

    output: WireOutput | None = None
    stop_reason: str | None = None
    usage: WireUsage | None = None
    service_tier: WireTier | None = None
    trace: WireTrace | None = None
    additional_model_response_fields: msgspec.Raw = ABSENT


class WireStart(Camel):
    """What begins: only blocks that are no text and no reasoning tell it."""

    tool_use: WireToolUse | None = None
    image: WireImage | None = None


class WireBlockStart(Camel):
    """`contentBlockStart`."""

    content_block_index: int
    start: WireStart | None = None


class WireToolUseDelta(Camel):
    """A piece of a call's arguments, as JSON text."""

    input: str | None = None


class WireReasoningDelta(Camel):
    """One of its members is set."""

    text: str | None = None
    redacted_content: str | None = None
    signature: str | None = None


class WireDelta(Camel):
    """One of its members is set."""

    text: str | None = None
    tool_use: WireToolUseDelta | None = None
    reasoning_content: WireReasoningDelta | None = None
    citation: msgspec.Raw = ABSENT
    image: WireImage | None = None


class WireBlockDelta(Camel):
    """`contentBlockDelta`."""

    content_block_index: int
    delta: WireDelta | None = None


class WireBlockStop(Camel):
    """`contentBlockStop`."""

    content_block_index: int


class WireMessageStop(Camel):
    """`messageStop`."""

    stop_reason: str | None = None
    additional_model_response_fields: msgspec.Raw = ABSENT


class WireMetadata(Camel):
    """`metadata`, the last event of a stream."""

    usage: WireUsage | None = None
    service_tier: WireTier | None = None
    trace: WireTrace | None = None


class WireException(Camel):
    """An error, in an answer's body or in a stream; `original_status_code` is the model's own."""

    message: str | None = None
    original_status_code: int | None = None


class _ModelFields(msgspec.Struct):
    stop_sequence: str | None = None


_model_fields: Final = msgspec.json.Decoder(_ModelFields)


def stop_sequence_in(raw: msgspec.Raw) -> str:
    """Return the sequence that was met, from what `additionalModelResponseFieldPaths` asked for; else an empty text."""
    value = raw_value(raw)
    if value is None:
        return ""
    try:
        return _model_fields.decode(value).stop_sequence or ""
    except msgspec.DecodeError:
        return ""


def explanation_in(trace: WireTrace | None) -> str:
    """Return why a guardrail stepped in, or an empty text."""
    if trace is None or trace.guardrail is None:
        return ""
    return trace.guardrail.action_reason or ""
