"""What Anthropic Messages cannot carry, and how its models and vendors differ.

Models take less from generation to generation: sampling, budgets for thinking, prefilled answers and forced calls
have each been taken away, and what a model no longer takes is a 400. So each model's traits are a row of a table
(platform.claude.com/docs: models overview, thinking, effort, structured outputs, migration guides; read 2026-11).
"""

from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Final, Literal

from tokenrouter.dialects.call_ids import IdRule
from tokenrouter.dialects.losses import LossTable, loss_table
from tokenrouter.domain.requests import Effort

ThinkingForm = Literal["none", "budget", "both", "adaptive"]
"""`budget`: so many tokens; `adaptive`: as the model sees fit, within an effort."""


@dataclass(frozen=True, slots=True)
class ModelTraits:
    """What one generation of models takes.

    Attributes:
        max_tokens: the most an answer may have; asked for where the client names no bound, because one is demanded.
        is_bounded: whether asking for more is refused.
        thinking: the forms in which it may be told to think.
        off: the `type` of `thinking` that comes nearest to none, or empty where the model always thinks.
        efforts: the words of `output_config.effort`, weakest first; none where the field is refused.
        sampling: `one`: not temperature and top_p together.
        prefill: whether the last turn may be the beginning of the answer.
        schemas: whether `output_config.format` and strict tools are known; else a forced call stands for a schema.
        forced_calls: whether it may be made to call a tool.
        system_turns: whether a system turn may stand behind a user turn.
        web_search: the type of the search that Anthropic runs for it, or empty.
    """

    max_tokens: int
    thinking: ThinkingForm = "adaptive"
    efforts: tuple[Effort, ...] = ()
    sampling: Literal["none", "one", "all"] = "none"
    off: Literal["", "disabled", "between_tools"] = "disabled"
    prefill: bool = False
    schemas: bool = True
    forced_calls: bool = True
    system_turns: bool = False
    web_search: str = "web_search_20250305"
    is_bounded: bool = True


_TO_HIGH: Final[tuple[Effort, ...]] = ("low", "medium", "high")
_TO_MAX: Final[tuple[Effort, ...]] = (*_TO_HIGH, "max")
_ALL: Final[tuple[Effort, ...]] = (*_TO_HIGH, "xhigh", "max")
_ALWAYS_THINKS: Final = ModelTraits(128_000, "adaptive", _ALL, off="", forced_calls=False, system_turns=True)
_SONNET_5_5: Final = ModelTraits(128_000, "adaptive", _ALL, off="between_tools", forced_calls=False, system_turns=True)
_ADAPTIVE: Final = ModelTraits(128_000, "adaptive", _ALL, system_turns=True)
_OPUS_4_7: Final = ModelTraits(128_000, "adaptive", _ALL)
_VERSION_4_6: Final = ModelTraits(128_000, "both", _TO_MAX, "one")
_VERSION_4_5: Final = ModelTraits(64_000, "budget", (), "one", prefill=True)
_SONNET_4: Final = ModelTraits(64_000, "budget", (), "all", prefill=True, schemas=False)
_COMPATIBLE: Final = ModelTraits(
    16_384, "budget", (), "all", prefill=True, schemas=False, web_search="", is_bounded=False
)
"""Other vendors' models behind this dialect: what Anthropic's own took in 2025, and no claim about their bound."""

MODELS: Final[tuple[tuple[str, ModelTraits], ...]] = (
    ("*claude-mythos-preview*", replace(_ALWAYS_THINKS, system_turns=False)),
    ("*claude-mythos-*", _ALWAYS_THINKS),
    ("*claude-fable-*", _ALWAYS_THINKS),
    ("*claude-opus-5-5*", _ALWAYS_THINKS),
    ("*claude-sonnet-5-5*", _SONNET_5_5),
    ("*claude-opus-4-7*", _OPUS_4_7),
    ("*claude-opus-4-8*", _ADAPTIVE),
    ("*claude-opus-4-6*", _VERSION_4_6),
    ("*claude-sonnet-4-6*", _VERSION_4_6),
    ("*claude-opus-4-5*", replace(_VERSION_4_5, efforts=_TO_HIGH)),
    ("*claude-sonnet-4-5*", _VERSION_4_5),
    ("*claude-haiku-4-5*", _VERSION_4_5),
    ("*claude-opus-4-1*", ModelTraits(32_000, "budget", (), "one", prefill=True, schemas=False)),
    ("*claude-opus-4*", ModelTraits(32_000, "budget", (), "all", prefill=True, schemas=False)),
    ("*claude-sonnet-4*", _SONNET_4),
    ("*claude-3-7-*", _SONNET_4),
    ("*claude-3-5-*", ModelTraits(8_192, "none", (), "all", prefill=True, schemas=False)),
    ("*claude-3-*", ModelTraits(4_096, "none", (), "all", prefill=True, schemas=False, web_search="")),
    ("*claude*", _ADAPTIVE),
    ("*", _COMPATIBLE),
)
"""By glob, the first that fits; clouds put their own words around a model's name."""

NO_SAMPLING_SINCE: Final = "2026-10-21"
"""The version of the API that refuses temperature, top_p and top_k for every model (migration guide, read 2026-11)."""


@dataclass(frozen=True, slots=True)
class MessagesQuirks:
    """How one vendor's Messages differ.

    Attributes:
        models: traits of models by glob, the first that fits; the last glob is `*`.
        version: `anthropic-version` that is asked for. The older one takes more.
        betas: names for `anthropic-beta` that always go along.
        platform_version: `anthropic_version` of a cloud that has it in the body and the model in the path, or empty.
        runs_search: whether the vendor runs the search that the model knows.
        cache_control: whether it takes marks for prompt caching.
        call_ids: what an id of a call may look like.
    """

    models: tuple[tuple[str, ModelTraits], ...] = MODELS
    version: str = "2023-06-01"
    betas: tuple[str, ...] = ()
    platform_version: str = ""
    runs_search: bool = True
    cache_control: bool = True
    call_ids: IdRule = "safe"

    def traits(self, model: str) -> ModelTraits:
        """Return what `model` takes."""
        return next((traits for glob, traits in self.models if fnmatchcase(model, glob)), _COMPATIBLE)


ANTHROPIC: Final = MessagesQuirks()
"""Anthropic's own endpoint."""

_NOT_HERE: Final = "Anthropic Messages has no such field."
_NOT_BY_MODEL: Final = "The model does not take it."

REQUEST_LOSSES: Final[LossTable] = loss_table(
    ("max_output_tokens", "emulated", "A bound above the model's own becomes that."),
    ("parallel_calls", "dropped", "The model may call several tools in one turn."),
    ("output_format", "emulated", "The model knows no schemas: a call that it is made to answer with has the schema."),
    ("output_format.json_object", "emulated", "The model is told to answer with one JSON object."),
    ("output_format.description", "dropped", "The schema says what the answer shall be."),
    ("output_format.keywords", "emulated", "Constraints that the model cannot be held to are told in descriptions."),
    ("reasoning", "dropped", "The model does not think, or not with so few tokens."),
    ("reasoning.off", "emulated", "The model always thinks; it is told to think as little as it can."),
    ("reasoning.effort", "emulated", "A word becomes the nearest that the model knows, or a number of tokens."),
    ("reasoning.budget", "emulated", "A number of tokens becomes the nearest word of `output_config.effort`."),
    ("reasoning.with_forced_choice", "dropped", "The model cannot think while it is made to call a tool."),
    ("reasoning.unsigned_turn", "dropped", "The model cannot think on in a turn whose thoughts lack its signature."),
    ("sampling.temperature", "dropped", "The model takes none, or thinks, which allows none."),
    ("sampling.temperature_above_1", "emulated", "A temperature above 1 becomes 1."),
    ("sampling.top_p", "dropped", "The model takes none, none beside a temperature, or none this low while it thinks."),
    ("sampling.top_k", "dropped", "The model takes none, or thinks, which allows none."),
    ("sampling.stop", "emulated", "Sequences of blanks end the answer in the gateway."),
    ("sampling.answers", "emulated", "The gateway asks once for each alternative."),
    ("sampling.seed", "dropped", _NOT_HERE),
    ("sampling.presence_penalty", "dropped", _NOT_HERE),
    ("sampling.frequency_penalty", "dropped", _NOT_HERE),
    ("sampling.logprobs", "dropped", _NOT_HERE),
    ("sampling.logit_bias", "dropped", _NOT_HERE),
    ("service.user", "dropped", _NOT_HERE),
    ("service.metadata", "dropped", _NOT_HERE),
    ("service.tier", "dropped", "Anthropic has no such tier."),
    ("service.cache_key", "emulated", "The end of the prompt is marked for caching."),
    ("service.cache_retention", "emulated", "More than five minutes become the one hour that Anthropic has."),
    ("service.stored", "dropped", "The provider does not store the answer."),
    ("service.previous_id", "refused", "send the whole conversation instead of the id of a stored answer."),
    ("service.cached_content", "refused", "it is stored at another provider; send the content itself."),
    ("verbosity", "dropped", _NOT_HERE),
    ("modalities", "dropped", "The answer is text."),
    ("cache", "dropped", "The vendor takes no marks for caching."),
    ("cache.marks", "dropped", "Four marks for caching are taken, and none by some vendors."),
    ("tool.custom", "emulated", "A free-text tool becomes a function with one argument, turned back in the answer."),
    ("tool.namespace", "emulated", "The namespace becomes part of the name, and is taken off again in the answer."),
    ("tool.name", "emulated", "A name with other characters than letters, digits, _ and - is replaced, and restored."),
    (
        "tool.hosted.other",
        "emulated",
        "Anthropic's own search, bound to the same domains, takes its place.",
    ),
    ("tool.hosted", "dropped", "Tools that a provider runs itself are not the same anywhere."),
    ("tool.deferred", "dropped", "The tool is declared at once."),
    ("tool.strict", "dropped", "The model is not held to a tool's schema."),
    ("tool.keywords", "emulated", "Constraints that a strict tool cannot have are told in descriptions."),
    ("tool.undeclared", "emulated", "Tools of earlier calls are declared without a schema, and may not be called."),
    ("tool_choice.names", "emulated", "Only the tools that may be called are declared."),
    ("tool_choice.required", "dropped", "The model cannot be made to call a tool; it may."),
    ("item.reasoning", "dropped", "Reasoning without Anthropic's own signature would be refused."),
    ("item.prefill", "emulated", "A user turn asks to go on from the last words."),
    ("item.first", "emulated", "A conversation that a user does not begin gets a user turn before it."),
    ("item.foreign", "dropped", "Steps of a tool that another provider ran are left out of the history."),
    ("message.name", "emulated", "The name is put before the words."),
    (
        "message.name_said",
        "dropped",
        "The model's own name: put before its words, it would be repeated.",
    ),
    ("message.phase", "dropped", "Comments are not told from the final answer."),
    ("message.system", "emulated", "A system turn behind the first user turn becomes tagged text of a user turn."),
    ("part.detail", "dropped", "Pictures and pages are looked at as closely as the model does."),
    ("part.assistant", "dropped", "Pictures and files in an assistant's turn are left out."),
    ("part.audio", "refused", "Anthropic Messages takes no sound; send its transcript."),
    ("part.video", "refused", "Anthropic Messages takes no moving pictures."),
    ("part.file_id", "refused", "the file is stored at another provider; send its data."),
    ("part.image_type", "refused", "only JPEG, PNG, GIF and WebP are taken."),
    ("part.document_type", "refused", "only PDF and plain text are taken; send the words."),
    ("part.foreign", "dropped", "It has no meaning outside the dialect it came in."),
    ("part.citations", "dropped", "Citations that Anthropic did not make are left out; the words stay."),
)

ANSWER_LOSSES: Final[LossTable] = loss_table(
    ("answer.alternatives", "dropped", "Only the first alternative is shown."),
    ("answer.logprobs", "dropped", _NOT_HERE),
    ("item.foreign", "dropped", "Steps of a tool that another provider ran are not shown."),
    ("item.state", "emulated", "Signatures of other providers are sealed in `thinking.signature`."),
    ("part.image", "dropped", "Pictures in an answer have no place."),
    ("part.audio", "dropped", "Sound has no place; its transcript is shown as text."),
    ("part.citation", "dropped", "Citations are shown of web pages only."),
    ("refusal.text", "emulated", "Words of a refusal are text, and the stop reason is `refusal`."),
)
