"""Where an answer broke off, which places can go on with it, and how its stream is read so that they can.

They are asked over the hub, also where client and provider speak one dialect: what is put together of two answers
cannot pass as it is.
"""

from dataclasses import replace
from typing import Final

from tokenrouter.dialects.base import Head
from tokenrouter.dialects.bridge import HubBridge
from tokenrouter.dialects.client_codecs import CLIENT_CODECS
from tokenrouter.dialects.delivered import Delivered, Seam
from tokenrouter.dialects.hub import StreamDecoder, Target
from tokenrouter.dialects.state_memory import StateMemory
from tokenrouter.domain.errors import GatewayError
from tokenrouter.domain.ledger import Operation
from tokenrouter.gateway.call import Call
from tokenrouter.gateway.entrance import asked_by
from tokenrouter.gateway.exchange import Exchange
from tokenrouter.gateway.lanes import Lane

PASSING: Final[frozenset[Operation]] = frozenset(("chat", "messages", "generate_content"))
"""Operations whose streams may pass as they are and be gone on with all the same: nothing in them counts events or
repeats the whole, as Responses do, so what is translated can follow what was not."""


def watch(exchange: Exchange, seam: Seam | None) -> None:
    """Note what the client gets of an attempt, so that another place may go on from there.

    `seam`: where this attempt itself goes on; its request is longer than the client's by what was said.
    """
    decoder = None
    if exchange.crossing is None:
        decoder = passing_decoder(exchange.lane) if exchange.call.head.sse else None
        if decoder is None:
            return
    exchange.delivered = Delivered(seam, decoder)
    if seam is not None:
        exchange.changed = f"continued {seam.request_id}"
        exchange.peeked = replace(exchange.peeked, size=exchange.peeked.size + len(seam.text.encode()))


def seam_in(exchange: Exchange, before: Seam | None) -> Seam | None:
    """Return where the stream of `exchange` stands, which has failed; None where nobody could go on from there.

    `before` is where it began itself.
    """
    delivered, relay = exchange.delivered, exchange.relay
    if delivered is None or (relay is not None and relay.is_mid_event):
        return None
    seam = delivered.seam()
    if seam is None:
        return None
    tokens = exchange.lane.estimates.fair(body_bytes=0, content_bytes=len(seam.text.encode())).output_tokens
    usage = seam.usage if before is None else before.usage
    return replace(seam, usage=usage, tokens=tokens, request_id=exchange.call.request_id)


def resuming_lane(lane: Lane, call: Call, peeked: Head, memory: StateMemory, tenant: str) -> Lane | None:
    """Return the way on which `lane`'s model goes on at the seam of `call`; None where it would not, or nobody knows.

    Which models do is data of the dialects: `ModelTraits.prefill`, `ChatQuirks.prefill`.
    """
    bridge = lane.bridge or _over_hub(lane, memory, tenant)
    if not isinstance(bridge, HubBridge):
        return None
    try:
        crossing = bridge.cross(call.body, asked_by(call, peeked))
    except GatewayError:
        return None
    return replace(lane, bridge=bridge) if crossing.goes_on else None


def passing_decoder(lane: Lane) -> StreamDecoder | None:
    """Return what reads the streams of `lane` that pass as they are; None where those are not gone on with."""
    codec = lane.endpoint.codec
    if codec is None or lane.dialect.operation not in PASSING:
        return None
    return codec.stream_decoder(Target(lane.provider, lane.subject.model))


def _over_hub(lane: Lane, memory: StateMemory, tenant: str) -> HubBridge | None:
    client, codec, model = CLIENT_CODECS.get(lane.dialect.name), lane.endpoint.codec, lane.subject.model
    if client is None or codec is None:
        return None
    target = Target(lane.provider, model, lane.adapter.origin_of(model))
    return HubBridge(client, codec, target, memory, tenant)
