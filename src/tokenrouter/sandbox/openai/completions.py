"""The older text completions: `POST /v1/completions`.

From OpenAI's API reference ("Create completion", read 2026-11) and recorded exchanges: the finish reason comes with the
last piece of text, and usage carries no details.
"""

from collections.abc import Iterator
from typing import Final

from tokenrouter.sandbox import ids
from tokenrouter.sandbox.delivery import Answer, Frame, event
from tokenrouter.sandbox.fields import Fields
from tokenrouter.sandbox.openai.chat import DONE, MAX_CHOICES, MAX_STOPS, MAX_TOKENS, error_event, stream_options
from tokenrouter.sandbox.prompt import Ask, Turn
from tokenrouter.sandbox.question import Question, sampling
from tokenrouter.sandbox.speech import Utterance, compose, text_pieces
from tokenrouter.sandbox.tokens import Usage

DEFAULT_MAX_TOKENS: Final = 16


def answer(question: Question) -> Answer:
    """Raises: ApiError, for a request that the vendor would refuse."""
    fields = question.fields
    streamed, reports_usage = stream_options(fields)
    sampling(fields)
    choices = fields.integer("n", 1, MAX_CHOICES) or 1
    asks = [_ask(question, prompt) for prompt in _prompts(fields)]
    said = [compose(ask, question.model) for ask in asks]
    each = [question.usage(ask, utterance, choices) for ask, utterance in zip(asks, said, strict=True)]
    usage = Usage(
        sum(one.prompt for one in each),
        sum(one.completion for one in each),
        sum(one.reasoning for one in each),
        sum(one.cached for one in each),
    )
    begins = [ask.user_text if fields.flag("echo") else "" for ask in asks]
    texts = [pair for pair in zip(begins, said, strict=True) for _ in range(choices)]
    stream = _TextStream(question, texts, usage, reports_usage)
    return Answer(usage, stream.document, stream if streamed else None)


def _prompts(fields: Fields) -> list[Turn]:
    """The prompts; one given in token numbers has no text, but weighs as many tokens."""
    prompt = fields.values.get("prompt")
    if prompt is None:
        fields.required_text("prompt")
    if isinstance(prompt, str):
        return [Turn("user", prompt)]
    if isinstance(prompt, list) and prompt:
        if all(isinstance(each, str) for each in prompt):
            return [Turn("user", each) for each in prompt]
        if _are_tokens(prompt):
            return [Turn("user", "", len(prompt))]
        if all(isinstance(each, list) and _are_tokens(each) for each in prompt):
            return [Turn("user", "", len(each)) for each in prompt]
    return fields.wrong_type("prompt", "a string or an array of strings, of token numbers, or of arrays of these")


def _are_tokens(values: list[object]) -> bool:
    return bool(values) and all(isinstance(each, int) and not isinstance(each, bool) for each in values)


def _ask(question: Question, prompt: Turn) -> Ask:
    return Ask(
        turns=(prompt,),
        raw=question.raw,
        max_tokens=question.fields.integer("max_tokens", 1, MAX_TOKENS) or DEFAULT_MAX_TOKENS,
        stop=question.fields.texts("stop", MAX_STOPS),
    )


class _TextStream:
    """One answer, whole or in chunks; each choice is what it begins with (the prompt, if asked) and what is said."""

    def __init__(self, question: Question, texts: list[tuple[str, Utterance]], usage: Usage, reports: bool) -> None:
        self._model = question.model
        self._texts = texts
        self._usage = usage
        self._reports_usage = reports and self._model.usage == "asked"
        self._head: dict[str, object] = {
            "id": ids.letters("cmpl-"),
            "object": "text_completion",
            "created": question.created,
            "model": self._model.name,
        }

    def document(self) -> dict[str, object]:
        choices = [_choice(n, begin + said.text, said.finish) for n, (begin, said) in enumerate(self._texts)]
        usage = {} if self._model.usage == "never" else {"usage": self._usage_document()}
        return {**self._head, "choices": choices, **usage}

    def opening(self) -> Iterator[Frame]:
        for index, (begin, _) in enumerate(self._texts):
            if begin:
                yield self._chunk(_choice(index, begin, None), 0)

    def body(self) -> Iterator[Frame]:
        for index, (_, said) in enumerate(self._texts):
            if said.reasoning_tokens:
                yield Frame(b"", said.reasoning_tokens)
            for piece in text_pieces(self._model, said.text):
                yield self._chunk(_choice(index, piece.text, None), piece.tokens)

    def closing(self) -> Iterator[Frame]:
        for index, (_, said) in enumerate(self._texts):
            in_finish = self._model.usage == "in_finish" and index == len(self._texts) - 1
            yield self._chunk(_choice(index, "", said.finish), 0, usage=in_finish)
        if self._reports_usage:
            yield Frame(event({**self._head, "usage": self._usage_document(), "choices": []}))
        yield Frame(DONE)

    def error(self, message: str) -> Iterator[Frame]:
        return error_event(message)

    def _chunk(self, choice: dict[str, object], tokens: int, *, usage: bool = False) -> Frame:
        chunk = {**self._head, "choices": [choice]}
        if usage:
            chunk["usage"] = self._usage_document()
        elif self._reports_usage:
            chunk["usage"] = None
        return Frame(event(chunk), tokens)

    def _usage_document(self) -> dict[str, object]:
        return {
            "prompt_tokens": self._usage.prompt,
            "completion_tokens": self._usage.completion,
            "total_tokens": self._usage.total,
        }


def _choice(index: int, text: str, finish: str | None) -> dict[str, object]:
    return {"text": text, "index": index, "logprobs": None, "finish_reason": finish}
