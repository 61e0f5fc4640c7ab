"""Moderations: `POST /v1/moderations`.

From OpenAI's API reference ("Create moderation", read 2026-11): one result for each text, one for a list of parts, and
no usage, because it costs nothing. A text is flagged for each category whose name it contains.
"""

import re
from typing import Final

from tokenrouter.sandbox import ids
from tokenrouter.sandbox.delivery import Answer
from tokenrouter.sandbox.fields import Fields
from tokenrouter.sandbox.question import Question
from tokenrouter.sandbox.tokens import Usage

CATEGORIES: Final = (
    "harassment", "harassment/threatening", "hate", "hate/threatening", "illicit", "illicit/violent", "self-harm",
    "self-harm/intent", "self-harm/instructions", "sexual", "sexual/minors", "violence", "violence/graphic",
)  # fmt: skip
SEEN: Final = frozenset(
    ("self-harm", "self-harm/intent", "self-harm/instructions", "sexual", "violence", "violence/graphic")
)
"""Categories in which images are judged too."""
HIGH: Final = 0.97
LOW: Final = 0.0001


def answer(question: Question) -> Answer:
    """Raises: ApiError, for a request that the vendor would refuse."""
    fields = question.fields
    fields.only(("input", "model"))
    results = [_result(text, has_image) for text, has_image in _inputs(fields)]
    document = {"id": ids.letters("modr-"), "model": question.model.name, "results": results}
    return Answer(Usage(0), lambda: document)


def _inputs(fields: Fields) -> list[tuple[str, bool]]:
    """Each text, and whether there is an image beside it."""
    given = fields.values.get("input")
    if isinstance(given, str):
        return [(given, False)]
    if not isinstance(given, list) or not given:
        fields.required_text("input")
    if all(isinstance(each, str) for each in fields.array("input") or []):
        return [(text, False) for text in fields.texts("input", 1024)]
    texts, has_image = [], False
    for part in fields.objects("input"):
        if part.choice("type", ("text", "image_url")) == "text":
            texts.append(part.required_text("text"))
        else:
            part.required_member("image_url").required_text("url")
            has_image = True
    return [("\n".join(texts), has_image)]


def _result(text: str, has_image: bool) -> dict[str, object]:
    flagged = {name: bool(re.search(rf"\b{name}\b", text.lower())) for name in CATEGORIES}
    return {
        "flagged": any(flagged.values()),
        "categories": flagged,
        "category_scores": {name: HIGH if flagged[name] else LOW for name in CATEGORIES},
        "category_applied_input_types": {
            name: ["text", "image"] if has_image and name in SEEN else ["text"] for name in CATEGORIES
        },
    }
