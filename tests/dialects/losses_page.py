"""Makes the tables in docs/translation.md from the codecs' own: `python -m tests.dialects.losses_page`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tokenrouter.dialects.anthropic import losses as anthropic_losses
from tokenrouter.dialects.bedrock import losses as bedrock_losses
from tokenrouter.dialects.gemini import losses as gemini_losses
from tokenrouter.dialects.losses import LossTable
from tokenrouter.dialects.openai_chat import completions_codec as openai_completions_codec
from tokenrouter.dialects.openai_chat import losses as openai_chat_losses
from tokenrouter.dialects.openai_responses import losses as openai_responses_losses

PAGE: Final = Path(__file__).parents[2] / "docs" / "translation.md"
BEGIN: Final = "<!-- made by `python -m tests.dialects.losses_page` from the codecs' tables -->\n"
END: Final = "<!-- end -->\n"
REQUESTS: Final[dict[str, LossTable]] = {
    "Chat": openai_chat_losses.REQUEST_LOSSES,
    "Responses": openai_responses_losses.REQUEST_LOSSES,
    "Messages": anthropic_losses.REQUEST_LOSSES,
    "Gemini": gemini_losses.REQUEST_LOSSES,
    "Converse": bedrock_losses.REQUEST_LOSSES,
}
ANSWERS: Final[dict[str, LossTable]] = {
    "Chat": openai_chat_losses.ANSWER_LOSSES,
    "Completions": openai_completions_codec.ANSWER_LOSSES,
    "Responses": openai_responses_losses.ANSWER_LOSSES,
    "Messages": anthropic_losses.ANSWER_LOSSES,
    "Gemini": gemini_losses.ANSWER_LOSSES,
}
MARKS: Final = {"emulated": "E", "dropped": "D", "refused": "**R**"}


def current_page() -> str:
    """Return the page with the tables as they should be, and everything around them as it is."""
    before, rest = PAGE.read_text("utf-8").split(BEGIN)
    return before + BEGIN + "\n".join(_tables()) + END + rest.split(END)[1]


def _tables() -> Iterator[str]:
    yield ""
    yield "**E** emulated, **D** dropped, **R** refused with a 400, · carried. Some rows depend on the vendor or the"
    yield "model: what those take is carried."
    yield ""
    yield from _overview(REQUESTS)
    for name, table in REQUESTS.items():
        yield from _details(f"To a provider that speaks {name}", table)
    yield "## What is lost on the way to a client"
    yield ""
    for name, table in ANSWERS.items():
        yield from _details(f"To a client that speaks {name}", table)


def _overview(tables: dict[str, LossTable]) -> Iterator[str]:
    yield f"| | {' | '.join(tables)} |"
    yield "|---" * (len(tables) + 1) + "|"
    for feature in dict.fromkeys(feature for table in tables.values() for feature in table):
        marks = [MARKS[table[feature].fate] if feature in table else "·" for table in tables.values()]
        yield f"| `{feature}` | {' | '.join(marks)} |"
    yield ""


def _details(title: str, table: LossTable) -> Iterator[str]:
    yield f"### {title}"
    yield ""
    yield "| | | |"
    yield "|---|---|---|"
    for loss in table.values():
        yield f"| `{loss.feature}` | {loss.fate} | {loss.how} |"
    yield ""


if __name__ == "__main__":
    PAGE.write_text(current_page(), "utf-8")
