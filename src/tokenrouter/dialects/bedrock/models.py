"""How the models behind Bedrock's one API differ, as a table by model name.

Converse says everything in one shape, but each vendor's model refuses (400) what it does not know, so what goes to a
model is looked up here. Sources, read 2026-11: the user guide's "Supported models and model features", "Prompt
caching" and "Structured output" (docs.aws.amazon.com/bedrock/latest/userguide), the API reference's `ToolChoice`,
`ToolResultBlock` and `OutputConfig`, the Nova guides' "Extended thinking"; where these are silent, what was measured
against Bedrock and told in public issues (langchain-aws#1188, anomalyco/opencode#48195, BerriAI/litellm#34347).
"""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final, Literal

Thinking = Literal["none", "budget", "adaptive", "nova", "effort", "reasoning"]
"""How a model is told to think, in `additionalModelRequestFields`: not at all; `thinking` with a budget;
`thinking` as it sees fit, with `outputConfig.effort`; `reasoningConfig`; `reasoning_effort`; `reasoning.effort`."""


@dataclass(frozen=True, slots=True)
class ModelTraits:
    """What a model takes. The defaults are what every model with tools takes.

    Attributes:
        samples: whether it takes temperature and the like at all; newer Claudes refuse them.
        top_k: the path of this setting in `additionalModelRequestFields`; empty where there is none.
        forces: which choices of `toolConfig.toolChoice` it knows: none, `any`, or `tool` as well.
        one_call: whether it can be told to call one tool at a time.
        result_status: whether it knows that a tool's output is an error.
        schemas: whether it takes a JSON schema (`outputConfig.textFormat`) and strict tools.
        prefill: whether it goes on from words of the assistant that stand last.
        cache: where cache points may stand: nowhere, everywhere but behind tools, everywhere.
        cache_1h: whether a cache point may ask for an hour.
    """

    thinking: Thinking = "none"
    samples: bool = True
    top_k: tuple[str, ...] = ()
    forces: Literal["none", "any", "tool"] = "none"
    one_call: bool = False
    result_status: bool = False
    schemas: bool = False
    prefill: bool = True
    cache: Literal["none", "prompt", "all"] = "none"
    cache_1h: bool = False


_CLAUDE_3: Final = ModelTraits(top_k=("top_k",), forces="tool", result_status=True)
_CLAUDE_3_5_HAIKU: Final = ModelTraits(top_k=("top_k",), forces="tool", result_status=True, cache="all")
_CLAUDE_BUDGET: Final = ModelTraits(
    "budget", top_k=("top_k",), forces="tool", one_call=True, result_status=True, cache="all"
)
_CLAUDE_4_5: Final = ModelTraits(
    "budget",
    top_k=("top_k",),
    forces="tool",
    one_call=True,
    result_status=True,
    schemas=True,
    cache="all",
    cache_1h=True,
)
_CLAUDE_4_6: Final = ModelTraits(
    "adaptive",
    top_k=("top_k",),
    forces="tool",
    one_call=True,
    result_status=True,
    schemas=True,
    prefill=False,
    cache="all",
    cache_1h=True,
)
_CLAUDE: Final = ModelTraits(
    "adaptive",
    samples=False,
    forces="tool",
    one_call=True,
    result_status=True,
    schemas=True,
    prefill=False,
    cache="all",
    cache_1h=True,
)
_NOVA: Final = ModelTraits(top_k=("inferenceConfig", "topK"), forces="tool", result_status=True, cache="prompt")
_NOVA_2: Final = ModelTraits(
    "nova", top_k=("inferenceConfig", "topK"), forces="tool", result_status=True, cache="prompt"
)

ModelTable = tuple[tuple[str, ModelTraits], ...]

MODELS: Final[ModelTable] = (
    ("*anthropic.claude-3-7-*", _CLAUDE_BUDGET),
    ("*anthropic.claude-3-5-haiku-*", _CLAUDE_3_5_HAIKU),
    ("*anthropic.claude-3-*", _CLAUDE_3),
    ("*anthropic.claude-v2*", ModelTraits()),
    ("*anthropic.claude-instant*", ModelTraits()),
    ("*anthropic.claude-*-4-20*", _CLAUDE_BUDGET),
    ("*anthropic.claude-*-4-1-*", _CLAUDE_BUDGET),
    ("*anthropic.claude-*-4-5-*", _CLAUDE_4_5),
    ("*anthropic.claude-*-4-6*", _CLAUDE_4_6),
    ("*anthropic.claude*", _CLAUDE),
    ("*amazon.nova-2-*", _NOVA_2),
    ("*amazon.nova-*", _NOVA),
    ("*openai.gpt-oss*", ModelTraits("effort", schemas=True)),
    ("*openai.*", ModelTraits("reasoning", schemas=True)),
    ("*moonshot*kimi*", ModelTraits("effort", schemas=True)),
    ("*mistral.*", ModelTraits(forces="any")),
    ("*qwen.*", ModelTraits(schemas=True)),
)
"""The first glob that matches counts: model ids, inference profiles (`us.…`) and ARNs that end in either.

Claude before 3 has no tools. Names of application inference profiles do not tell the model, so those get the
defaults, which every model takes.
"""

_UNKNOWN: Final = ModelTraits()


@dataclass(frozen=True, slots=True)
class ConverseQuirks:
    """What is known of the models that one provider offers; the first match in `models` counts."""

    models: ModelTable = MODELS

    def traits(self, model: str) -> ModelTraits:
        """Return what `model` takes."""
        return next((traits for pattern, traits in self.models if fnmatchcase(model, pattern)), _UNKNOWN)
