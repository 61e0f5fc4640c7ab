"""The vendors' own SDKs as judges: each reads an answer that we wrote and says what it understood.

A server on a port of its own gives every client the answer that was laid ready last, so the bytes pass through the
SDK's whole HTTP and event reading; streams are read by its strict helper where it has one.
"""

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol, Self

import anthropic
import openai
from anthropic.types import Message
from google import genai
from google.genai import types
from google.genai.errors import APIError
from openai.types import CompletionUsage
from openai.types.chat import ChatCompletion
from openai.types.responses import Response

from tokenrouter.domain.ledger import Usage


@dataclass(frozen=True)
class Heard:
    """What a client understood.

    Attributes:
        calls: name and arguments of each; the arguments of free-text calls are a text.
        stop: in the dialect's own word.
    """

    text: str
    thoughts: str
    calls: tuple[tuple[str, Any], ...]
    stop: str
    usage: Usage


class Refused(Exception):
    """The SDK raised the error that the answer tells.

    Attributes:
        status: of the HTTP answer, or what the event in a stream says.
    """

    def __init__(self, message: str, status: int | None) -> None:
        super().__init__(message)
        self.status = status


class Desk:
    """A server that answers every request with what was laid ready last."""

    def __init__(self) -> None:
        self._body = b""
        self._content_type = ""
        self._status = 200
        desk = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                self.send_response(desk._status)
                self.send_header("content-type", desk._content_type)
                self.send_header("content-length", str(len(desk._body)))
                self.end_headers()
                self.wfile.write(desk._body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class names it)
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def lay(self, body: bytes, *, stream: bool, status: int = 200) -> None:
        """Make `body` the next answers."""
        self._body = body
        self._content_type = "text/event-stream" if stream else "application/json"
        self._status = status

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Judge(Protocol):
    """One vendor's SDK."""

    def whole(self) -> Heard:
        """Read the answer that lies ready as a whole one.

        Raises:
            Refused: it tells an error.
        """

    def stream(self) -> Heard:
        """Read the answer that lies ready as a stream.

        Raises:
            Refused: it tells an error.
            Exception: whatever the SDK makes of a stream that breaks its rules.
        """


@contextmanager
def _openai_errors() -> Iterator[None]:
    try:
        yield
    except openai.APIStatusError as error:
        raise Refused(error.message, error.status_code) from error
    except openai.APIError as error:
        raise Refused(error.message, None) from error


class ChatJudge:
    """OpenAI's SDK on Chat Completions."""

    def __init__(self, origin: str) -> None:
        self._client = openai.OpenAI(base_url=f"{origin}/v1", api_key="k", max_retries=0)

    def whole(self) -> Heard:
        with _openai_errors():
            return self.heard(self._client.chat.completions.create(model="m", messages=[]))

    def stream(self) -> Heard:
        with _openai_errors(), self._client.chat.completions.stream(model="m", messages=[]) as stream:
            for _ in stream:
                pass
            with suppress(openai.LengthFinishReasonError, openai.ContentFilterFinishReasonError):
                return self.heard(stream.get_final_completion())
            return self.heard(stream.current_completion_snapshot)

    def free_text_calls(self) -> tuple[tuple[str, str], ...]:
        """Read free-text calls from the chunks of a stream: the SDK's helper knows none."""
        told: dict[int, list[str]] = {}
        for chunk in self._client.chat.completions.create(model="m", messages=[], stream=True):
            for call in [call for choice in chunk.choices for call in choice.delta.tool_calls or ()]:
                more = call.model_dump()["custom"]
                name, text = told.setdefault(call.index, ["", ""])
                told[call.index] = [name or more.get("name", ""), text + more.get("input", "")]
        return tuple((name, text) for name, text in told.values())

    @staticmethod
    def heard(completion: ChatCompletion) -> Heard:
        (choice, *_) = completion.choices
        said = choice.message
        calls = tuple(
            (call.function.name, json.loads(call.function.arguments))
            if call.type == "function"
            else (call.custom.name, call.custom.input)
            for call in said.tool_calls or ()
        )
        thoughts = getattr(said, "reasoning_content", None) or ""
        text = (said.content or "") + (said.refusal or "")
        return Heard(text, thoughts, calls, choice.finish_reason, ChatJudge._usage(completion.usage))

    @staticmethod
    def _usage(usage: CompletionUsage | None) -> Usage:
        assert usage is not None
        assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
        given, produced = usage.prompt_tokens_details, usage.completion_tokens_details
        return Usage(
            usage.prompt_tokens,
            usage.completion_tokens,
            (given and given.cached_tokens) or 0,
            reasoning_tokens=(produced and produced.reasoning_tokens) or 0,
        )


class ResponsesJudge:
    """OpenAI's SDK on Responses."""

    def __init__(self, origin: str) -> None:
        self._client = openai.OpenAI(base_url=f"{origin}/v1", api_key="k", max_retries=0)

    def whole(self) -> Heard:
        with _openai_errors():
            return self.heard(self._client.responses.create(model="m", input="x"))

    def stream(self) -> Heard:
        with _openai_errors(), self._client.responses.stream(model="m", input="x") as stream:
            for event in stream:
                if event.type == "response.failed":
                    error = event.response.error
                    raise Refused(error.message if error else "", None)
                if event.type == "response.incomplete":
                    return self.heard(event.response)
            return self.heard(stream.get_final_response())

    @staticmethod
    def heard(response: Response) -> Heard:
        words: list[str] = []
        thoughts: list[str] = []
        calls: list[tuple[str, Any]] = []
        for item in response.output:
            if item.type == "message":
                words += [part.text if part.type == "output_text" else part.refusal for part in item.content]
            elif item.type == "reasoning":
                thoughts += [part.text for part in item.summary]
            elif item.type == "function_call":
                calls.append((item.name, json.loads(item.arguments)))
            elif item.type == "custom_tool_call":
                calls.append((item.name, item.input))
            elif item.type == "tool_search_call" and item.execution == "client":
                calls.append(("tool_search", item.arguments))
        details = response.incomplete_details
        stop = (details and details.reason) or response.status or ""
        usage = response.usage
        assert usage is not None
        told = Usage(
            usage.input_tokens,
            usage.output_tokens,
            usage.input_tokens_details.cached_tokens,
            reasoning_tokens=usage.output_tokens_details.reasoning_tokens,
        )
        return Heard("".join(words), "".join(thoughts), tuple(calls), stop, told)


class MessagesJudge:
    """Anthropic's SDK."""

    def __init__(self, origin: str) -> None:
        self._client = anthropic.Anthropic(base_url=origin, api_key="k", max_retries=0)

    def whole(self) -> Heard:
        with self._errors():
            return self.heard(self._client.messages.create(model="m", max_tokens=9, messages=[]))

    def stream(self) -> Heard:
        with self._errors(), self._client.messages.stream(model="m", max_tokens=9, messages=[]) as stream:
            for _ in stream:
                pass
            return self.heard(stream.get_final_message())

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except anthropic.APIStatusError as error:
            raise Refused(error.message, error.status_code) from error

    @staticmethod
    def heard(message: Message) -> Heard:
        words = [block.text for block in message.content if block.type == "text"]
        thoughts = [block.thinking for block in message.content if block.type == "thinking"]
        calls = tuple((block.name, block.input) for block in message.content if block.type == "tool_use")
        usage = message.usage
        read, written = usage.cache_read_input_tokens or 0, usage.cache_creation_input_tokens or 0
        thinking = usage.output_tokens_details.thinking_tokens if usage.output_tokens_details else 0
        told = Usage(usage.input_tokens + read + written, usage.output_tokens, read, reasoning_tokens=thinking)
        return Heard("".join(words), "".join(thoughts), calls, message.stop_reason or "", told)


class GeminiJudge:
    """Google's SDK."""

    def __init__(self, origin: str) -> None:
        options = types.HttpOptions(base_url=origin, retry_options=types.HttpRetryOptions(attempts=1))
        self._client = genai.Client(api_key="k", http_options=options)

    def whole(self) -> Heard:
        with self._errors():
            return self.heard([self._client.models.generate_content(model="m", contents="x")])

    def stream(self) -> Heard:
        with self._errors():
            return self.heard(list(self._client.models.generate_content_stream(model="m", contents="x")))

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except APIError as error:
            raise Refused(error.message or "", error.code) from error

    @staticmethod
    def heard(answers: Sequence[types.GenerateContentResponse]) -> Heard:
        candidates = [candidate for answer in answers for candidate in answer.candidates or ()]
        parts = [part for each in candidates if each.content for part in each.content.parts or ()]
        words = [part.text for part in parts if part.text and not part.thought]
        thoughts = [part.text for part in parts if part.text and part.thought]
        calls = tuple((part.function_call.name or "", part.function_call.args) for part in parts if part.function_call)
        finish = next((each.finish_reason for each in reversed(candidates) if each.finish_reason), None)
        usage = [answer.usage_metadata for answer in answers if answer.usage_metadata][-1]
        thought = usage.thoughts_token_count or 0
        told = Usage(
            usage.prompt_token_count or 0,
            (usage.candidates_token_count or 0) + thought,
            usage.cached_content_token_count or 0,
            reasoning_tokens=thought,
        )
        return Heard("".join(words), "".join(thoughts), calls, finish.value if finish else "", told)


def judges(origin: str) -> Mapping[str, Judge]:
    """Return all of them by the client's dialect, asking the server at `origin`."""
    return {
        "chat": ChatJudge(origin),
        "responses": ResponsesJudge(origin),
        "messages": MessagesJudge(origin),
        "gemini": GeminiJudge(origin),
    }
