"""Responses: `POST /v1/responses`, `/v1/responses/input_tokens` and `/v1/responses/compact`.

From OpenAI's API reference ("Create a model response", "Count input tokens", "Compact a response", read 2026-11) and
recorded exchanges. The parts of a request are read by `response_parameters`, `response_items` and `response_tools`;
`response_output` makes the items of the answer.
"""

import dataclasses
from dataclasses import dataclass
from typing import Final

from tokenrouter.sandbox import ids
from tokenrouter.sandbox.delivery import Answer
from tokenrouter.sandbox.errors import ApiError
from tokenrouter.sandbox.fields import Fields
from tokenrouter.sandbox.models import Model
from tokenrouter.sandbox.prompt import Ask, Turn
from tokenrouter.sandbox.question import Question
from tokenrouter.sandbox.responses.items import Conversation, ItemReader
from tokenrouter.sandbox.responses.output import ENCRYPTED, Wishes, outputs
from tokenrouter.sandbox.responses.parameters import (
    COMPACTION,
    CREATION,
    PROMPT,
    check_names,
    check_values,
    effort,
    included,
    output_limit,
    settings,
    text_format,
)
from tokenrouter.sandbox.responses.store import ResponseStore, StoredResponse
from tokenrouter.sandbox.responses.stream import Envelope, ResponseStream
from tokenrouter.sandbox.responses.thoughts import Json, Sealer
from tokenrouter.sandbox.responses.tools import Toolbox, read_choice, read_tools
from tokenrouter.sandbox.speech import Utterance, compose
from tokenrouter.sandbox.tokens import Usage

SUMMARY: Final = "What was said before, in short: "
MAX_SUMMARY_TOKENS: Final = 64


@dataclass(frozen=True, slots=True)
class _Prompt:
    """A request, understood; `ask` has no limit and no format yet."""

    ask: Ask
    conversation: Conversation
    toolbox: Toolbox


class Responses:
    """Answers with what `store` remembers."""

    def __init__(self, store: ResponseStore) -> None:
        self._store = store

    def create(self, question: Question) -> Answer:
        """Raises: ApiError, for a request that the vendor would refuse."""
        fields = question.fields
        check_names(fields, CREATION)
        check_values(fields)
        streamed, background = bool(fields.flag("stream")), bool(fields.flag("background"))
        wishes = _wishes(fields)
        prompt = self._prompt(question)
        schema, as_json = text_format(fields)
        limit = output_limit(fields)
        ask = dataclasses.replace(prompt.ask, schema=schema, as_json=as_json, max_tokens=limit, effort=effort(fields))
        said = compose(ask, question.model)
        usage = question.usage(ask, said)
        made = outputs(said, prompt.toolbox, wishes, question.model)
        envelope = Envelope(
            ids.digits("resp_"),
            settings(question, prompt.toolbox.repeated),
            usage_document(question.model, usage),
            [output.item for output in made],
            said.finish == "length",
        )
        keep = self._keeper(question, prompt, sum(len(output.spoken) for output in made))
        if streamed:
            return Answer(usage, dict, ResponseStream(envelope, made, said, question, keep))
        return Answer(usage, lambda: _whole(envelope, keep, background=background))

    def count(self, question: Question) -> Answer:
        """The tokens of the input, as a response would bill them. Raises: ApiError."""
        check_names(question.fields, PROMPT)
        text_format(question.fields)
        effort(question.fields)
        total = self._prompt(question).ask.tokens(question.model.tokenizer)
        return Answer(Usage(0), lambda: {"object": "response.input_tokens", "input_tokens": total})

    def compact(self, question: Question) -> Answer:
        """The conversation made shorter: what users said, and one sealed item for all the rest. Raises: ApiError."""
        check_names(question.fields, COMPACTION)
        prompt = self._prompt(question)
        tokenizer = question.model.tokenizer
        told = " ".join(turn.text for turn in prompt.ask.turns if turn.role not in ("system", "developer"))
        summary = tokenizer.take(SUMMARY + told, MAX_SUMMARY_TOKENS)
        usage = question.usage(prompt.ask, Utterance(summary, (), "stop", tokenizer.count(summary)))
        name = ids.digits("cmp_")
        sealed = Sealer(question.model.name).seal({"kind": "compaction", "id": name, "text": summary})
        kept = [listed(item) for item in prompt.conversation.items if item.get("role") == "user"]
        document = {
            "id": ids.digits("resp_"),
            "object": "response.compaction",
            "created_at": question.created,
            "output": [*kept, {"id": name, "type": "compaction", "encrypted_content": sealed}],
            "usage": usage_document(question.model, usage),
        }
        return Answer(usage, lambda: document)

    def _prompt(self, question: Question) -> _Prompt:
        fields = question.fields
        before = self._before(question.owner, fields)
        if not before and not fields.present("input"):
            fields.required_text("input")
        conversation = ItemReader(Sealer(question.model.name), self._store, question.owner).read(before, fields)
        instructions = fields.text("instructions")
        turns = ([Turn("system", instructions)] if instructions else []) + conversation.turns
        wish = next((turn.text for turn in reversed(turns) if turn.role == "user"), "")
        toolbox = read_tools(fields.objects("tools"), conversation.brought, wish, searched=conversation.searched)
        choice, toolbox = read_choice(fields, toolbox)
        ask = Ask(
            turns=tuple(turns),
            raw=question.raw,
            tools=toolbox.callable(wish),
            tools_json=[*(fields.array("tools") or []), *(tool.values for tool in conversation.brought)],
            tool_choice=choice,
            parallel_tools=fields.flag("parallel_tool_calls") is not False,
        )
        return _Prompt(ask, conversation, toolbox)

    def _before(self, owner: str, fields: Fields) -> tuple[Json, ...]:
        """The conversation that the request continues."""
        for name, what in (("conversation", "Conversation"), ("prompt", "Prompt")):
            if fields.present(name):
                raise ApiError(404, f"{what} with id '{fields.values[name]}' not found.", param=name)
        previous = fields.text("previous_response_id")
        if previous is None:
            return ()
        found = self._store.find(owner, previous)
        if found is None:
            message = f"Previous response with id '{previous}' not found."
            fields.refuse("previous_response_id", message, "previous_response_not_found")
        return (*found.input, *found.output)

    def _keeper(self, question: Question, prompt: _Prompt, said_bytes: int) -> "_Keeper":
        wanted = question.fields.flag("store") is not False
        items = prompt.conversation.items
        return _Keeper(self._store if wanted else None, question.owner, items, len(question.raw) + said_bytes)


@dataclass(frozen=True, slots=True)
class _Keeper:
    """Stores the document of a response once it is made, unless that was not wanted."""

    store: ResponseStore | None
    owner: str
    items: tuple[Json, ...]
    size: int

    def __call__(self, document: Json, pending: Json | None = None) -> Json:
        if self.store is not None:
            output = (pending or document)["output"]
            items = tuple(output) if isinstance(output, list) else ()
            self.store.add(StoredResponse(self.owner, document, self.items, items, self.size, pending))
        return document


def _whole(envelope: Envelope, keep: _Keeper, *, background: bool) -> Json:
    """The document of a response; one in the background is finished only when somebody looks at it."""
    if background:
        return keep(envelope.queued(), envelope.finished())
    return keep(envelope.finished())


def usage_document(model: Model, usage: Usage) -> Json | None:
    """The `usage` member of Responses; None for a model that never tells."""
    if model.usage == "never":
        return None
    return {
        "input_tokens": usage.prompt,
        "input_tokens_details": {"cached_tokens": usage.cached, "cache_write_tokens": usage.written},
        "output_tokens": usage.completion,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.total,
    }


def listed(item: Json) -> Json:
    """An input item in full: with an id and a type, its text in parts."""
    kind = item.get("type", "message")
    whole: Json = {"id": ids.digits("msg_" if kind == "message" else "item_"), "type": kind, **item}
    if isinstance(item.get("content"), str):
        part = "output_text" if item.get("role") == "assistant" else "input_text"
        whole["content"] = [{"type": part, "text": item["content"]}]
    if kind == "message":
        whole.setdefault("status", "completed")
    return whole


def _wishes(fields: Fields) -> Wishes:
    reasoning = fields.member("reasoning")
    summary = bool(reasoning and (reasoning.present("summary") or reasoning.present("generate_summary")))
    if fields.flag("background") and fields.flag("store") is False:
        fields.refuse("background", "Background mode requires 'store' to be true.")
    return Wishes(summary, ENCRYPTED in included(fields))
