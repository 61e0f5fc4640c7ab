"""The `messages` of a Converse request: their order, their blocks, and signatures of reasoning that come back.

From the Amazon Bedrock user guide ("Carry out a conversation with the Converse API", "Use a tool", "Prompt caching")
and the API reference (read 2026-11); refusals as Bedrock words them (2025-2026), those of the model with its prefix.
"""

import json
import re
from typing import Final, NoReturn, cast

from tokenrouter.sandbox.aws.errors import AwsError
from tokenrouter.sandbox.aws.json import Structure
from tokenrouter.sandbox.google.json import decoded_bytes
from tokenrouter.sandbox.google.thought_signatures import Signer
from tokenrouter.sandbox.prompt import Turn

IMAGE_TOKENS: Final = 1500
DOCUMENT_TOKENS: Final = 500
MAX_CACHE_POINTS: Final = 4

_DOCUMENT_NAME: Final = re.compile(r"[A-Za-z0-9()\[\]-]+( [A-Za-z0-9()\[\]-]+)*")
_MODEL: Final = "The model returned the following errors: "


def read(messages: list[Structure], *, has_tools: bool) -> list[Turn]:
    """Raises: AwsError 400, for a conversation Bedrock would refuse; signatures are left to `check_signatures`."""
    if not messages or messages[0]["role"] != "user":
        refuse(
            "A conversation must start with a user message. Try again with a conversation that starts with a user "
            "message."
        )
    turns: list[Turn] = []
    for number, message in enumerate(messages):
        before = messages[number - 1] if number else {}
        if message["role"] == before.get("role"):
            refuse(
                "A conversation must alternate between user and assistant roles. Make sure the conversation alternates "
                "between user and assistant roles and try again."
            )
        _check_blocks(message, f"messages.{number}", has_tools=has_tools)
        _check_results(before, message, f"messages.{number}.content")
        turns += _turns(message)
    return turns


def blocks(message: Structure) -> list[Structure]:
    """The content of a message."""
    return cast(list[Structure], message.get("content") or [])


def named(message: Structure, kind: str) -> list[Structure]:
    """The blocks of that kind, unwrapped."""
    return [cast(Structure, block[kind]) for block in blocks(message) if kind in block]


def check_signatures(messages: list[Structure], signer: Signer, *, thinks: bool) -> None:
    """Refuse reasoning that is not the model's and, while tools are being used, a turn that lost it."""
    for number, message in enumerate(messages):
        for index, block in enumerate(blocks(message)):
            if "reasoningContent" in block:
                _check_reasoning(
                    cast(Structure, block["reasoningContent"]), f"messages.{number}.content.{index}", signer
                )
    last = messages[-1]
    if thinks and named(last, "toolResult") and "reasoningContent" not in blocks(messages[-2])[0]:
        refuse(
            f"{_MODEL}messages.{len(messages) - 2}.content.0.type: Expected `thinking` or `redacted_thinking`, but "
            "found "
            "`tool_use`. When `thinking` is enabled, a final `assistant` message must start with a thinking block."
        )


def refuse(message: str) -> NoReturn:
    """Raises: AwsError 400 ValidationException."""
    raise AwsError(400, "ValidationException", message)


def _check_reasoning(reasoning: Structure, path: str, signer: Signer) -> None:
    text = cast(Structure, reasoning.get("reasoningText") or {})
    if "redactedContent" in reasoning:
        refuse(f"{_MODEL}{path}: Invalid `data` in `redacted_thinking` block")
    if not text.get("signature"):
        refuse(f"{_MODEL}{path}.thinking.signature: Field required")
    signature = decoded_bytes(str(text["signature"]))
    if signature is None or not signer.made(signature, str(text["text"])):
        refuse(f"{_MODEL}{path}: Invalid `signature` in `thinking` block")


def _check_blocks(message: Structure, path: str, *, has_tools: bool) -> None:
    if not blocks(message):
        refuse(
            f"The content field in the Message object at {path} is empty. Add a ContentBlock object to the content "
            "field "
            "and try again."
        )
    for number, block in enumerate(blocks(message)):
        place = f"{path}.content.{number}"
        if "text" in block and not str(block["text"]).strip():
            refuse(
                f"The text field in the ContentBlock object at {place} is blank. Add text to the text field, and try "
                "again."
            )
        if ("toolUse" in block or "toolResult" in block) and not has_tools:
            refuse("The toolConfig field must be defined when using toolUse and toolResult content blocks.")
        if ("toolUse" in block or "reasoningContent" in block) and message["role"] != "assistant":
            refuse(f"The {next(iter(block))} block at {place} is only allowed in a message of the assistant.")
        if "toolUse" in block and not isinstance(cast(Structure, block["toolUse"])["input"], dict):
            refuse(
                f"The format of the value at {place}.toolUse.input is invalid. Provide a json object for the field "
                "and try again."
            )
        if "document" in block:
            _check_document(cast(Structure, block["document"]), message, place)


def _check_document(document: Structure, message: Structure, path: str) -> None:
    if not _DOCUMENT_NAME.fullmatch(str(document["name"])):
        refuse(
            "The document file name can only contain alphanumeric characters, whitespace characters, hyphens, "
            "parentheses, and square brackets. The name can't contain more than one consecutive whitespace character."
        )
    if not any("text" in block for block in blocks(message)):
        refuse(f"A text block must be included with the document at {path}.")


def _check_results(before: Structure, message: Structure, path: str) -> None:
    asked = [str(use["toolUseId"]) for use in named(before, "toolUse")]
    answered = [str(result["toolUseId"]) for result in named(message, "toolResult")]
    if len(answered) > len(asked):
        refuse(f"The number of toolResult blocks at {path} exceeds the number of toolUse blocks of previous turn.")
    missing = [each for each in asked if each not in answered]
    if missing:
        refuse(f"Expected toolResult blocks at {path} for the following Ids: {', '.join(missing)}")
    for number, result in enumerate(named(message, "toolResult")):
        if result.get("status") == "error" and not result["content"]:
            refuse(f"The content field at {path}.{number}.toolResult cannot be empty when status value is error.")


def _turns(message: Structure) -> list[Turn]:
    """A message as turns: each tool's result is one of its own."""
    turns: list[Turn] = []
    texts: list[str] = []
    weight = 0
    for block in blocks(message):
        if "toolResult" in block:
            turns.append(_result(cast(Structure, block["toolResult"])))
        elif "text" in block:
            texts.append(str(block["text"]))
        elif "toolUse" in block:
            texts.append(json.dumps(block["toolUse"], ensure_ascii=False, separators=(",", ":")))
        else:
            weight += _weight(block)
    if texts or weight:
        turns.append(Turn(str(message["role"]), "\n".join(texts), weight))
    return turns


def _result(result: Structure) -> Turn:
    texts: list[str] = []
    weight = 0
    for block in cast(list[Structure], result["content"]):
        if "text" in block:
            texts.append(str(block["text"]))
        elif "json" in block:
            texts.append(json.dumps(block["json"], ensure_ascii=False))
        else:
            weight += _weight(block)
    return Turn("tool", "\n".join(texts), weight)


def _weight(block: Structure) -> int:
    return (IMAGE_TOKENS if "image" in block else 0) + (DOCUMENT_TOKENS if "document" in block else 0)
