"""What must not be relayed as it is to a provider of the client's own dialect, by the name of the dialect.

State of others that the client carries along: providers answer 400 to a signature that they did not make, on every
later turn, so a conversation that changes its provider would be lost. And the client's name for a model, where it
stands inside a body as well as in the path.
"""

from collections.abc import Callable, Mapping
from typing import Final

from tokenrouter.dialects.anthropic.replay import without_foreign_thoughts
from tokenrouter.dialects.base import Fields, RequestBody
from tokenrouter.dialects.gemini.content import BATCH_EMBED_CONTENTS, COUNT_TOKENS, EMBED_CONTENT
from tokenrouter.dialects.gemini.inner_models import with_inner_models
from tokenrouter.dialects.gemini.replay import without_foreign_signatures
from tokenrouter.dialects.json import JsonObject
from tokenrouter.dialects.openai_responses.replay import without_foreign_reasoning

Repair = Callable[[RequestBody, str], Fields]
"""Returns the changed fields of a request for a model, nothing where there is nothing to change."""


def _without_thoughts(body: RequestBody, _model: str) -> Fields:
    return without_foreign_thoughts(body) if isinstance(body, JsonObject) else {}


REPAIRS: Final[Mapping[str, Repair]] = {
    "openai-responses": lambda body, _model: without_foreign_reasoning(body),
    "anthropic-messages": _without_thoughts,
    "gemini": without_foreign_signatures,
    COUNT_TOKENS.name: with_inner_models,
    EMBED_CONTENT.name: with_inner_models,
    BATCH_EMBED_CONTENTS.name: with_inner_models,
}
