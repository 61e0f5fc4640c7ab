"""What differs between AI Studio's Gemini API and Vertex AI: declared fields, file addresses, the words of refusals.

Both serve the same models with the same messages (`gemini_fields`); a signature of one is worth nothing at the other.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tokenrouter.sandbox.google.fields import GEMINI, VERTEX
from tokenrouter.sandbox.google.json import Declarations

_LEARN: Final = "Learn more: https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/gemini"


@dataclass(frozen=True, slots=True)
class Surface:
    """One of the two.

    Attributes:
        file_prefixes: how the addresses begin that a `fileData` part may name.
        unsigned_call: the refusal of a function call that came back without its signature; takes the function's name
            and the position of its content, from 1.
        bad_signature: the refusal of a signature that is not ours.
        bills_details: whether answers say when and on what terms they were made.
    """

    name: str
    declared: Declarations
    file_prefixes: tuple[str, ...]
    unsigned_call: Callable[[str, int], str]
    bad_signature: str
    bills_details: bool


def _unsigned_at_gemini(name: str, position: int) -> str:
    return (
        "Function call is missing a thought_signature in functionCall parts. This is required for tools to work "
        "correctly, and missing thought_signature may lead to degraded model performance. Additional data, function "
        f"call `default_api:{name}` , position {position}. Please refer to "
        "https://ai.google.dev/gemini-api/docs/thought-signatures for more details."
    )


def _unsigned_at_vertex(name: str, position: int) -> str:
    return (
        f"Unable to submit request because function call `{name}` in the {position}. content block is missing a "
        "`thought_signature`. Learn more: https://docs.cloud.google.com/vertex-ai/generative-ai/docs/thought-signatures"
    )


AI_STUDIO: Final = Surface(
    name="gemini",
    declared=GEMINI,
    file_prefixes=(
        "https://generativelanguage.googleapis.com/",
        "https://www.youtube.com/",
        "https://youtu.be/",
        "gs://",
    ),
    unsigned_call=_unsigned_at_gemini,
    bad_signature="Corrupted thought signature.",
    bills_details=False,
)
VERTEX_AI: Final = Surface(
    name="vertex",
    declared=VERTEX,
    file_prefixes=("gs://", "https://", "http://"),
    unsigned_call=_unsigned_at_vertex,
    bad_signature=f"Unable to submit request because Thought signature is not valid.. {_LEARN}",
    bills_details=True,
)
