"""What OpenTelemetry calls vendors, by our kinds of providers.

`gen_ai.provider.name` has well-known values, which must be used where one applies (semantic conventions for generative
AI, open-telemetry/semantic-conventions-genai, status "Development", read in 2026-11). Others are named as we name them.
"""

from collections.abc import Mapping
from typing import Final

WELL_KNOWN: Final[Mapping[str, str]] = {
    "amazon-bedrock": "aws.bedrock",
    "anthropic": "anthropic",
    "azure": "azure.ai.openai",
    "azure-cognitive-services": "azure.ai.inference",
    "azure-deployments": "azure.ai.openai",
    "cohere": "cohere",
    "deepseek": "deepseek",
    "google-gemini": "gcp.gemini",
    "google-vertex-ai": "gcp.vertex_ai",
    "groq": "groq",
    "mistral": "mistral_ai",
    "moonshotai": "moonshot_ai",
    "openai": "openai",
    "perplexity": "perplexity",
    "xai": "x_ai",
}


def telemetry_name(kind: str, name: str) -> str:
    """Return what a provider of `kind` is called; one that only speaks a known dialect has its own `name`."""
    return WELL_KNOWN.get(kind) or (name if kind == "openai-compatible" else kind)
