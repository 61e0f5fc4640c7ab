"""What a client asks a model for, whatever dialect it was asked in.

A field is here when two dialects have it, under whatever name. What only one has stays in `extra`
under that dialect's name, so that it can be told to the client when it has to go.
"""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct, field

from tokenrouter.domain.items import CacheTtl, CallKind, Item, RawJson

Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]
"""How hard the model shall think, in OpenAI's and Anthropic's words, weakest first."""


class Tool(Struct, frozen=True):
    """A tool that the client runs.

    Attributes:
        parameters: JSON schema of a function's arguments; None where it takes none or is `custom`.
        strict: whether arguments must match the schema; None where the client did not say, which is not the same
            as True (OpenAI's Responses API takes it for True, all others for False).
        namespace: the group it was declared in, or empty.
        namespace_description: what was said of that group.
        syntax: `lark` or `regex` where a `custom` tool's text is bound by a grammar, or empty.
        grammar: that grammar.
        deferred: shown to the model only when it looks for it.
        extra: fields of the client's dialect that no other has.
    """

    name: str
    description: str = ""
    parameters: RawJson | None = None
    strict: bool | None = None
    kind: CallKind = "function"
    namespace: str = ""
    namespace_description: str = ""
    syntax: str = ""
    grammar: str = ""
    deferred: bool = False
    cache: CacheTtl | None = None
    extra: Mapping[str, RawJson] = field(default_factory=dict)


HostedKind = Literal[
    "web_search",
    "web_fetch",
    "code_execution",
    "file_search",
    "image_generation",
    "computer",
    "shell",
    "text_editor",
    "mcp",
    "tool_search",
    "url_context",
    "memory",
    "other",
]


class HostedTool(Struct, frozen=True):
    """A tool that the provider runs itself.

    Attributes:
        kind: what it does, so that another vendor's own may take its place.
        family: name of the dialect that `json` is written in.
        json: its declaration.
    """

    kind: HostedKind
    family: str
    json: RawJson


class ToolChoice(Struct, frozen=True):
    """Which tools may or must be called.

    `names` narrows the choice to those tools; one name with `required` forces that tool.
    """

    mode: Literal["auto", "none", "required"]
    names: tuple[str, ...] = ()


class OutputFormat(Struct, frozen=True):
    """The shape that the answer's text must have. `schema` is a JSON schema; `name` may be empty."""

    kind: Literal["json_object", "json_schema"]
    schema: RawJson = b""
    name: str = ""
    description: str = ""
    strict: bool | None = None


class ReasoningControl(Struct, frozen=True):
    """How the model shall think before it answers.

    Attributes:
        effort: None where the client named a budget, or nothing.
        budget_tokens: -1: as the model sees fit; 0: not at all.
        adaptive: the model itself decides how much, within `effort`.
        shown: whether the client wants to read it; None: as the provider does.
        summary: OpenAI's `auto`, `concise` or `detailed`, or empty.
    """

    effort: Effort | None = None
    budget_tokens: int | None = None
    adaptive: bool = False
    shown: bool | None = None
    summary: str = ""

    @property
    def is_off(self) -> bool:
        """Whether the client asked for no reasoning at all."""
        return self.effort == "none" or self.budget_tokens == 0


class Sampling(Struct, frozen=True):
    """How tokens are drawn, and when to stop. None or empty: as the provider does.

    `answers` is how many alternatives are asked for; `top_logprobs` how many candidates are told for each token.
    """

    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    stop: tuple[str, ...] = ()
    answers: int = 1
    seed: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    logprobs: bool = False
    top_logprobs: int | None = None
    logit_bias: RawJson | None = None


class Service(Struct, frozen=True):
    """How the provider shall treat the request, apart from what the model does. Empty or None: not said.

    Attributes:
        user: an opaque name of the end user, for the provider's abuse checks.
        metadata: a JSON object of strings.
        cache_key: requests with the same one are sent to where their prefix is cached.
        cache_retention: how long OpenAI shall keep the prefix, such as `24h`.
        stored: whether the provider may keep the answer for later reference.
        previous_id: the stored answer that this conversation goes on from.
        cached_content: name of a prefix that was stored at the provider before.
    """

    user: str = ""
    metadata: RawJson | None = None
    tier: str = ""
    cache_key: str = ""
    cache_retention: str = ""
    stored: bool | None = None
    previous_id: str = ""
    cached_content: str = ""


class Request(Struct, frozen=True):
    """One request.

    Attributes:
        model: as the client named it.
        family: name of the dialect it came in; `extra` is in its words.
        items: the whole conversation, oldest first; system turns stand where the client put them.
        wants_usage: whether a stream shall end with a usage report (always so in dialects without the choice).
        parallel_calls: whether several tools may be called in one turn; None: not said.
        verbosity: `low`, `medium` or `high`, or empty.
        modalities: what the answer may consist of besides text, such as `audio`.
        cache: a mark at the end of the whole prompt.
        extra: fields that have no place here.
        echo: fields that the client's dialect repeats in its answer, as they were sent; providers never see them.
    """

    model: str
    items: tuple[Item, ...]
    family: str = ""
    stream: bool = False
    wants_usage: bool = True
    max_output_tokens: int | None = None
    tools: tuple[Tool | HostedTool, ...] = ()
    tool_choice: ToolChoice | None = None
    parallel_calls: bool | None = None
    output_format: OutputFormat | None = None
    reasoning: ReasoningControl | None = None
    sampling: Sampling = Sampling()
    service: Service = Service()
    verbosity: str = ""
    modalities: tuple[str, ...] = ()
    cache: CacheTtl | None = None
    extra: Mapping[str, RawJson] = field(default_factory=dict)
    echo: Mapping[str, RawJson] = field(default_factory=dict)
