"""`toro chat`: one question from the command line or a pipe, or a conversation in the terminal."""

import re
import sys
from typing import TYPE_CHECKING, Final

import click

from tokenrouter.cli.client import Server
from tokenrouter.cli.client_errors import ClientMistake
from tokenrouter.cli.client_options import asks_server, has_terminal, print_json
from tokenrouter.cli.opening import JSON

if TYPE_CHECKING:
    from tokenrouter.cli.terminal.conversation import Answer, Manner

EFFORTS = ("none", "low", "medium", "high")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


@click.command()
@click.argument("prompt", nargs=-1)
@click.option("-m", "--model", metavar="MODEL", help="Whom to ask; a free one or the first, when left out.")
@click.option("-s", "--system", metavar="TEXT", help="What the model is told before everything else.")
@click.option("--reasoning", type=click.Choice(EFFORTS), help="How hard it is to think; as it likes, when left out.")
@click.option("--max-tokens", type=click.IntRange(1), help="Longest answer.")
@JSON
@asks_server
def chat(
    server: Server,
    prompt: tuple[str, ...],
    model: str | None,
    system: str | None,
    reasoning: str | None,
    max_tokens: int | None,
    as_json: bool,
) -> None:
    """Ask a model PROMPT and print its answer as it comes; without PROMPT, talk with it line by line.

    What is piped in is the question, or stands below PROMPT. In a conversation, /help tells the commands.
    """
    from tokenrouter.cli.terminal.conversation import Manner
    from tokenrouter.cli.terminal.model_choice import choose_models

    question = _question(prompt)
    if not question and (as_json or not has_terminal()):
        raise ClientMistake("there is no question; give it as an argument or pipe it in")
    chosen = model or choose_models(server, 1)[0]
    manner = Manner(reasoning=reasoning, max_tokens=max_tokens)
    if question:
        _ask_once(server, chosen, system, question, manner, as_json)
        return
    from tokenrouter.cli.terminal.chat_lines import Chat

    Chat(server, chosen, system or "", manner).run()


def _question(prompt: tuple[str, ...]) -> str:
    parts = [" ".join(prompt)]
    _check("typed", parts[0])
    if sys.stdin is not None and not sys.stdin.isatty():
        try:
            parts.append(sys.stdin.read())
        except UnicodeDecodeError:
            raise _no_text("piped in") from None
        _check("piped in", parts[1])
    return "\n\n".join(part for part in parts if part.strip())


def _check(how: str, text: str) -> None:
    """Refuse what is no text: some systems hand it on in a shape that no JSON can carry (PEP 383).

    Raises:
        ClientMistake: it is none.
    """
    if not text.isascii() and _SURROGATE.search(text):
        raise _no_text(how)


def _no_text(how: str) -> ClientMistake:
    return ClientMistake(f"what is {how} is no text (UTF-8)")


def _ask_once(server: Server, model: str, system: str | None, question: str, manner: "Manner", as_json: bool) -> None:
    from tokenrouter.cli.terminal.conversation import Answer, ask, find_cost
    from tokenrouter.cli.terminal.printed_answer import print_pieces, print_summary, wait_for

    messages = [{"role": "system", "content": system}] if system else []
    messages.append({"role": "user", "content": question})
    answer = Answer(model)
    pieces = ask(server, model, messages, answer, manner)
    if as_json:
        for _ in pieces:
            pass
        find_cost(server, answer)
        print_json(told(answer))
        return
    print_pieces(pieces, wait_for(model))
    if sys.stderr.isatty():
        find_cost(server, answer)
        print_summary(answer)


def told(answer: "Answer") -> dict[str, object]:
    """Return an answer as programs read it."""
    return {
        "model": answer.model,
        "provider": answer.provider or None,
        "request_id": answer.request_id or None,
        "text": answer.text,
        "reasoning": answer.thoughts or None,
        "finish_reason": answer.finish_reason or None,
        "usage": answer.usage or None,
        "cost_usd": answer.cost_usd,
        "first_piece_s": None if answer.first_s is None else round(answer.first_s, 3),
        "took_s": round(answer.took_s, 3),
    }
