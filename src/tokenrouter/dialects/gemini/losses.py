"""What Gemini cannot carry, and how its models and its two endpoints differ.

AI Studio and Vertex AI serve the same models with the same messages but for a few fields; models differ in how
they are told to think and in what they take beside functions. All of it is data here (Google's guides "Thinking",
"Function calling" and "Structured output", read 2026-11), so that a new model is a row.
"""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final, Literal

from tokenrouter.dialects.losses import LossTable, loss_table

Level = Literal["MINIMAL", "LOW", "MEDIUM", "HIGH"]
LEVELS: Final[tuple[Level, ...]] = ("MINIMAL", "LOW", "MEDIUM", "HIGH")
MAX_STOPS: Final = 5
"""`stopSequences` (API reference, "GenerationConfig", read 2026-11)."""


@dataclass(frozen=True, slots=True)
class Thinking:
    """How some models are told to think: by a level or, where `levels` is empty, by a budget.

    Attributes:
        models: a glob.
        levels: those that the models know, weakest first.
        least, most: tokens that a budget may have.
        may_be_off: whether a budget of 0 is allowed.
    """

    models: str
    levels: tuple[Level, ...] = ()
    least: int = 0
    most: int = 0
    may_be_off: bool = False


NEWER: Final = ("gemini-[3-9]*", "gemini-[a-z]*-latest")
"""Gemini 3 and later. Names such as `gemini-flash-latest` stand for the newest (ai.google.dev, "Models", 2026-11)."""
THINKING: Final = (
    Thinking("gemini-3-pro*", levels=("LOW", "HIGH")),
    Thinking("gemini-[3-9]*-pro*", levels=("LOW", "MEDIUM", "HIGH")),
    Thinking("gemini-pro-latest", levels=("LOW", "MEDIUM", "HIGH")),
    *[Thinking(models, levels=LEVELS) for models in NEWER],
    Thinking("gemini-2.5-pro*", least=128, most=32_768),
    Thinking("gemini-2.5-flash-lite*", least=512, most=24_576, may_be_off=True),
    Thinking("gemini-2.5-*", least=1, most=24_576, may_be_off=True),
)
"""The first that fits counts; models that fit none do not think, or take no word on it."""


@dataclass(frozen=True, slots=True)
class GeminiQuirks:
    """How one endpoint of Gemini differs.

    Attributes:
        thinking: how its models are told to think.
        signed_models: globs of the models that refuse a call in the history without its signature.
        own_schema_models: globs of the models that know Google's kind of schema only.
        json_with_tools_models: globs of the models that take a schema for the answer beside functions.
        result_media_models: globs of the models that take pictures inside a call's result.
        sends_call_ids: whether calls and results may have an `id`; without, they are matched by their order.
        fetches_urls: whether it fetches files from anywhere; else only from Google's own places.
        has_tiers: whether it knows `serviceTier`.
        has_labels: whether it knows `labels`.
    """

    thinking: tuple[Thinking, ...] = THINKING
    signed_models: tuple[str, ...] = NEWER
    own_schema_models: tuple[str, ...] = ("gemini-1*", "gemini-2.0*", "gemma*")
    json_with_tools_models: tuple[str, ...] = NEWER
    result_media_models: tuple[str, ...] = NEWER
    sends_call_ids: bool = True
    fetches_urls: bool = False
    has_tiers: bool = True
    has_labels: bool = False

    def thinking_of(self, model: str) -> Thinking | None:
        """Return how `model` is told to think, None where it cannot be told."""
        name = plain_model(model)
        return next((each for each in self.thinking if fnmatchcase(name, each.models)), None)


AI_STUDIO: Final = GeminiQuirks()
"""generativelanguage.googleapis.com."""
VERTEX: Final = GeminiQuirks(sends_call_ids=False, fetches_urls=True, has_tiers=False, has_labels=True)
"""Vertex AI; its messages had no `id` on calls before 2026."""


def is_among(model: str, globs: tuple[str, ...]) -> bool:
    """Whether `model` fits one of `globs`, whatever path stands before its name."""
    name = plain_model(model)
    return any(fnmatchcase(name, glob) for glob in globs)


def plain_model(model: str) -> str:
    """Return the name in `models/{name}`, `publishers/google/models/{name}` or `google/{name}`."""
    return model.rpartition("/")[2]


CARRIED: Final = frozenset(
    {
        "output_format",
        "reasoning",
        "sampling.temperature",
        "sampling.top_p",
        "sampling.top_k",
        "sampling.stop",
        "sampling.answers",
        "sampling.seed",
        "sampling.presence_penalty",
        "sampling.frequency_penalty",
        "sampling.logprobs",
        "service.cached_content",
        "service.metadata",
        "service.tier",
        "modalities",
    }
)
"""Settings that Gemini has, by their names in `losses.SETTINGS`; some are noted where an endpoint lacks them."""

_NO_FIELD: Final = "Gemini has no such field."
_CACHES_ITSELF: Final = "Gemini caches prefixes by itself."

REQUEST_LOSSES: Final[LossTable] = loss_table(
    ("parallel_calls", "dropped", "The model may call several tools in one turn."),
    ("output_format", "emulated", "A model that takes no schema beside functions is told the schema in words."),
    ("output_format.description", "dropped", "The schema says what the answer shall be."),
    ("schema", "emulated", "For models with Google's own kind of schema, what that kind cannot say is left out."),
    ("reasoning", "dropped", "The model cannot be told how to think."),
    ("reasoning.effort", "emulated", "The nearest level or budget that the model knows is asked for."),
    ("reasoning.budget", "emulated", "A budget in tokens becomes the nearest level, or one that the model allows."),
    ("reasoning.summary", "dropped", "Gemini has one kind of summary of its thoughts."),
    ("sampling.stop", "emulated", "Sequences beyond the fifth end the answer in the gateway."),
    ("sampling.logit_bias", "dropped", _NO_FIELD),
    ("service.user", "dropped", _NO_FIELD),
    ("service.metadata", "dropped", "Only Vertex AI has labels, and they are not free text."),
    ("service.tier", "dropped", "The endpoint has no such tier."),
    ("service.cache_key", "dropped", _CACHES_ITSELF),
    ("service.cache_retention", "dropped", _CACHES_ITSELF),
    ("service.stored", "dropped", "The provider does not store the answer."),
    ("service.previous_id", "refused", "send the whole conversation instead of the id of a stored answer."),
    ("verbosity", "dropped", _NO_FIELD),
    ("cache", "dropped", _CACHES_ITSELF),
    ("cache.marks", "dropped", _CACHES_ITSELF),
    ("tool.custom", "emulated", "A free-text tool becomes a function with one argument, turned back in the answer."),
    ("tool.namespace", "emulated", "The namespace becomes part of the name, and is taken off again in the answer."),
    ("tool.name", "emulated", "A name that Gemini does not allow is replaced, and restored in the answer."),
    ("tool.strict", "dropped", "Gemini does not hold arguments to their schema."),
    ("tool.hosted", "dropped", "Only search, code execution and reading addresses have a counterpart; it is bound to "
     "no domains, and no functions may stand beside it."),
    ("tool.hosted.other", "emulated", "Google's own tool of that kind takes its place, with Google's settings."),
    ("tool.deferred", "dropped", "The tool is declared at once."),
    ("tool_choice.names", "emulated", "Only the tools that may be called are declared."),
    ("item.reasoning", "dropped", "Reasoning without a signature of this model is not taken back."),
    ("item.unsigned_call", "emulated", "A call without a signature of this model goes with Google's word for such."),
    ("item.prefill", "dropped", "The model may answer anew instead of going on from the last words."),
    ("item.foreign", "dropped", "Steps of a tool that another provider ran are left out of the history."),
    ("message.name", "emulated", "The name is put before the words."),
    ("message.name_said", "dropped", "The model's own name: put before its words, it would be repeated."),
    ("message.phase", "dropped", "Comments are not told from the final answer."),
    ("message.system", "emulated", "A system turn behind the first other turn becomes tagged text of a user turn."),
    ("part.detail", "dropped", "Pictures and pages are looked at as closely as the model does."),
    ("part.document_name", "emulated", "The title of a file, and what is said of it, are put before it."),
    ("part.citable", "dropped", "The model is not asked to cite the file."),
    ("part.file", "refused", "the file is stored at another provider; send its data."),
    ("part.url", "refused", "the provider fetches files from Google's own places only; send its data."),
    ("part.foreign", "dropped", "It has no meaning outside the dialect it came in."),
    ("part.citations", "dropped", "Citations are left out of the history; the words stay."),
    ("result.media", "emulated", "Pictures and files in a call's result follow it in the same turn."),
)  # fmt: skip

ANSWER_LOSSES: Final[LossTable] = loss_table(
    ("item.foreign", "dropped", "Steps of a tool that the provider ran are not shown."),
    ("item.state", "emulated", "Signatures of other providers are in `thoughtSignature`, with what they sign."),
    ("reasoning.text", "dropped", "Thoughts are shown only where the client asked for them (`includeThoughts`)."),
    ("call.stream", "emulated", "A call is told in one piece when its arguments are whole."),
    ("refusal", "emulated", "A refusal is told as words, with the finish reason SAFETY."),
    ("usage.cache_write", "dropped", "Tokens written to a cache are counted as input, and not told apart."),
    ("stop.sequence", "dropped", "Gemini does not tell which stop sequence was met."),
)
