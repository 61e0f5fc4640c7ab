"""Responses: `POST /v1/responses`, the reading of the request and the whole answer.

From OpenAI's API reference ("Create a model response", read 2026-11) and recorded exchanges. Nothing is stored, so
`previous_response_id` is always unknown.
"""

import base64
import json
from typing import Final

from tokenrouter.sandbox import ids
from tokenrouter.sandbox.chat import MAX_TOKENS
from tokenrouter.sandbox.delivery import Answer
from tokenrouter.sandbox.fields import Fields
from tokenrouter.sandbox.prompt import IMAGE_TOKENS, Ask, Tool, Turn
from tokenrouter.sandbox.question import Question, sampling
from tokenrouter.sandbox.responses_stream import Envelope, ResponseStream
from tokenrouter.sandbox.speech import EFFORTS, Utterance, compose
from tokenrouter.sandbox.tokens import Usage

ROLES: Final = ("system", "developer", "user", "assistant")
_TEXT_PARTS: Final = ("input_text", "output_text", "text", "summary_text", "reasoning_text")
_ENCRYPTED: Final = "reasoning.encrypted_content"


def answer(question: Question) -> Answer:
    """Raises: ApiError, for a request that the vendor would refuse."""
    fields = question.fields
    streamed = bool(fields.flag("stream"))
    ask = _read(question)
    said = compose(ask, question.model)
    usage = question.usage(ask, said)
    envelope = Envelope(ids.digits("resp_"), _settings(question), _usage_document(question, usage))
    items = _items(question, said)
    if streamed:
        return Answer(usage, dict, ResponseStream(envelope, items, said, question.model))
    return Answer(usage, lambda: envelope.finished(items, said))


def _read(question: Question) -> Ask:
    fields = question.fields
    sampling(fields)
    if fields.present("previous_response_id"):
        name = fields.text("previous_response_id")
        message = f"Previous response with id '{name}' not found."
        fields.refuse("previous_response_id", message, "previous_response_not_found")
    tools = _tools(fields)
    schema, as_json = _format(fields)
    reasoning = fields.member("reasoning")
    effort = reasoning.choice("effort", EFFORTS) if reasoning and reasoning.present("effort") else None
    return Ask(
        turns=_turns(fields),
        raw=question.raw,
        tools=tools,
        tools_json=fields.array("tools"),
        tool_choice=_tool_choice(fields, tools),
        parallel_tools=fields.flag("parallel_tool_calls") is not False,
        schema=schema,
        as_json=as_json,
        max_tokens=fields.integer("max_output_tokens", 1, MAX_TOKENS),
        effort=effort,
    )


def _turns(fields: Fields) -> tuple[Turn, ...]:
    instructions = fields.text("instructions")
    turns = [Turn("system", instructions)] if instructions else []
    given = fields.values.get("input")
    if given is None:
        fields.required_text("input")
    if isinstance(given, str):
        return (*turns, Turn("user", given))
    if not isinstance(given, list):
        fields.wrong_type("input", "a string or an array of objects")
    turns += [_turn(item) for item in fields.objects("input")]
    if not turns:
        fields.refuse("input", "Invalid 'input': empty array.", "empty_array")
    return tuple(turns)


def _turn(item: Fields) -> Turn:
    kind = item.text("type") or "message"
    if kind == "message":
        return Turn(item.choice("role", ROLES), *_content(item, "content"))
    if kind in ("function_call_output", "custom_tool_call_output"):
        item.required_text("call_id")
        return Turn("tool", *_content(item, "output"))
    if kind in ("function_call", "custom_tool_call"):
        name, arguments = item.required_text("name"), item.text("arguments") or item.text("input") or ""
        return Turn("assistant", f"{name}({arguments})")
    return Turn("assistant", json.dumps(item.values, ensure_ascii=False))


def _content(item: Fields, name: str) -> tuple[str, int]:
    """Text and image tokens of a string or of content parts."""
    value = item.values.get(name)
    if isinstance(value, str):
        return value, 0
    if not isinstance(value, list):
        item.wrong_type(name, "a string or an array of objects")
    texts: list[str] = []
    images = 0
    for part in item.objects(name):
        kind = part.choice("type", (*_TEXT_PARTS, "input_image", "input_file", "input_audio", "refusal"))
        if kind in _TEXT_PARTS:
            texts.append(part.required_text("text"))
        elif kind == "input_image":
            images += IMAGE_TOKENS["low" if part.text("detail") == "low" else "high"]
    return "\n".join(texts), images


def _tools(fields: Fields) -> tuple[Tool, ...]:
    """The functions; the vendor's own tools are accepted and never called."""
    tools = []
    for tool in fields.objects("tools"):
        if tool.required_text("type") == "function":
            parameters = tool.member("parameters")
            empty: dict[str, object] = {"type": "object", "properties": {}}
            tools.append(Tool(tool.required_text("name"), parameters.values if parameters else empty))
    return tuple(tools)


def _tool_choice(fields: Fields, tools: tuple[Tool, ...]) -> str:
    choice = fields.values.get("tool_choice")
    if choice is None:
        return "auto"
    if isinstance(choice, str):
        return fields.choice("tool_choice", ("none", "auto", "required"))
    named = fields.required_member("tool_choice")
    kind = named.required_text("type")
    if kind == "allowed_tools":
        return named.choice("mode", ("auto", "required"))
    if kind != "function":
        return "auto"
    name = named.required_text("name")
    if name not in {tool.name for tool in tools}:
        fields.refuse("tool_choice", f"Tool choice '{name}' not found in 'tools' parameter.")
    return name


def _format(fields: Fields) -> tuple[object, bool]:
    """The schema to fit, and whether any JSON object is asked for."""
    text = fields.member("text")
    form = text.member("format") if text else None
    if form is None:
        return None, False
    kind = form.choice("type", ("text", "json_object", "json_schema"))
    if kind != "json_schema":
        return None, kind == "json_object"
    form.required_text("name")
    return form.required_member("schema").values, True


def _settings(question: Question) -> dict[str, object]:
    """The request as the vendor repeats it in every response object."""
    given = question.fields.values
    defaults: dict[str, object] = {
        "background": False,
        "instructions": None,
        "max_output_tokens": None,
        "max_tool_calls": None,
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "prompt_cache_key": None,
        "reasoning": {"effort": None, "summary": None},
        "safety_identifier": None,
        "store": True,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}, "verbosity": "medium"},
        "tool_choice": "auto",
        "tools": [],
        "top_logprobs": 0,
        "top_p": 1.0,
        "truncation": "disabled",
        "user": None,
        "metadata": {},
    }
    repeated = {name: default if given.get(name) is None else given[name] for name, default in defaults.items()}
    head = {"object": "response", "created_at": question.created, "model": question.model.name}
    return {**head, **repeated, "service_tier": "default"}


def _usage_document(question: Question, usage: Usage) -> dict[str, object] | None:
    if question.model.usage == "never":
        return None
    return {
        "input_tokens": usage.prompt,
        "input_tokens_details": {"cached_tokens": usage.cached},
        "output_tokens": usage.completion,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.total,
    }


def _items(question: Question, said: Utterance) -> list[dict[str, object]]:
    """The finished output items: reasoning if there was any, then the message or the calls."""
    items = [_reasoning(question, said)] if said.reasoning_tokens else []
    status = "incomplete" if said.finish == "length" else "completed"
    for number, call in enumerate(said.calls, start=1):
        last = number == len(said.calls)
        items.append(
            {
                "id": ids.digits("fc_"),
                "type": "function_call",
                "status": status if last else "completed",
                "arguments": call.arguments,
                "call_id": call.id,
                "name": call.name,
            }
        )
    if said.text or (not said.calls and status == "completed"):
        part = {"type": "output_text", "annotations": [], "logprobs": [], "text": said.text}
        message = {"id": ids.digits("msg_"), "type": "message", "status": status}
        items.append({**message, "content": [part], "role": "assistant"})
    return items


def _reasoning(question: Question, said: Utterance) -> dict[str, object]:
    """Reasoning is hidden: a summary when asked for, or by the open model; its content encrypted when asked for."""
    fields, model = question.fields, question.model
    wishes = fields.member("reasoning")
    item: dict[str, object] = {"id": ids.digits("rs_"), "type": "reasoning", "summary": []}
    if model.thinking == "open" or (wishes and wishes.present("summary")):
        item["summary"] = [{"type": "summary_text", "text": model.tokenizer.lorem(said.reasoning_tokens)}]
    if _ENCRYPTED in (fields.array("include") or []):
        item["encrypted_content"] = base64.b64encode(b"sandbox %d" % said.reasoning_tokens * 8).decode()
    return item
