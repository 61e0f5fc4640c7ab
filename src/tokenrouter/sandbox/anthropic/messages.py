"""The Messages API's two questions to a model: to answer, and to count what is asked.

From Anthropic's API reference ("Messages", "Count Message tokens"; platform.claude.com, as of 2026-11). The API itself
and the clouds that serve it ask here, each with its own terms and frames.
"""

import dataclasses
from typing import Final

from tokenrouter.sandbox.anthropic.answer import Framing, MessageAnswer, NamedEvents, new_message_id
from tokenrouter.sandbox.anthropic.cache import BreakpointCache
from tokenrouter.sandbox.anthropic.errors import AnthropicError
from tokenrouter.sandbox.anthropic.json import Block
from tokenrouter.sandbox.anthropic.request import MessagesRequest, read_count, read_messages
from tokenrouter.sandbox.anthropic.terms import Terms
from tokenrouter.sandbox.delivery import EVENTS, Answer
from tokenrouter.sandbox.models import Model
from tokenrouter.sandbox.question import Question
from tokenrouter.sandbox.speech import Utterance, compose
from tokenrouter.sandbox.tokens import Usage

REFUSAL_TOKENS: Final = 5
"""Output tokens of a refusal, as recorded (2026)."""


class Messages:
    """Answers for one platform, with the cache that its callers share."""

    def __init__(self, framing: Framing | None = None, stream_headers: str = EVENTS) -> None:
        self._framing = framing or NamedEvents()
        self._stream_headers = stream_headers
        self._cache = BreakpointCache()

    def answer(self, question: Question, body: Block, terms: Terms, *, streams: bool | None = None) -> Answer:
        """One message; `streams` says how where `stream` in the body does not. Raises: AnthropicError 400."""
        request = read_messages(body, question.raw, question.model, terms)
        said, stopped_by = _spoken(request, question.model)
        usage = self._usage(request, said, question)
        made = MessageAnswer(new_message_id(), request, said, usage, question.model, stopped_by, self._framing)
        as_stream = request.streams if streams is None else streams
        if not as_stream:
            return Answer(usage, made.document, failure=_failure)
        return Answer(usage, made.document, made, self._stream_headers, _failure, self._framing.malformed)

    def _usage(self, request: MessagesRequest, said: Utterance, question: Question) -> Usage:
        prompt = request.ask.tokens(question.model.tokenizer)
        used = self._cache.use(question.owner, question.model, request.segments, prompt)
        return Usage(prompt, said.tokens, said.reasoning_tokens, used.read, used.written, used.written_1h)


def count_tokens(question: Question, body: Block, terms: Terms) -> Answer:
    """How long a prompt is; nothing is billed for it. Raises: AnthropicError 400."""
    request = read_count(body, question.raw, question.model, terms)
    total = request.ask.tokens(question.model.tokenizer)
    return Answer(Usage(0), lambda: {"input_tokens": total}, failure=_failure)


def _spoken(request: MessagesRequest, model: Model) -> tuple[Utterance, str | None]:
    """What is said, and the stop sequence that ended it."""
    if request.is_refused:
        return Utterance("", (), "stop", REFUSAL_TOKENS), None
    said = compose(request.ask, model)
    if said.finish != "stop" or not request.ask.stop:
        return said, None
    whole = compose(dataclasses.replace(request.ask, stop=(), max_tokens=None), model)
    found = [(whole.text.find(stop), stop) for stop in request.ask.stop if stop in whole.text]
    return said, min(found)[1] if found else None


def _failure(message: str) -> object:
    return AnthropicError(500, message).document()
