"""Conversations held through the vendors' own Python SDKs, with their strict stream helpers as judges.

A talk keeps its history as its SDK gives it, and sends it back as its vendor's documentation says: what a gateway
does to it on the way (ids, signatures, order) shows in the next turn.
"""

import base64
import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import anthropic
import openai
from google import genai
from google.genai import types

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
"""A picture of one dot."""
PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
)
"""A document of one empty page."""


@dataclass(frozen=True)
class Picture:
    """A PNG as part of a turn or of a tool's result."""

    data: bytes = PNG


@dataclass(frozen=True)
class Pdf:
    """A document as part of a turn."""

    data: bytes = PDF


@dataclass(frozen=True)
class Failure:
    """A tool's result that tells of its failure."""

    text: str


Part = str | Picture | Pdf
Result = str | Picture | Failure


@dataclass(frozen=True)
class Tool:
    """A tool to declare."""

    name: str
    parameters: dict[str, Any] = field(default_factory=lambda: {"type": "object", "properties": {}})


@dataclass(frozen=True)
class Called:
    """A call as the SDK gave it."""

    id: str
    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True)
class Said:
    """One answer. `stop` is end, tool, length, stop or filter; tokens as in our ledger: totals include their parts."""

    text: str
    stop: str
    calls: tuple[Called, ...] = ()
    thoughts: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0


@dataclass(frozen=True)
class Wishes:
    """What is asked for besides the words."""

    max_tokens: int = 2000
    stop: str | None = None
    schema: dict[str, Any] | None = None
    effort: str | None = None
    choice: str | None = None
    parallel: bool | None = None


@cache
def openai_client(origin: str, key: str) -> openai.OpenAI:
    """Return OpenAI's SDK; one for many conversations, since each client reads all of the certificates."""
    return openai.OpenAI(base_url=f"{origin}/v1", api_key=key, max_retries=0)


@cache
def anthropic_client(origin: str, key: str) -> anthropic.Anthropic:
    """Return Anthropic's SDK; see `openai_client`."""
    headers = {"anthropic-version": "2023-06-01"}
    return anthropic.Anthropic(base_url=origin, api_key=key, max_retries=0, default_headers=headers)


@cache
def google_client(origin: str, key: str) -> genai.Client:
    """Return Google's SDK; see `openai_client`."""
    return genai.Client(api_key=key, http_options=types.HttpOptions(base_url=origin))


class Talk(ABC):
    """One conversation."""

    def __init__(self, origin: str, key: str, model: str, *, system: str = "", tools: Sequence[Tool] = ()) -> None:
        self.origin = origin
        self.key = key
        self.model = model
        self.system = system
        self.tools = tools
        self.history: list[Any] = []
        self.last = Said("", "")

    def say(self, *parts: Part, stream: bool = False, wishes: Wishes = Wishes()) -> Said:
        """Say something and return the answer; both stay in the history."""
        self._add_user(parts)
        self.last = self._ask(stream, wishes)
        return self.last

    def answer_calls(self, *results: Result, stream: bool = False, wishes: Wishes = Wishes()) -> Said:
        """Return the results of the last answer's calls, in their order, and return the next answer."""
        assert len(results) == len(self.last.calls)
        self._add_results(list(zip(self.last.calls, results, strict=True)))
        self.last = self._ask(stream, wishes)
        return self.last

    @abstractmethod
    def _add_user(self, parts: Sequence[Part]) -> None: ...

    @abstractmethod
    def _add_results(self, results: Sequence[tuple[Called, Result]]) -> None: ...

    @abstractmethod
    def _ask(self, stream: bool, wishes: Wishes) -> Said: ...


def data_url(media_type: str, data: bytes) -> str:
    """Return `data` as one URL."""
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


class ChatTalk(Talk):
    """OpenAI Chat Completions."""

    def _add_user(self, parts: Sequence[Part]) -> None:
        self.history.append({"role": "user", "content": [self._part(part) for part in parts]})

    def _part(self, part: Part) -> dict[str, Any]:
        if isinstance(part, Picture):
            return {"type": "image_url", "image_url": {"url": data_url("image/png", part.data)}}
        if isinstance(part, Pdf):
            url = data_url("application/pdf", part.data)
            return {"type": "file", "file": {"file_data": url, "filename": "paper.pdf"}}
        return {"type": "text", "text": part}

    def _add_results(self, results: Sequence[tuple[Called, Result]]) -> None:
        for called, result in results:
            content = result.text if isinstance(result, Failure) else result
            assert not isinstance(content, Picture), "this dialect has no pictures in results"
            self.history.append({"role": "tool", "tool_call_id": called.id, "content": content})

    def _ask(self, stream: bool, wishes: Wishes) -> Said:
        system = [{"role": "system", "content": self.system}] if self.system else []
        asked: dict[str, Any] = {
            "model": self.model,
            "messages": [*system, *self.history],
            "max_completion_tokens": wishes.max_tokens,
        }
        if self.tools:
            asked["tools"] = [
                {"type": "function", "function": {"name": tool.name, "parameters": tool.parameters}}
                for tool in self.tools
            ]
        if wishes.choice is not None:
            named = {"type": "function", "function": {"name": wishes.choice}}
            asked["tool_choice"] = wishes.choice if wishes.choice in ("auto", "none", "required") else named
        if wishes.parallel is not None:
            asked["parallel_tool_calls"] = wishes.parallel
        if wishes.stop is not None:
            asked["stop"] = [wishes.stop]
        if wishes.effort is not None:
            asked["reasoning_effort"] = wishes.effort
        if wishes.schema is not None:
            schema = {"name": "thing", "schema": wishes.schema}
            asked["response_format"] = {"type": "json_schema", "json_schema": schema}
        client = openai_client(self.origin, self.key)
        if stream:
            answer: Any = self._streamed(client, asked)
        else:
            answer = client.chat.completions.create(**asked)
        choice = answer.choices[0]
        self.history.append(choice.message.model_dump(exclude_none=True, exclude={"parsed", "annotations"}))
        return self._said(answer, choice)

    def _streamed(self, client: openai.OpenAI, asked: dict[str, Any]) -> Any:
        """Return the answer that the SDK puts together; where it ends early, the SDK raises and has a snapshot."""
        with client.chat.completions.stream(**asked, stream_options={"include_usage": True}) as events:
            try:
                return events.get_final_completion()
            except (openai.LengthFinishReasonError, openai.ContentFilterFinishReasonError):
                return events.current_completion_snapshot

    def _said(self, answer: Any, choice: Any) -> Said:
        stops = {"stop": "end", "tool_calls": "tool", "length": "length", "content_filter": "filter"}
        usage, message = answer.usage, choice.message
        return Said(
            message.content or message.refusal or "",
            "filter" if message.refusal else stops[choice.finish_reason],
            tuple(
                Called(call.id, call.function.name, json.loads(call.function.arguments))
                for call in message.tool_calls or ()
            ),
            getattr(message, "reasoning_content", None) or "",
            usage.prompt_tokens,
            usage.completion_tokens,
            usage.prompt_tokens_details.cached_tokens,
            usage.completion_tokens_details.reasoning_tokens,
        )


class ResponsesTalk(Talk):
    """OpenAI Responses, without a store: the whole conversation goes along each time."""

    def _add_user(self, parts: Sequence[Part]) -> None:
        self.history.append({"role": "user", "content": [self._part(part) for part in parts]})

    def _part(self, part: Part) -> dict[str, Any]:
        if isinstance(part, Picture):
            return {"type": "input_image", "image_url": data_url("image/png", part.data), "detail": "auto"}
        if isinstance(part, Pdf):
            url = data_url("application/pdf", part.data)
            return {"type": "input_file", "file_data": url, "filename": "paper.pdf"}
        return {"type": "input_text", "text": part}

    def _add_results(self, results: Sequence[tuple[Called, Result]]) -> None:
        for called, result in results:
            output: Any = result.text if isinstance(result, Failure) else result
            if isinstance(output, Picture):
                output = [self._part(output)]
            self.history.append({"type": "function_call_output", "call_id": called.id, "output": output})

    def _ask(self, stream: bool, wishes: Wishes) -> Said:
        asked: dict[str, Any] = {
            "model": self.model,
            "input": self.history,
            "max_output_tokens": wishes.max_tokens,
            "store": False,
            "include": ["reasoning.encrypted_content"],
        }
        if self.system:
            asked["instructions"] = self.system
        if self.tools:
            asked["tools"] = [
                {"type": "function", "name": tool.name, "parameters": tool.parameters, "strict": False}
                for tool in self.tools
            ]
        if wishes.choice is not None:
            named = {"type": "function", "name": wishes.choice}
            asked["tool_choice"] = wishes.choice if wishes.choice in ("auto", "none", "required") else named
        if wishes.parallel is not None:
            asked["parallel_tool_calls"] = wishes.parallel
        if wishes.effort is not None:
            asked["reasoning"] = {"effort": wishes.effort, "summary": "auto"}
        if wishes.schema is not None:
            asked["text"] = {
                "format": {"type": "json_schema", "name": "thing", "schema": wishes.schema, "strict": False}
            }
        assert wishes.stop is None, "this dialect has no stop sequences"
        client = openai_client(self.origin, self.key)
        if stream:
            with client.responses.stream(**asked) as events:
                last = list(events)[-1]
            assert last.type in ("response.completed", "response.incomplete")
            answer: Any = last.response
        else:
            answer = client.responses.create(**asked)
        unsent = {"parsed", "parsed_arguments", "status"}
        self.history += [item.model_dump(exclude_none=True, exclude=unsent) for item in answer.output]
        return self._said(answer)

    def _said(self, answer: Any) -> Said:
        calls = [item for item in answer.output if item.type == "function_call"]
        thoughts = [item for item in answer.output if item.type == "reasoning"]
        refusals = [
            part.refusal
            for item in answer.output
            if item.type == "message"
            for part in item.content
            if part.type == "refusal"
        ]
        if answer.status == "incomplete":
            stop = {"max_output_tokens": "length", "content_filter": "filter"}[answer.incomplete_details.reason]
        else:
            assert answer.status == "completed"
            stop = "tool" if calls else "filter" if refusals else "end"
        usage = answer.usage
        return Said(
            answer.output_text or "".join(refusals),
            stop,
            tuple(Called(call.call_id, call.name, json.loads(call.arguments)) for call in calls),
            "".join(part.text for item in thoughts for part in [*(item.summary or ()), *(item.content or ())]),
            usage.input_tokens,
            usage.output_tokens,
            usage.input_tokens_details.cached_tokens,
            usage.output_tokens_details.reasoning_tokens,
        )


class MessagesTalk(Talk):
    """Anthropic Messages."""

    def _add_user(self, parts: Sequence[Part]) -> None:
        self.history.append({"role": "user", "content": [self._part(part) for part in parts]})

    def _part(self, part: Part) -> dict[str, Any]:
        if isinstance(part, str):
            return {"type": "text", "text": part}
        kind, media_type = ("image", "image/png") if isinstance(part, Picture) else ("document", "application/pdf")
        data = base64.b64encode(part.data).decode()
        return {"type": kind, "source": {"type": "base64", "media_type": media_type, "data": data}}

    def _add_results(self, results: Sequence[tuple[Called, Result]]) -> None:
        blocks = []
        for called, result in results:
            block: dict[str, Any] = {"type": "tool_result", "tool_use_id": called.id}
            if isinstance(result, Failure):
                block |= {"content": result.text, "is_error": True}
            else:
                block["content"] = [self._part(result)]
            blocks.append(block)
        self.history.append({"role": "user", "content": blocks})

    def _ask(self, stream: bool, wishes: Wishes) -> Said:
        asked: dict[str, Any] = {"model": self.model, "messages": self.history, "max_tokens": wishes.max_tokens}
        if self.system:
            asked["system"] = self.system
        if self.tools:
            asked["tools"] = [{"name": tool.name, "input_schema": tool.parameters} for tool in self.tools]
        choice: dict[str, Any] = {}
        if wishes.choice is not None:
            kinds = {"auto": "auto", "none": "none", "required": "any"}
            named = {"type": "tool", "name": wishes.choice}
            choice = {"type": kinds[wishes.choice]} if wishes.choice in kinds else named
        if wishes.parallel is not None:
            choice = {"type": "auto"} | choice | {"disable_parallel_tool_use": not wishes.parallel}
        if choice:
            asked["tool_choice"] = choice
        if wishes.stop is not None:
            asked["stop_sequences"] = [wishes.stop]
        if wishes.effort is not None:
            asked["thinking"] = {"type": "enabled", "budget_tokens": 2048}
        if wishes.schema is not None:
            asked["output_config"] = {"format": {"type": "json_schema", "schema": wishes.schema}}
        client = anthropic_client(self.origin, self.key)
        if stream:
            with client.messages.stream(**asked) as events:
                answer: Any = events.get_final_message()
        else:
            answer = client.messages.create(**asked)
        unsent = {"parsed_output", "citations", "caller"}
        blocks = [block.model_dump(exclude_none=True, exclude=unsent) for block in answer.content]
        self.history.append({"role": "assistant", "content": blocks})
        return self._said(answer)

    def _said(self, answer: Any) -> Said:
        stops = {
            "end_turn": "end",
            "tool_use": "tool",
            "max_tokens": "length",
            "stop_sequence": "stop",
            "refusal": "filter",
        }
        usage = answer.usage
        cached, written = usage.cache_read_input_tokens or 0, usage.cache_creation_input_tokens or 0
        details = getattr(usage, "output_tokens_details", None)
        return Said(
            "".join(block.text for block in answer.content if block.type == "text"),
            stops[answer.stop_reason],
            tuple(Called(block.id, block.name, block.input) for block in answer.content if block.type == "tool_use"),
            "".join(block.thinking for block in answer.content if block.type == "thinking"),
            usage.input_tokens + cached + written,
            usage.output_tokens,
            cached,
            (details.thinking_tokens or 0) if details is not None else 0,
        )


class GeminiTalk(Talk):
    """Gemini's generateContent."""

    def _add_user(self, parts: Sequence[Part]) -> None:
        self.history.append(types.Content(role="user", parts=[self._part(part) for part in parts]))

    def _part(self, part: Part) -> types.Part:
        if isinstance(part, str):
            return types.Part(text=part)
        media_type = "image/png" if isinstance(part, Picture) else "application/pdf"
        return types.Part.from_bytes(data=part.data, mime_type=media_type)

    def _add_results(self, results: Sequence[tuple[Called, Result]]) -> None:
        parts = []
        for called, result in results:
            if isinstance(result, Picture):
                blob = types.FunctionResponseBlob(mime_type="image/png", data=result.data)
                more = [types.FunctionResponsePart(inline_data=blob)]
                answer = types.FunctionResponse(id=called.id or None, name=called.name, response={}, parts=more)
            else:
                told = {"error": result.text} if isinstance(result, Failure) else {"output": result}
                answer = types.FunctionResponse(id=called.id or None, name=called.name, response=told)
            parts.append(types.Part(function_response=answer))
        self.history.append(types.Content(role="user", parts=parts))

    def _ask(self, stream: bool, wishes: Wishes) -> Said:
        config: dict[str, Any] = {"max_output_tokens": wishes.max_tokens}
        if self.system:
            config["system_instruction"] = self.system
        if self.tools:
            declared = [{"name": tool.name, "parameters_json_schema": tool.parameters} for tool in self.tools]
            config["tools"] = [{"function_declarations": declared}]
            config["automatic_function_calling"] = {"disable": True}
        if wishes.choice is not None:
            modes = {"auto": "AUTO", "none": "NONE", "required": "ANY"}
            calling: dict[str, Any] = {"mode": modes.get(wishes.choice, "ANY")}
            if wishes.choice not in modes:
                calling["allowed_function_names"] = [wishes.choice]
            config["tool_config"] = {"function_calling_config": calling}
        if wishes.stop is not None:
            config["stop_sequences"] = [wishes.stop]
        if wishes.effort is not None:
            config["thinking_config"] = {"thinking_budget": 2048, "include_thoughts": True}
        if wishes.schema is not None:
            config |= {"response_mime_type": "application/json", "response_json_schema": wishes.schema}
        asked: dict[str, Any] = {"model": self.model, "contents": list(self.history), "config": config}
        client = google_client(self.origin, self.key)
        if stream:
            answers = list(client.models.generate_content_stream(**asked))
        else:
            answers = [client.models.generate_content(**asked)]
        parts = [
            part
            for answer in answers
            for candidate in answer.candidates or ()
            for part in (candidate.content.parts if candidate.content else None) or ()
        ]
        kept = [part for part in parts if not part.thought]
        self.history.append(types.Content(role="model", parts=kept or [types.Part(text="")]))
        return self._said(answers, parts)

    def _said(self, answers: Sequence[Any], parts: Sequence[types.Part]) -> Said:
        finishes = [candidate.finish_reason for answer in answers for candidate in answer.candidates or ()]
        finish = next((finish.name for finish in reversed(finishes) if finish is not None), "SAFETY")
        calls = tuple(
            Called(part.function_call.id or "", part.function_call.name or "", part.function_call.args or {})
            for part in parts
            if part.function_call is not None
        )
        stops = {"STOP": "tool" if calls else "end", "MAX_TOKENS": "length", "SAFETY": "filter"}
        usage = next(answer.usage_metadata for answer in reversed(answers) if answer.usage_metadata)
        thoughts = usage.thoughts_token_count or 0
        return Said(
            "".join(part.text for part in parts if part.text and not part.thought),
            stops[finish],
            calls,
            "".join(part.text for part in parts if part.text and part.thought),
            (usage.prompt_token_count or 0) + (usage.tool_use_prompt_token_count or 0),
            (usage.candidates_token_count or 0) + thoughts,
            usage.cached_content_token_count or 0,
            thoughts,
        )


TALKS: dict[str, type[Talk]] = {
    "chat": ChatTalk,
    "responses": ResponsesTalk,
    "messages": MessagesTalk,
    "gemini": GeminiTalk,
}
"""By the client's dialect."""
