"""What is said in a Messages request: the turns for the model, and the segments for the cache.

From the API reference ("Messages") and the guides "Vision", "PDF support", "Prompt caching" (platform.claude.com, read
2026-11). Media are weighed, not looked at, except that a picture has to be of the type it claims. The system's words in
the middle of a conversation go to the model before the user's that they follow, so that the user has the last one.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, cast

from tokenrouter.sandbox.anthropic.cache import Segment
from tokenrouter.sandbox.anthropic.errors import refuse
from tokenrouter.sandbox.anthropic.json import Block
from tokenrouter.sandbox.anthropic.order import content
from tokenrouter.sandbox.google.json import decoded_bytes
from tokenrouter.sandbox.prompt import Turn
from tokenrouter.sandbox.tokens import Tokenizer, utf8

IMAGE_TOKENS: Final = 1500
"""A picture of 1092 x 1092: width times height over 750, by the guide "Vision"."""
PAGE_TOKENS: Final = 2000
"""One page of a PDF; the guide "PDF support" says 1,500 to 3,000."""
MAX_MARKS: Final = 4

_SIGNATURES: Final = {
    b"\x89PNG\r\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"RIFF": "image/webp",
    b"%PDF": "application/pdf",
}
_SAID_AS_JSON: Final = ("tool_use", "server_tool_use", "mcp_tool_use")


@dataclass(slots=True)
class Conversation:
    """A request's words.

    Attributes:
        referenced: names of tools that a `tool_reference` has loaded.
    """

    turns: list[Turn] = field(default_factory=list)
    referenced: set[str] = field(default_factory=set)


def read_turns(body: Block) -> Conversation:
    """Raises: AnthropicError 400, for a text that is empty or media that are not what they claim."""
    conversation = Conversation()
    system = [str(block["text"]) for block in _system(body)]
    if system:
        conversation.turns.append(Turn("system", "\n".join(system)))
    spoken = 0
    for number, message in enumerate(cast(list[Block], body["messages"])):
        turns = list(_turns(message, f"messages.{number}", conversation.referenced))
        if message["role"] == "system":
            conversation.turns[spoken:spoken] = turns
        else:
            spoken = len(conversation.turns)
            conversation.turns += turns
    return conversation


def read_segments(body: Block, loaded: tuple[Block, ...], tokenizer: Tokenizer) -> list[Segment]:
    """The prompt in the order in which it is cached, up to the last mark: tools, system, messages.

    Raises:
        AnthropicError: 400, for too many marks or lifetimes in the wrong order.
    """
    blocks = [
        *((f"tools.{n}", tool) for n, tool in enumerate(loaded)),
        *((f"system.{n}", block) for n, block in enumerate(_system(body))),
        *_message_blocks(cast(list[Block], body["messages"])),
    ]
    ttls = [_ttl(block) for _, block in blocks]
    if body.get("cache_control"):
        ttls[-1] = ttls[-1] or _ttl(body)
    _check_marks([(path, ttl) for (path, _), ttl in zip(blocks, ttls, strict=True) if ttl])
    end = max((number + 1 for number, ttl in enumerate(ttls) if ttl), default=0)
    return [_segment(block, ttl, tokenizer) for (_, block), ttl in zip(blocks[:end], ttls[:end], strict=True)]


def _system(body: Block) -> list[Block]:
    given = body.get("system") or []
    blocks: list[Block] = [{"type": "text", "text": given}] if isinstance(given, str) else cast(list[Block], given)
    for block in blocks:
        _check_text(block, "system")
    return blocks


def _message_blocks(messages: list[Block]) -> Iterator[tuple[str, Block]]:
    for number, message in enumerate(messages):
        for index, block in enumerate(content(message)):
            yield f"messages.{number}.content.{index}", block


def _turns(message: Block, path: str, referenced: set[str]) -> Iterator[Turn]:
    """A message as turns: each tool's result is one of its own."""
    texts: list[str] = []
    weight = 0
    for number, block in enumerate(content(message)):
        place = f"{path}.content.{number}.{block['type']}"
        if block["type"] == "tool_result":
            yield _result(block, place, referenced)
            continue
        texts += _texts(block, place)
        weight += _weight(block, place)
    if texts or weight:
        yield Turn(str(message["role"]), "\n".join(texts), weight)


def _result(block: Block, path: str, referenced: set[str]) -> Turn:
    given = block.get("content") or []
    if isinstance(given, str):
        return Turn("tool", given)
    texts: list[str] = []
    weight = 0
    for number, each in enumerate(cast(list[Block], given)):
        place = f"{path}.content.{number}.{each['type']}"
        texts += _texts(each, place)
        weight += _weight(each, place)
        if each["type"] == "tool_reference":
            referenced.add(str(each["tool_name"]))
    return Turn("tool", "\n".join(texts), weight)


def _texts(block: Block, path: str) -> list[str]:
    kind = block["type"]
    if kind == "text":
        _check_text(block, path.partition(".")[0])
        return [str(block["text"])]
    if kind in _SAID_AS_JSON:
        told = {name: block.get(name) for name in ("name", "input")}
        return [json.dumps(told, ensure_ascii=False, separators=(",", ":"))]
    if kind == "search_result":
        return [str(each["text"]) for each in cast(list[Block], block["content"])]
    if kind == "document":
        return _document_texts(cast(Block, block["source"]))
    return [f"Loaded the tool {block['tool_name']}."] if kind == "tool_reference" else []


def _document_texts(source: Block) -> list[str]:
    if source["type"] == "text":
        return [str(source["data"])]
    given = source.get("content") or []
    if isinstance(given, str):
        return [given]
    return [str(each["text"]) for each in cast(list[Block], given) if each["type"] == "text"]


def _check_text(block: Block, where: str) -> None:
    text = str(block["text"])
    if not text:
        refuse(f"{where}: text content blocks must be non-empty")
    if not text.strip():
        refuse(f"{where}: text content blocks must contain non-whitespace text")


def _weight(block: Block, path: str) -> int:
    """What the media of a block weigh, once they have been checked."""
    if block["type"] in ("image", "document"):
        source = cast(Block, block["source"])
        _check_source(source, f"{path}.source.{source['type']}")
    return _media_tokens(block)


def _media_tokens(block: Block) -> int:
    if block.get("type") == "image":
        return IMAGE_TOKENS
    if block.get("type") != "document":
        return 0
    return 0 if cast(Block, block["source"])["type"] in ("text", "content") else PAGE_TOKENS


def _check_source(source: Block, path: str) -> None:
    if source["type"] == "url" and not str(source["url"]).startswith("https://"):
        refuse(f"{path}.url: Only HTTPS URLs are supported.")
    if source["type"] != "base64":
        return
    data = decoded_bytes(str(source["data"]))
    if not data:
        refuse(f"{path}.data: Invalid base64 data")
    found = next((kind for begins, kind in _SIGNATURES.items() if data.startswith(begins)), source["media_type"])
    if found != source["media_type"]:
        refuse(
            f"{path}.data: The image was specified using the {source['media_type']} media type, but the image appears "
            f"to be a {found} image"
        )


def _ttl(block: Block) -> str | None:
    """How long the prefix that ends with this block, or inside it, asks to be kept."""
    inner = block.get("content")
    marks = [each.get("cache_control") for each in inner if isinstance(each, dict)] if isinstance(inner, list) else []
    given = [cast(Block, mark) for mark in (*marks, block.get("cache_control")) if mark]
    return str(given[-1].get("ttl") or "5m") if given else None


def _check_marks(marks: list[tuple[str, str]]) -> None:
    if len(marks) > MAX_MARKS:
        refuse(f"A maximum of {MAX_MARKS} blocks with cache_control may be provided. Found {len(marks)}.")
    shorter = False
    for path, ttl in marks:
        if ttl == "1h" and shorter:
            refuse(
                f"{path}.cache_control.ttl: a ttl='1h' cache_control block must not come after a ttl='5m' "
                "cache_control block. Note that blocks are processed in the following order: tools, system, messages."
            )
        shorter = shorter or ttl == "5m"


def _segment(block: Block, ttl: str | None, tokenizer: Tokenizer) -> Segment:
    bare = {name: value for name, value in block.items() if name != "cache_control"}
    told = json.dumps(bare, sort_keys=True, separators=(",", ":"))
    return Segment(utf8(told), _tokens(bare, tokenizer), ttl)


def _tokens(block: Block, tokenizer: Tokenizer) -> int:
    """What a block weighs in the cache."""
    kind, inner = block.get("type"), block.get("content")
    if kind == "text":
        return tokenizer.count(str(block["text"]))
    if kind in ("image", "document"):
        texts = _texts(block, "")
        return tokenizer.media(_media_tokens(block)) + sum(tokenizer.count(text) for text in texts)
    if kind == "tool_result":
        blocks = cast(list[Block], inner) if isinstance(inner, list) else [{"type": "text", "text": inner or ""}]
        return sum(_tokens(each, tokenizer) for each in blocks)
    return tokenizer.count_json(block)
