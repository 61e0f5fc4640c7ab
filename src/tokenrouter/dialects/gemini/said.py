"""What one alternative of an answer says, as Gemini's parts: the same for whole answers and for streams.

What signs reasoning waits here for the part that it goes out on: clients return a call's signature, but not the
thoughts before it.
"""

from typing import Any, Final

from tokenrouter.dialects.gemini.grounding import GroundingWriter
from tokenrouter.dialects.gemini.parts import arguments_object, media_object
from tokenrouter.dialects.gemini.signatures import FAMILY, signature_of
from tokenrouter.dialects.gemini.stops import finish_reason_of
from tokenrouter.dialects.tool_names import plain_call
from tokenrouter.domain.answers import Stop
from tokenrouter.domain.items import Audio, Call, Document, Image, Part, ProviderState, Reasoning, Video
from tokenrouter.domain.requests import Request

Wire = dict[str, Any]
_CUT: Final = frozenset(("length", "context", "filter"))
"""Ends at which half a call is no fault of the model's."""


def shows_thoughts(request: Request) -> bool:
    """Whether the client wants to read thoughts: Gemini shows none unless it is asked to."""
    return request.family != FAMILY or (request.reasoning is not None and request.reasoning.shown is True)


class Said:
    """Follows one alternative.

    Attributes:
        grounding: what it cites.
        has_refused: whether the model declined in words of its own.
        stop: why it stopped, None until it has.
    """

    __slots__ = ("_broken", "_reasonings", "grounding", "has_refused", "stop")

    def __init__(self) -> None:
        self._reasonings: list[Reasoning] = []
        self._broken = False
        self.grounding = GroundingWriter()
        self.has_refused = False
        self.stop: Stop | None = None

    def think(self, reasoning: Reasoning) -> None:
        """Keep whole reasoning for the next signature."""
        self._reasonings.append(reasoning)

    def sign(self, part: Wire, state: ProviderState | None = None, call_id: str = "") -> Wire:
        """Return `part` with the signature that is due."""
        signature = signature_of(state, self._reasonings, call_id)
        self._reasonings.clear()
        if signature:
            part["thoughtSignature"] = signature
        return part

    def call(self, call: Call) -> Wire | None:
        """Return a whole call; None for one whose arguments nobody could read."""
        plain = plain_call(call) if call.kind == "custom" or call.namespace else call
        arguments = arguments_object(plain.arguments)
        if arguments is None:
            self._broken = True
            return None
        told = {"name": plain.name, "args": arguments, "id": plain.call_id}
        return self.sign({"functionCall": told}, call.state, plain.call_id)

    def last_part(self) -> Wire | None:
        """Return the part for what signs reasoning that no other part came after."""
        self._reasonings = [each for each in self._reasonings if each.state is not None]
        return self.sign({"text": ""}) if self._reasonings else None

    def ending(self) -> Wire:
        """Return the fields of a candidate that say how it ended."""
        stop = self.stop or Stop("end")
        if self._broken and stop.reason not in _CUT:
            stop = Stop("broken_call")
        told: Wire = {"finishReason": finish_reason_of(stop, refused=self.has_refused)}
        if stop.explanation:
            told["finishMessage"] = stop.explanation
        if (metadata := self.grounding.metadata()) is not None:
            told["groundingMetadata"] = metadata
        return told


def media_in_answer(part: Part) -> Wire | None:
    """Return a picture, sound or file in an answer, None for what has no place there."""
    if not isinstance(part, Image | Audio | Video | Document):
        return None
    return media_object(part)
