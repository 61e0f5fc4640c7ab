"""One turn of a coding agent, as a client of each dialect sends it: 20 KB, most of it history.

The four bodies say the same: instructions, ten tools with schemas of a real size, calls and what they came to,
a last question. Their text has what real code has: newlines, quotes, backslashes, a few letters beyond ASCII.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

Wire = dict[str, Any]
MODEL: Final = "bench/echo"
REQUEST_BYTES: Final = 20_000
TOOLS: Final = 10
CALLS: Final = 8
MAX_OUTPUT_TOKENS: Final = 8192
_RULE: Final = "- Read a file before you change it; run the tests of what you touched, and say which of them failed.\n"
INSTRUCTIONS: Final = "You are a coding agent at work in the user's repository.\n" + _RULE * 30
QUESTION: Final = "The parser fails for an empty list. Find out why, mend it, and add a test for it."
_CODE: Final = (
    'def parse(text: str) -> list[str]:\n    """Split at `,`; "größer" stays one."""\n'
    '    return re.split(r",\\s*", text)\n'
)


@dataclass(frozen=True, slots=True)
class Turn:
    """The model says something, calls a tool, and gets its output."""

    call_id: str
    words: str
    tool: str
    arguments: Wire
    output: str


def schema() -> Wire:
    """Return the schema of one tool's arguments."""
    return {
        "type": "object",
        "properties": {
            "path": {"type": "string", "description": "The file, relative to the repository's root."},
            "offset": {"type": "integer", "description": "The first line that is wanted, from 1."},
            "limit": {"type": "integer", "description": "How many lines are wanted at most; all without it."},
            "mode": {"type": "string", "enum": ["text", "binary", "auto"], "description": "How to read it."},
            "patterns": {"type": "array", "items": {"type": "string"}, "description": "Globs to look at."},
        },
        "required": ["path"],
    }


def tool_name(number: int) -> str:
    """Return the name of a tool, from 0."""
    return f"work_on_file_{number % TOOLS}"


def _description(number: int) -> str:
    return f"Tool {number}: read, search or change a file of the repository, and return what it holds now."


def turns(output_chars: int) -> list[Turn]:
    """Return the history; each output has so many characters."""
    output = (_CODE * (output_chars // len(_CODE) + 1))[:output_chars]
    return [
        Turn(
            f"call_{number:024d}",
            f"I look at part {number} of the parser.",
            tool_name(number),
            {"path": f"src/parser/part_{number}.py", "offset": 1 + number, "limit": 200},
            output,
        )
        for number in range(CALLS)
    ]


def _chat(history: list[Turn]) -> Wire:
    messages: list[Wire] = [
        {"role": "system", "content": INSTRUCTIONS},
        {"role": "user", "content": QUESTION},
    ]
    for turn in history:
        function = {"name": turn.tool, "arguments": json.dumps(turn.arguments)}
        call = {"id": turn.call_id, "type": "function", "function": function}
        messages += (
            {"role": "assistant", "content": turn.words, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": turn.call_id, "content": turn.output},
        )
    functions = [
        {"name": tool_name(number), "description": _description(number), "parameters": schema()}
        for number in range(TOOLS)
    ]
    return {
        "model": MODEL,
        "messages": messages,
        "tools": [{"type": "function", "function": function} for function in functions],
        "tool_choice": "auto",
        "max_tokens": MAX_OUTPUT_TOKENS,
        "temperature": 0.2,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def _responses(history: list[Turn]) -> Wire:
    items: list[Wire] = [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": QUESTION}]}]
    for turn in history:
        words = {"type": "output_text", "text": turn.words, "annotations": []}
        items += (
            {"type": "message", "role": "assistant", "content": [words]},
            {
                "type": "function_call",
                "call_id": turn.call_id,
                "name": turn.tool,
                "arguments": json.dumps(turn.arguments),
            },
            {"type": "function_call_output", "call_id": turn.call_id, "output": turn.output},
        )
    tools = [
        {
            "type": "function",
            "name": tool_name(number),
            "description": _description(number),
            "parameters": schema(),
            "strict": False,
        }
        for number in range(TOOLS)
    ]
    return {
        "model": MODEL,
        "instructions": INSTRUCTIONS,
        "input": items,
        "tools": tools,
        "tool_choice": "auto",
        "parallel_tool_calls": True,
        "max_output_tokens": MAX_OUTPUT_TOKENS,
        "store": False,
        "stream": True,
    }


def _messages(history: list[Turn]) -> Wire:
    mark = {"type": "ephemeral"}
    messages: list[Wire] = [{"role": "user", "content": [{"type": "text", "text": QUESTION}]}]
    for turn in history:
        call = {"type": "tool_use", "id": turn.call_id, "name": turn.tool, "input": turn.arguments}
        output = {"type": "tool_result", "tool_use_id": turn.call_id, "content": turn.output}
        messages += (
            {"role": "assistant", "content": [{"type": "text", "text": turn.words}, call]},
            {"role": "user", "content": [output]},
        )
    messages[-1]["content"][-1]["cache_control"] = mark
    tools = [
        {"name": tool_name(number), "description": _description(number), "input_schema": schema()}
        for number in range(TOOLS)
    ]
    return {
        "model": MODEL,
        "max_tokens": MAX_OUTPUT_TOKENS,
        "system": [{"type": "text", "text": INSTRUCTIONS, "cache_control": mark}],
        "messages": messages,
        "tools": tools,
        "temperature": 0.2,
        "stream": True,
    }


def _gemini(history: list[Turn]) -> Wire:
    contents: list[Wire] = [{"role": "user", "parts": [{"text": QUESTION}]}]
    for turn in history:
        output = {"name": turn.tool, "response": {"output": turn.output}}
        contents += (
            {
                "role": "model",
                "parts": [{"text": turn.words}, {"functionCall": {"name": turn.tool, "args": turn.arguments}}],
            },
            {"role": "user", "parts": [{"functionResponse": output}]},
        )
    declarations = [
        {"name": tool_name(number), "description": _description(number), "parametersJsonSchema": schema()}
        for number in range(TOOLS)
    ]
    return {
        "systemInstruction": {"role": "user", "parts": [{"text": INSTRUCTIONS}]},
        "contents": contents,
        "tools": [{"functionDeclarations": declarations}],
        "generationConfig": {"maxOutputTokens": MAX_OUTPUT_TOKENS, "temperature": 0.2},
    }


_WRITERS: Final[Mapping[str, Callable[[list[Turn]], Wire]]] = {
    "openai-chat": _chat,
    "openai-responses": _responses,
    "anthropic-messages": _messages,
    "gemini": _gemini,
}


def agent_request(dialect: str, size: int = REQUEST_BYTES) -> bytes:
    """Return a body in `dialect` that is as long as it can be within `size` bytes, without blanks between values."""
    low, high = 0, size
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if len(_written(dialect, middle)) <= size else (low, middle - 1)
    return _written(dialect, low)


def _written(dialect: str, output_chars: int) -> bytes:
    wire = _WRITERS[dialect](turns(output_chars))
    return json.dumps(wire, separators=(",", ":"), ensure_ascii=False).encode()
