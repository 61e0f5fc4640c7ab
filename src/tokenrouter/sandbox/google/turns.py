"""The `contents` of a Gemini request: their order, their parts, and the signatures that have to come back with them.

From the Gemini API reference ("Content", "Part") and its guides "Function calling" and "Thought signatures" (read
2026-11): calls follow a user's turn or results; results follow their calls, as many as there were; in the current turn
the first call of each step carries the signature it was given. Refusals are Google's, seen 2025-2026. One is stricter
than the documentation: a result has to bear the name of a call it answers, since a gateway that loses names is at fault
whether Google minds or not.
"""

import itertools
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, cast

from tokenrouter.sandbox.google.errors import invalid
from tokenrouter.sandbox.google.json import Message, decoded_bytes
from tokenrouter.sandbox.google.surface import Surface
from tokenrouter.sandbox.google.thought_signatures import Signer
from tokenrouter.sandbox.prompt import Turn

SKIP_WORDS: Final = ("skip_thought_signature_validator", "context_engineering_is_the_way_to_go")
"""What the guide allows in place of a signature on calls that another model made."""

_SKIPS: Final = frozenset(
    spelled for word in SKIP_WORDS for spelled in (word.encode(), decoded_bytes(word)) if spelled is not None
)
"""As a client sends them: the word itself in a field of base64, or its bytes encoded once more."""

_MEDIA: Final = {
    "image/png": ("IMAGE", 258),
    "image/jpeg": ("IMAGE", 258),
    "image/webp": ("IMAGE", 258),
    "image/heic": ("IMAGE", 258),
    "image/heif": ("IMAGE", 258),
    "application/pdf": ("DOCUMENT", 258),
    "audio/wav": ("AUDIO", 32),
    "audio/mp3": ("AUDIO", 32),
    "audio/mpeg": ("AUDIO", 32),
    "audio/aac": ("AUDIO", 32),
    "audio/ogg": ("AUDIO", 32),
    "audio/flac": ("AUDIO", 32),
    "video/mp4": ("VIDEO", 263),
    "video/webm": ("VIDEO", 263),
    "text/plain": ("TEXT", 0),
    "text/markdown": ("TEXT", 0),
    "text/html": ("TEXT", 0),
    "text/csv": ("TEXT", 0),
    "application/json": ("TEXT", 0),
}
"""Media types the guides list, with the modality and the tokens of a small picture, a page or a second."""


@dataclass(slots=True)
class Conversation:
    """What was said so far; `media` counts tokens by modality, beside the text."""

    turns: list[Turn] = field(default_factory=list)
    media: Counter[str] = field(default_factory=Counter)


def read(contents: list[Message], surface: Surface) -> Conversation:
    """Raises: GoogleError 400, for contents Google would refuse; signatures are left to `check_signatures`."""
    if not contents:
        raise invalid("* GenerateContentRequest.contents: contents is not specified\n")
    conversation = Conversation()
    for number, content in enumerate(contents):
        _check_content(content, f"GenerateContentRequest.contents[{number}]", surface)
        _add(conversation, content)
    _check_order(contents)
    return conversation


def text_of(content: Message) -> str:
    """The texts of a content, one a line."""
    return "\n".join(str(part["text"]) for part in parts_of(content) if "text" in part)


def parts_of(content: Message) -> list[Message]:
    """The parts of a content; absent is empty."""
    return cast(list[Message], content.get("parts") or [])


def subject(name: object, arguments: object) -> str:
    """What a call's signature is bound to; how its JSON was written does not matter."""
    return f"{name}({json.dumps(_plain(arguments or {}), sort_keys=True)})"


def check_signatures(contents: list[Message], signer: Signer, surface: Surface, thinks: bool) -> None:
    """Refuse signatures that are not ours and, from a model that `thinks`, calls of this turn that lost theirs."""
    begins = max((n for n, each in enumerate(contents) if _is_user_text(each)), default=0)
    calls = 0
    for number, content in enumerate(contents):
        calls = 0 if content.get("role") != "model" else calls
        for part in parts_of(content):
            call = cast(Message, part.get("function_call"))
            signature = cast(bytes | None, part.get("thought_signature"))
            told = subject(call.get("name"), call.get("args")) if call else ""
            if signature and signature not in _SKIPS and not signer.made(signature, told):
                raise invalid(surface.bad_signature)
            calls += call is not None
            if call and calls == 1 and thinks and not signature and number > begins:
                raise invalid(surface.unsigned_call(str(call.get("name")), number + 1))


def _check_content(content: Message, path: str, surface: Surface) -> None:
    if content.get("role", "user") not in ("user", "model"):
        raise invalid("Please use a valid role: user, model.")
    if not parts_of(content):
        raise invalid(f"* {path}.parts: contents.parts must not be empty.\n")
    for number, part in enumerate(parts_of(content)):
        _check_part(part, f"{path}.parts[{number}]", surface)


def _check_part(part: Message, path: str, surface: Surface) -> None:
    if not part.keys() - {"thought", "thought_signature", "part_metadata", "video_metadata", "media_resolution"}:
        raise invalid(f"* {path}.data: required oneof field 'data' must have one initialized field\n")
    if "inline_data" in part:
        _check_media(cast(Message, part["inline_data"]), f"{path}.inline_data")
    if "file_data" in part:
        file = cast(Message, part["file_data"])
        address = str(file.get("file_uri") or "")
        if not address.startswith(surface.file_prefixes):
            raise invalid(f"Invalid or unsupported file uri: {address}")
    for name in ("function_call", "function_response"):
        if name in part and not cast(Message, part[name]).get("name"):
            raise invalid(f"* {path}.{name}.name: Name cannot be empty.\n")
    for inner in _response_media(part):
        _check_media(inner, f"{path}.function_response.parts.inline_data")


def _check_media(blob: Message, path: str) -> None:
    if not blob.get("data"):
        raise invalid(f"* {path}.data: required field must not be empty\n")
    if blob.get("mime_type") not in _MEDIA:
        raise invalid(f"Unsupported MIME type: {blob.get('mime_type') or ''}")


def _check_order(contents: list[Message]) -> None:
    """Who may follow whom, where functions are called."""
    before: Message = {}
    for content in _with_model_turns_joined(contents):
        calls, results = _functions(before, "function_call"), _functions(content, "function_response")
        if _functions(content, "function_call") and not before:
            raise invalid(
                "Please ensure that function call turn comes immediately after a user turn or after a function "
                "response turn."
            )
        if results and not calls:
            raise invalid("Please ensure that function response turn comes immediately after a function call turn.")
        if len(results) != len(calls):
            raise invalid(
                "Please ensure that the number of function response parts is equal to the number of function call "
                "parts of the function call turn."
            )
        _check_names(calls, results)
        before = content


def _with_model_turns_joined(contents: list[Message]) -> Iterator[Message]:
    """The contents with those of the model that follow each other as one: a client may keep each chunk of a stream."""
    for role, group in itertools.groupby(contents, lambda content: content.get("role", "user")):
        if role == "model":
            yield {"role": role, "parts": [part for content in group for part in parts_of(content)]}
        else:
            yield from group


def _check_names(calls: list[Message], results: list[Message]) -> None:
    """Results name the calls they answer; ids need not be there, but if both sides have them they agree."""
    for key in ("name", "id"):
        asked = Counter(str(call.get(key) or "") for call in calls)
        answered = Counter(str(result.get(key) or "") for result in results)
        if answered != asked and (key == "name" or "" not in asked | answered):
            raise invalid(f"Please ensure that the {key} of each function response is that of its function call.")


def _functions(content: Message, kind: str) -> list[Message]:
    return [cast(Message, part[kind]) for part in parts_of(content) if kind in part]


def _is_user_text(content: Message) -> bool:
    return content.get("role", "user") == "user" and not _functions(content, "function_response")


def _add(conversation: Conversation, content: Message) -> None:
    """A content as turns: each function's result is one of its own."""
    role = "assistant" if content.get("role") == "model" else "user"
    texts: list[str] = []
    weight = 0
    for part in parts_of(content):
        if "function_response" in part:
            media = sum(_weigh(conversation, blob) for blob in _response_media(part))
            conversation.turns.append(Turn("tool", _result_text(part), media))
            continue
        for name in ("inline_data", "file_data"):
            weight += _weigh(conversation, cast(Message, part[name])) if name in part else 0
        texts += _texts(part)
    if texts or weight:
        conversation.turns.append(Turn(role, "\n".join(texts), weight))


def _texts(part: Message) -> Iterator[str]:
    if part.get("thought"):
        return
    if "text" in part:
        yield str(part["text"])
    for name in ("function_call", "executable_code", "code_execution_result", "tool_call", "tool_response"):
        if name in part:
            yield json.dumps(part[name], ensure_ascii=False, separators=(",", ":"))


def _result_text(part: Message) -> str:
    response = cast(dict[str, object], cast(Message, part["function_response"]).get("response") or {})
    told = response.get("output", response.get("error", response))
    return told if isinstance(told, str) else json.dumps(told, ensure_ascii=False)


def _response_media(part: Message) -> list[Message]:
    inner = cast(list[Message], cast(Message, part.get("function_response") or {}).get("parts") or [])
    return [cast(Message, each["inline_data"]) for each in inner if "inline_data" in each]


def _weigh(conversation: Conversation, media: Message) -> int:
    modality, tokens = _MEDIA.get(str(media.get("mime_type")), ("IMAGE", 258))
    conversation.media[modality] += tokens
    return tokens


def _plain(value: object) -> object:
    """The value with whole floats as integers: JSON has one kind of number."""
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
