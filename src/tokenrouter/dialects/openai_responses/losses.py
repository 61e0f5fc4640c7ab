"""What the Responses API cannot carry, and how those who offer it differ.

OpenAI's own endpoint refuses some settings by model and others by their absence from its schema; servers that are
compatible with it know less still, so what goes to one is a list in its preset, not a guess.
"""

from dataclasses import dataclass
from typing import Final, Literal

from tokenrouter.dialects.call_ids import IdRule
from tokenrouter.dialects.losses import LossTable, loss_table
from tokenrouter.domain.requests import HostedKind

CARRIED_WIDELY: Final[frozenset[str]] = frozenset(
    {
        "output_format",
        "parallel_calls",
        "reasoning",
        "sampling.temperature",
        "sampling.top_p",
        "service.user",
    }
)
"""What servers that offer the Responses API take as a rule."""
CARRIED_BY_OPENAI: Final[frozenset[str]] = CARRIED_WIDELY | {
    "sampling.logprobs",
    "service.cache_key",
    "service.cache_retention",
    "service.metadata",
    "service.tier",
    "verbosity",
}
FIELDS_OF_OPENAI: Final[frozenset[str]] = frozenset(
    {
        "context_management",
        "include",
        "max_tool_calls",
        "moderation",
        "prompt_cache_options",
        "reasoning.context",
        "reasoning.mode",
        "tool_choice",
        "truncation",
    }
)
"""What only this dialect has, as `Request.extra` names it."""


@dataclass(frozen=True, slots=True)
class ResponsesQuirks:
    """How one vendor's Responses API differs.

    Attributes:
        carries: the settings it takes, by their names in `losses.SETTINGS`.
        fields: what it takes of the fields that only this dialect has.
        least_output_tokens: the least bound on an answer that it accepts.
        plain_models: globs of the models that do not reason: they refuse all that is about reasoning.
        samples_while_reasoning: whether a model that reasons takes temperature, top_p and logprobs.
        encrypted_reasoning: whether reasoning comes encrypted, to be sent back.
        reasoning_text: whether it takes earlier reasoning back in plain words.
        custom_tools: whether it knows free-text tools.
        namespaces: whether tools may stand in namespaces.
        hosted_tools: what it runs itself, for clients of any dialect.
        result_parts: whether a tool's output may hold pictures and files.
        obfuscates: whether its streams are padded unless asked not to.
        user_field: what it calls the opaque name of the end user.
        call_ids: what an id of a call may look like.
    """

    carries: frozenset[str] = CARRIED_WIDELY
    fields: frozenset[str] = frozenset()
    least_output_tokens: int = 1
    plain_models: tuple[str, ...] = ()
    samples_while_reasoning: bool = True
    encrypted_reasoning: bool = False
    reasoning_text: bool = False
    custom_tools: bool = False
    namespaces: bool = False
    hosted_tools: frozenset[HostedKind] = frozenset()
    result_parts: bool = False
    obfuscates: bool = False
    user_field: Literal["user", "safety_identifier"] = "user"
    call_ids: IdRule = "safe"


OPENAI: Final = ResponsesQuirks(
    carries=CARRIED_BY_OPENAI,
    fields=FIELDS_OF_OPENAI,
    least_output_tokens=16,
    plain_models=("gpt-3*", "gpt-4*", "chatgpt-*", "*-chat-latest"),
    samples_while_reasoning=False,
    encrypted_reasoning=True,
    custom_tools=True,
    namespaces=True,
    hosted_tools=frozenset({"web_search"}),
    result_parts=True,
    obfuscates=True,
    user_field="safety_identifier",
)
"""OpenAI's own endpoint (the API reference, read 2026-11); models unknown to us are taken to reason."""

_REFUSED_BY_VENDOR: Final = "The vendor does not take it."
_NO_SUCH_FIELD: Final = "The Responses API has no such field."

REQUEST_LOSSES: Final[LossTable] = loss_table(
    ("max_output_tokens", "emulated", "A bound below the least that the vendor accepts is raised to that."),
    ("parallel_calls", "dropped", "The model may call several tools in one turn."),
    ("output_format", "dropped", _REFUSED_BY_VENDOR),
    ("reasoning", "dropped", "The model does not reason."),
    ("reasoning.budget", "emulated", "A budget in tokens becomes the nearest word of `reasoning.effort`."),
    ("sampling.temperature", "dropped", "The vendor refuses it for models that reason."),
    ("sampling.top_p", "dropped", "The vendor refuses it for models that reason."),
    ("sampling.top_k", "dropped", _NO_SUCH_FIELD),
    ("sampling.stop", "emulated", "The gateway ends the answer at a stop sequence."),
    ("sampling.answers", "emulated", "The gateway asks once for each alternative."),
    ("sampling.seed", "dropped", _NO_SUCH_FIELD),
    ("sampling.presence_penalty", "dropped", _NO_SUCH_FIELD),
    ("sampling.frequency_penalty", "dropped", _NO_SUCH_FIELD),
    ("sampling.logprobs", "dropped", "The vendor refuses it for models that reason."),
    ("sampling.logit_bias", "dropped", _NO_SUCH_FIELD),
    ("service.user", "dropped", _REFUSED_BY_VENDOR),
    ("service.metadata", "dropped", _REFUSED_BY_VENDOR),
    ("service.tier", "dropped", _REFUSED_BY_VENDOR),
    ("service.cache_key", "dropped", _REFUSED_BY_VENDOR),
    ("service.cache_retention", "dropped", _REFUSED_BY_VENDOR),
    ("service.stored", "dropped", "The provider does not store the answer."),
    ("service.previous_id", "refused", "send the whole conversation instead of the id of a stored answer."),
    ("service.cached_content", "refused", "it is stored at another provider; send the content itself."),
    ("verbosity", "dropped", _REFUSED_BY_VENDOR),
    ("modalities", "dropped", "The answer is text."),
    ("cache", "dropped", "The vendor caches prefixes by itself, or not at all."),
    ("cache.marks", "dropped", "The vendor caches prefixes by itself, or not at all."),
    ("tool.custom", "emulated", "A free-text tool becomes a function with one argument, turned back in the answer."),
    ("tool.namespace", "emulated", "The namespace becomes part of the name, and is taken off again in the answer."),
    ("tool.name", "emulated", "A name with other characters than letters, digits, _ and - is replaced, and restored."),
    ("tool.hosted", "dropped", "The vendor runs no such tool."),
    ("tool.hosted.other", "emulated", "The vendor's own search, bound to the same domains, takes its place."),
    ("tool.deferred", "dropped", "The tool is declared at once."),
    ("item.reasoning", "dropped", "Earlier reasoning of another provider cannot be sent back."),
    ("item.prefill", "dropped", "The model answers anew instead of going on from the last words."),
    ("item.foreign", "dropped", "Steps of a tool that another provider ran are left out of the history."),
    ("message.name", "dropped", "The Responses API does not tell participants of one role apart."),
    ("part.image_said", "dropped", "A picture that the model made is left out of the history."),
    ("part.media_said", "dropped", "Sound, films and files that the model made are left out of the history."),
    ("part.video", "refused", "the Responses API takes no moving pictures."),
    ("part.audio_url", "refused", "sound cannot be named by its address or id here; send its data."),
    ("part.context", "dropped", "What is said of a file besides its title is left out."),
    ("part.citable", "dropped", "The model is not asked to cite the file."),
    ("part.foreign", "dropped", "It has no meaning outside the dialect it came in."),
    ("part.citations", "dropped", "Citations are left out of the history; the words stay."),
    ("result.image", "emulated", "Pictures in a tool's output follow in a user turn."),
    ("result.document", "emulated", "Files in a tool's output follow in a user turn."),
    ("result.error", "emulated", "The output begins with the word Error."),
)

ANSWER_LOSSES: Final[LossTable] = loss_table(
    ("answers", "dropped", "A response has one answer; further alternatives are not shown."),
    ("item.foreign", "dropped", "Steps of a tool that the provider ran are not shown."),
    ("item.state", "emulated", "It is in `encrypted_content` of a reasoning item, where `include` asks for that."),
    ("reasoning.text", "emulated", "Reasoning is told as its summary, which is what clients show."),
    ("part.image", "emulated", "A picture is the result of an `image_generation_call`; one by address is not shown."),
    ("part.audio", "dropped", "Of sound, only what is said in it is told."),
    ("part.citations", "dropped", "Only citations of web pages and of files are told."),
    ("stop.sequence", "dropped", "Which stop sequence was met is not told."),
)
