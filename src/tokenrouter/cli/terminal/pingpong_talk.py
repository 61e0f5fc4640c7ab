"""Two models that talk with each other: what one says is what the other is asked."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from tokenrouter.cli.client import Server
from tokenrouter.cli.client_errors import NoAnswer, Refused
from tokenrouter.cli.terminal.conversation import Answer, Manner, Piece, ask, find_cost

NOTHING: Final = "…"
"""What the other is told of an answer without words: most models refuse an empty question."""


@dataclass(slots=True)
class Talk:
    """One conversation of two models. `error` is why it ended before its time, and `failed` who was asked then."""

    number: int
    id: str = field(default_factory=lambda: f"toro-pingpong-{uuid.uuid4()}")
    answers: list[Answer] = field(default_factory=list)
    error: str = ""
    failed: str = ""


def hold(
    server: Server,
    talk: Talk,
    models: Sequence[str],
    starter: str,
    turn_pairs: int,
    manner: Manner,
    heard: Callable[[Talk, Answer, Piece | None], None],
) -> None:
    """Have the two talk, and note what it comes to; `heard` is told each piece, and None at the end of an answer.

    Each sees itself as the assistant and the other as the user.
    """
    manner = replace(manner, conversation_id=talk.id)
    histories: tuple[list[dict[str, str]], list[dict[str, str]]] = ([], [])
    said = starter
    for turn in range(2 * turn_pairs):
        model, own = models[turn % 2], histories[turn % 2]
        own.append({"role": "user", "content": said})
        answer = Answer(model)
        try:
            for piece in ask(server, model, own, answer, manner):
                heard(talk, answer, piece)
        except (NoAnswer, Refused) as error:
            talk.error, talk.failed = str(error), model
            break
        heard(talk, answer, None)
        talk.answers.append(answer)
        said = answer.text.strip() or NOTHING
        own.append({"role": "assistant", "content": said})
    for answer in talk.answers:
        find_cost(server, answer)
