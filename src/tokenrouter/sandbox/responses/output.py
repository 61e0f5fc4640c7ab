"""The output of a response: its finished items, and what of them is spoken piece by piece in a stream.

From OpenAI's API reference ("The response object", read 2026-11) and recorded exchanges: reasoning first, if there was
any, then the message or the calls, each in the kind in which its tool was declared.
"""

import json
from dataclasses import dataclass
from typing import Final

from tokenrouter.sandbox import ids
from tokenrouter.sandbox.models import Model
from tokenrouter.sandbox.responses.thoughts import Json, Sealer, followed_by
from tokenrouter.sandbox.responses.tools import Declared, Toolbox
from tokenrouter.sandbox.speech import ToolCall, Utterance

ENCRYPTED: Final = "reasoning.encrypted_content"


@dataclass(frozen=True, slots=True)
class Output:
    """One item; `spoken` is what the model says of it in pieces, after `name`, which weighs too."""

    item: Json
    spoken: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the request wants to see of reasoning."""

    summary: bool
    encrypted: bool


def outputs(said: Utterance, toolbox: Toolbox, wishes: Wishes, model: Model) -> list[Output]:
    """The items in the order in which they were made."""
    status = "incomplete" if said.finish == "length" else "completed"
    made: list[Output] = []
    for number, call in enumerate(said.calls, start=1):
        made.append(_call(call, toolbox.find(call.name), status if number == len(said.calls) else "completed"))
    if said.text or (not said.calls and status == "completed"):
        made.append(Output(_message(said, status), said.text))
    if said.reasoning_tokens:
        made.insert(0, _reasoning(said, made[0].item if made else {}, wishes, model))
    return made


def _message(said: Utterance, status: str) -> Json:
    part: Json = {"type": "output_text", "annotations": [], "logprobs": [], "text": said.text}
    if said.refused:
        part = {"type": "refusal", "refusal": said.text}
    head: Json = {"id": ids.digits("msg_"), "type": "message", "status": status}
    return {**head, "content": [part], "role": "assistant"}


def _call(call: ToolCall, declared: Declared, status: str) -> Output:
    if declared.kind == "tool_search":
        head: Json = {"id": ids.digits("tsc_"), "type": "tool_search_call", "status": status}
        found: Json = {"arguments": _object(call.arguments), "call_id": call.id, "execution": "client"}
        return Output({**head, **found}, call.arguments, call.name)
    space = {"namespace": declared.namespace} if declared.namespace else {}
    named: Json = {"call_id": call.id, "name": declared.name, **space}
    if declared.kind == "custom":
        item: Json = {"id": ids.digits("ctc_"), "type": "custom_tool_call", "status": status, "input": call.arguments}
    else:
        item = {"id": ids.digits("fc_"), "type": "function_call", "status": status, "arguments": call.arguments}
    return Output({**item, **named}, call.arguments, call.name)


def _object(arguments: str) -> object:
    """The arguments as an object; of a call that was cut short nothing is left."""
    try:
        return json.loads(arguments)
    except ValueError:
        return {}


def _reasoning(said: Utterance, following: Json, wishes: Wishes, model: Model) -> Output:
    """Reasoning is hidden: a summary when asked for, or by the open model; its content sealed when asked for."""
    item: Json = {"id": ids.digits("rs_"), "type": "reasoning", "summary": []}
    text = ""
    if model.thinking == "open" or wishes.summary:
        text = model.tokenizer.lorem(said.reasoning_tokens)
        item["summary"] = [{"type": "summary_text", "text": text}]
    if wishes.encrypted:
        thought = {"kind": "reasoning", "id": item["id"], "next": followed_by(following)}
        item["encrypted_content"] = Sealer(model.name).seal({**thought, "tokens": said.reasoning_tokens})
    return Output(item, text)
