"""What a conversation is made of, whatever dialect it was written in: the hub of translation.

Items stand in one ordered list, as in OpenAI's Responses API: what the model thought, said and called
keeps its order, which a list of messages with calls beside their text loses. What only a provider can
read (signatures, encrypted reasoning) travels with the item it belongs to, unopened.

All of it is structs, not dataclasses: a translated request makes a hundred of them, and a frozen dataclass sets each
field through a call of `object.__setattr__`, which takes five times as long. `msgspec.structs.replace` copies them.

Raw JSON (schemas, payloads of one dialect) is kept as `bytes`, so that what is not looked at is neither
decoded nor written anew.
"""

from typing import Literal

from msgspec import Struct

RawJson = bytes
"""One JSON value, as it was written."""
Role = Literal["system", "developer", "user", "assistant"]
CallKind = Literal["function", "custom"]
"""`function` calls have JSON arguments; `custom` ones one free text, perhaps bound by a grammar."""
StateKind = Literal["signature", "redacted", "encrypted", "thought_signature", "details"]
"""`signature` signs the reasoning beside it, `redacted` and `encrypted` stand in its place,
`thought_signature` signs a part or a call, `details` is a list of them all (JSON)."""
CacheTtl = Literal["5m", "1h"]
"""How long a prefix that ends here is asked to be kept; `5m` is what every vendor means by default."""


class ProviderState(Struct, frozen=True):
    """What a provider wants back as it was, and nobody else can read.

    Attributes:
        family: name of the dialect that wrote it, such as `anthropic-messages`.
        value: as the provider wrote it.
        origin: which provider, endpoint and model it is bound to; another one answers 400 to it. Empty
            where a client brought it in its own dialect's field without our tag.
    """

    family: str
    kind: StateKind
    value: str
    origin: str = ""


class Inline(Struct, frozen=True):
    """Data inside the message; `base64` is standard base64 with padding, without a `data:` lead."""

    media_type: str
    base64: str


class Url(Struct, frozen=True):
    """Data that the provider is to fetch; `media_type` is empty where nobody said."""

    url: str
    media_type: str = ""


class FileId(Struct, frozen=True):
    """Data that was uploaded to the provider before."""

    id: str
    media_type: str = ""


class PlainText(Struct, frozen=True):
    """The text of a document."""

    text: str


Source = Inline | Url | FileId | PlainText


class Citation(Struct, frozen=True):
    """Where a piece of text is from.

    `start` and `end` are character positions in the text that cites (url) or in the cited document;
    `json` is the citation in the words of `family`, for a client of the same dialect family.
    """

    url: str = ""
    title: str = ""
    cited_text: str = ""
    file_id: str = ""
    start: int | None = None
    end: int | None = None
    family: str = ""
    json: RawJson = b""


class Text(Struct, frozen=True):
    """Words. `state` is a signature that one dialect puts on plain text."""

    text: str
    citations: tuple[Citation, ...] = ()
    cache: CacheTtl | None = None
    state: ProviderState | None = None


class Image(Struct, frozen=True):
    """A picture; `detail` as OpenAI has it: low, high, auto, original."""

    source: Source
    detail: str | None = None
    cache: CacheTtl | None = None


class Document(Struct, frozen=True):
    """A file to be read, mostly a PDF. `citable`: the answer shall cite it; `context` is said of it to the model;
    `detail`: how closely to look at its pages, as OpenAI has it.
    """

    source: Source
    filename: str = ""
    title: str = ""
    context: str = ""
    citable: bool = False
    cache: CacheTtl | None = None
    detail: str | None = None


class Audio(Struct, frozen=True):
    """Sound; in an answer `transcript` is what is said, `id` how a later turn may refer to it."""

    source: Source
    transcript: str = ""
    id: str = ""
    expires_s: int | None = None


class Video(Struct, frozen=True):
    """Moving pictures; only some dialects take them."""

    source: Source


class Refusal(Struct, frozen=True):
    """Words by which the model declines."""

    text: str


class Foreign(Struct, frozen=True):
    """A part or item that only its own dialect has: hosted tools at work, references, containers.

    Attributes:
        family: name of the dialect that has it.
        kind: its `type` there.
        json: the whole of it.
        text: what may stand for it elsewhere; empty where nothing can.
    """

    family: str
    kind: str
    json: RawJson
    text: str = ""


Part = Text | Image | Document | Audio | Video | Refusal | Foreign


class Message(Struct, frozen=True):
    """One turn's words. `name` tells participants of one role apart; `phase` is the Responses API's `commentary` or
    `final_answer`. `id` is the dialect's own, or empty.
    """

    role: Role
    parts: tuple[Part, ...]
    id: str = ""
    name: str = ""
    phase: str = ""


class Reasoning(Struct, frozen=True):
    """What the model thought before it went on.

    Attributes:
        texts: its sections; none where the provider shows nothing.
        is_summary: whether `texts` are a summary, not the reasoning itself.
        state: what makes it valid when it comes back; it may stand for the whole of it.
    """

    texts: tuple[str, ...] = ()
    is_summary: bool = False
    state: ProviderState | None = None
    id: str = ""


class Call(Struct, frozen=True):
    """The model calls a tool that the client runs.

    Attributes:
        call_id: what its output will be filed under.
        arguments: JSON text of an object (never empty), or the free text of a `custom` call.
        namespace: the group the tool was declared in, or empty.
        id: the item's own id, where the dialect has one beside `call_id`.
    """

    call_id: str
    name: str
    arguments: str = "{}"
    kind: CallKind = "function"
    namespace: str = ""
    state: ProviderState | None = None
    cache: CacheTtl | None = None
    id: str = ""


class CallOutput(Struct, frozen=True):
    """What a call came to. `name` is the tool's, where the dialect repeats it."""

    call_id: str
    parts: tuple[Part, ...]
    is_error: bool = False
    kind: CallKind = "function"
    name: str = ""
    cache: CacheTtl | None = None
    id: str = ""


Item = Message | Reasoning | Call | CallOutput | Foreign


def text_of(parts: tuple[Part, ...], between: str = "\n") -> str:
    """Return the words of `parts`, refusals and what stands for foreign parts included."""
    if len(parts) == 1 and type(parts[0]) is Text:
        return parts[0].text
    words = (part.text for part in parts if isinstance(part, Text | Refusal | Foreign))
    return between.join(word for word in words if word)
