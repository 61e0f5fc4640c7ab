"""What a model answers, whole or as a stream of events, whatever dialect it is told in.

A stream is the answer in the making: items begin, grow and end, and each event names the item it is
about by a number that counts items in the order of their beginning. The order is strict, so that an
encoder needs no guesses: `Begun` first; an item's events lie between its `ItemBegun` and `ItemEnded`;
then one `Stopped` for each alternative; last `Ended` or `Failed`, once. `UsageReported` may come
anywhere and the last one counts. Several items may be open at once (some dialects interleave calls).
"""

from typing import Literal

from msgspec import Struct

from tokenrouter.domain.items import Citation, Item, Part, ProviderState, RawJson
from tokenrouter.domain.ledger import Usage

StopReason = Literal["end", "tool", "length", "context", "stop_sequence", "filter", "pause", "broken_call", "error"]
"""`context`: the model's window is full; `pause`: the provider wants to be asked to go on; `broken_call`:
the model called a tool in a way that could not be read. Encoders never meet `broken_call` and `error`:
`translate.py` makes failures of them, because shown as an end they would look like success."""


class Stop(Struct, frozen=True):
    """Why the model stopped.

    Attributes:
        sequence: the stop sequence that was met, where the provider tells.
        explanation: why it was filtered or refused, where the provider tells.
        category: the provider's word for what it objects to.
        native: the provider's own word for `reason`.
    """

    reason: StopReason
    sequence: str = ""
    explanation: str = ""
    category: str = ""
    native: str = ""


class Choice(Struct, frozen=True):
    """One of the alternatives that were asked for; `logprobs` in Chat Completions' shape (`content`'s list)."""

    items: tuple[Item, ...]
    stop: Stop
    logprobs: RawJson | None = None


class Answer(Struct, frozen=True):
    """A whole answer; `id` and `model` are the provider's own, `usage` None where it reported none."""

    choices: tuple[Choice, ...]
    id: str = ""
    model: str = ""
    created_s: int = 0
    usage: Usage | None = None
    tier: str = ""


class Begun(Struct, frozen=True):
    """The provider has begun; `usage` holds what it knows of the input already."""

    id: str = ""
    model: str = ""
    created_s: int = 0
    usage: Usage | None = None
    tier: str = ""


class ItemBegun(Struct, frozen=True):
    """An item opens. Its parts, texts and arguments are still empty (`arguments` is ""); a `Foreign` is whole."""

    index: int
    item: Item
    choice: int = 0


class TextGrew(Struct, frozen=True):
    """Words for a message. `logprobs` in Chat Completions' shape (`content`'s list)."""

    index: int
    text: str
    logprobs: RawJson | None = None


class RefusalGrew(Struct, frozen=True):
    """Words of a refusal in a message."""

    index: int
    text: str


class ReasoningGrew(Struct, frozen=True):
    """Words of reasoning; `section` counts its `texts`."""

    index: int
    text: str
    section: int = 0


class ArgumentsGrew(Struct, frozen=True):
    """More of a call's arguments, as JSON text or, for a `custom` call, as plain text."""

    index: int
    text: str


class CitationAdded(Struct, frozen=True):
    """A citation for the words of a message so far."""

    index: int
    citation: Citation


class PartAdded(Struct, frozen=True):
    """A part that came whole: an image, a piece of sound, something foreign."""

    index: int
    part: Part


class StateArrived(Struct, frozen=True):
    """What makes an open item valid when it comes back."""

    index: int
    state: ProviderState


class ItemEnded(Struct, frozen=True):
    """An item is whole."""

    index: int


class UsageReported(Struct, frozen=True):
    """Tokens so far; the last report counts."""

    usage: Usage


class Stopped(Struct, frozen=True):
    """One alternative is whole."""

    stop: Stop
    choice: int = 0


class Ended(Struct, frozen=True):
    """The provider came to the proper end of its stream."""


class Failed(Struct, frozen=True):
    """The provider reported an error in its stream; `payload` is its event's JSON, `status` the HTTP status meant."""

    message: str
    payload: RawJson
    code: str = ""
    status: int = 502


StreamEvent = (
    Begun
    | ItemBegun
    | TextGrew
    | RefusalGrew
    | ReasoningGrew
    | ArgumentsGrew
    | CitationAdded
    | PartAdded
    | StateArrived
    | ItemEnded
    | UsageReported
    | Stopped
    | Ended
    | Failed
)
