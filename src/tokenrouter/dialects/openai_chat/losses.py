"""What Chat Completions cannot carry, and how its many vendors differ.

OpenAI's own endpoint takes every setting in `CARRIED_BY_OPENAI`; most of those who are compatible with it
refuse or ignore some, so what goes to a vendor is a list in its preset, not a guess.
"""

from dataclasses import dataclass
from typing import Final, Literal

from tokenrouter.dialects.call_ids import IdRule
from tokenrouter.dialects.losses import LossTable, loss_table

CARRIED_WIDELY: Final[frozenset[str]] = frozenset(
    {
        "output_format",
        "parallel_calls",
        "reasoning",
        "sampling.answers",
        "sampling.frequency_penalty",
        "sampling.logprobs",
        "sampling.presence_penalty",
        "sampling.seed",
        "sampling.stop",
        "sampling.temperature",
        "sampling.top_p",
        "service.user",
    }
)
"""What servers that call themselves OpenAI-compatible take as a rule."""
CARRIED_BY_OPENAI: Final[frozenset[str]] = CARRIED_WIDELY | {
    "modalities",
    "sampling.logit_bias",
    "service.cache_key",
    "service.cache_retention",
    "service.metadata",
    "service.tier",
    "verbosity",
}


@dataclass(frozen=True, slots=True)
class ChatQuirks:
    """How one vendor's Chat Completions differ.

    Attributes:
        carries: the settings it takes, by their names in `losses.SETTINGS`.
        max_tokens_field: what it calls the bound on the answer.
        asks_usage: whether `stream_options.include_usage` is to be sent.
        developer_role: whether it knows the role `developer`; else such turns are `system`.
        system_anywhere: whether a system turn may stand behind the first user turn; strict chat templates refuse it.
        reasoning_field: where it wants earlier reasoning back (`reasoning_content`, `reasoning`), or empty.
        reasoning_required: whether turns with calls are refused without that field; a blank is sent then.
        effort_models: globs of the models that take `reasoning_effort`; others answer 400 to it.
        json_schema: whether it knows schemas; else it is asked for a JSON object, and told the schema.
        allowed_tools: whether `tool_choice` may name several tools; else only those are declared.
        custom_tools: whether it knows free-text tools.
        result_images: whether a tool's output may hold pictures.
        cache_control: whether it takes marks for prompt caching.
        call_ids: what an id of a call may look like.
        stop_limit: how many stop sequences it takes.
        prefill: how it is told to go on from an assistant turn that stands last; empty where it answers anew, or its
            pages do not say. `last`: by nothing else (llama.cpp's README, "--no-prefill-assistant"); `prefix`: by a
            field of that turn, whose words the answer then repeats (docs.mistral.ai, "Prefix"); `open`: by two fields
            of the request that leave the turn open (docs.vllm.ai, extra parameters of chats). All read 2026-11.
    """

    carries: frozenset[str] = CARRIED_WIDELY
    max_tokens_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    asks_usage: bool = True
    developer_role: bool = False
    system_anywhere: bool = True
    reasoning_field: Literal["", "reasoning_content", "reasoning"] = ""
    reasoning_required: bool = False
    effort_models: tuple[str, ...] = ("*",)
    json_schema: bool = True
    allowed_tools: bool = False
    custom_tools: bool = False
    result_images: bool = False
    cache_control: bool = False
    call_ids: IdRule = "forty"
    stop_limit: int = 4
    prefill: Literal["", "last", "prefix", "open"] = ""


OPENAI: Final = ChatQuirks(
    carries=CARRIED_BY_OPENAI,
    max_tokens_field="max_completion_tokens",
    developer_role=True,
    allowed_tools=True,
    custom_tools=True,
)
"""OpenAI's own endpoint (the API reference, read 2026-11)."""

_REFUSED_BY_VENDOR: Final = "The vendor does not take it."

REQUEST_LOSSES: Final[LossTable] = loss_table(
    ("parallel_calls", "dropped", "The model may call several tools in one turn."),
    ("output_format", "emulated", "The vendor has no schemas: a JSON object is asked for, and the schema told."),
    ("reasoning", "dropped", "The model does not take `reasoning_effort`; it thinks as it is made to."),
    ("reasoning.summary", "dropped", "Chat Completions shows no summaries of reasoning."),
    ("reasoning.budget", "emulated", "A budget in tokens becomes the nearest word of `reasoning_effort`."),
    ("sampling.temperature", "dropped", _REFUSED_BY_VENDOR),
    ("sampling.top_p", "dropped", _REFUSED_BY_VENDOR),
    ("sampling.top_k", "dropped", "Chat Completions has no such field; some vendors take it as an addition."),
    ("sampling.stop", "emulated", "Sequences beyond those the vendor takes end the answer in the gateway."),
    ("sampling.answers", "emulated", "The gateway asks once for each alternative."),
    ("sampling.seed", "dropped", _REFUSED_BY_VENDOR),
    ("sampling.presence_penalty", "dropped", _REFUSED_BY_VENDOR),
    ("sampling.frequency_penalty", "dropped", _REFUSED_BY_VENDOR),
    ("sampling.logprobs", "dropped", _REFUSED_BY_VENDOR),
    ("sampling.logit_bias", "dropped", _REFUSED_BY_VENDOR),
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
    ("tool.hosted", "dropped", "Tools that a provider runs itself are not the same anywhere."),
    ("tool.deferred", "dropped", "The tool is declared at once."),
    ("tool_choice.names", "emulated", "Only the tools that may be called are declared."),
    ("item.reasoning", "dropped", "Chat Completions does not take earlier reasoning back."),
    ("item.prefill", "dropped", "The model answers anew instead of going on from the last words."),
    ("item.foreign", "dropped", "Steps of a tool that another provider ran are left out of the history."),
    ("message.phase", "dropped", "Chat Completions does not tell comments from the final answer."),
    ("message.system", "emulated", "A system turn behind the first user turn becomes tagged text of a user turn."),
    ("part.image_file", "refused", "the picture is stored at another provider; send its data."),
    ("part.document_url", "refused", "a file cannot be named by its address here; send its data."),
    ("part.video", "refused", "Chat Completions takes no moving pictures."),
    ("part.audio_url", "refused", "sound cannot be named by its address here; send its data."),
    ("part.context", "dropped", "What is said of a file besides its title is left out."),
    ("part.citable", "dropped", "The model is not asked to cite the file."),
    ("part.detail", "dropped", "The pages of a file are looked at as the vendor does it."),
    ("part.foreign", "dropped", "It has no meaning outside the dialect it came in."),
    ("part.citations", "dropped", "Citations are left out of the history; the words stay."),
    ("result.image", "emulated", "Pictures in a tool's output follow in a user turn."),
    ("result.document", "emulated", "Files in a tool's output follow in a user turn."),
    ("result.error", "emulated", "The output begins with the word Error."),
)

ANSWER_LOSSES: Final[LossTable] = loss_table(
    ("item.order", "dropped", "Reasoning stands before the words, the words before the calls, whatever came first."),
    ("item.foreign", "dropped", "Steps of a tool that the provider ran are not shown."),
    ("item.state", "emulated", "Signatures are kept by the gateway under the id of the call that follows them."),
    ("reasoning.text", "emulated", "It is in `reasoning_content`, as DeepSeek, Qwen and others have it."),
    ("part.image", "emulated", "Pictures are in `images`, as OpenRouter has it."),
    ("stop.native", "dropped", "Only Chat Completions' own finish reasons are told."),
)
