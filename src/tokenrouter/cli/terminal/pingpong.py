"""`toro pingpong`: two models talk with each other, to see how they do and how fast they are."""

import queue
import sys
import threading
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import click

from tokenrouter.cli.client import Server
from tokenrouter.cli.client_errors import INTERRUPTED, REFUSED, ClientMistake
from tokenrouter.cli.client_options import asks_server, print_json
from tokenrouter.cli.opening import JSON, counted
from tokenrouter.cli.terminal.chat import EFFORTS, told

if TYPE_CHECKING:
    from tokenrouter.cli.terminal.conversation import Answer, Manner, Piece
    from tokenrouter.cli.terminal.pingpong_talk import Talk

STARTER: Final = "Hello! Let us talk. Tell me something that surprised you, in a few sentences, and ask me a question."
SHOWN: Final = ("words", "dot", "none")


@click.command()
@click.option("--models", metavar="A,B", help="Who talks; two free ones or the first two, when left out.")
@click.option("--turn-pairs", type=click.IntRange(1, 1000), default=10, show_default=True, help="Answers of each.")
@click.option("--starter", metavar="TEXT", default=STARTER, help="What the first one is told.")
@click.option(
    "--reasoning", type=click.Choice(EFFORTS), help="How hard they are to think; as they like, when left out."
)
@click.option("--max-tokens", type=click.IntRange(1), default=10_000, show_default=True, help="Longest answer.")
@click.option("--runs", type=click.IntRange(1, 1000), default=1, show_default=True, help="How many talks.")
@click.option("--show-tokens", type=click.Choice(SHOWN), help="What is shown of them: words of one talk, dots of more.")
@click.option("--parallel", type=click.IntRange(1, 64), default=4, show_default=True, help="Talks at the same time.")
@JSON
@asks_server
def pingpong(
    server: Server,
    models: str | None,
    turn_pairs: int,
    starter: str,
    reasoning: str | None,
    max_tokens: int,
    runs: int,
    show_tokens: str | None,
    parallel: int,
    as_json: bool,
) -> None:
    """Let two models talk with each other, and tell how fast they are and what it cost.

    What they say goes to standard error, the table to standard output.
    """
    from tokenrouter.cli.terminal.conversation import Manner
    from tokenrouter.cli.terminal.waiting import is_watched

    pair = _pair(server, models)
    shows = show_tokens or ("words" if runs == 1 else "dot")
    manner = Manner(reasoning=reasoning, max_tokens=max_tokens)
    display = Display(shows, 2 * turn_pairs * runs, is_watched=is_watched() and not as_json)
    talks, whole = _hold_all(server, pair, starter, turn_pairs, manner, runs, parallel, display)
    _print(talks, pair, as_json)
    if not whole:
        sys.exit(INTERRUPTED)
    if any(talk.error for talk in talks):
        sys.exit(REFUSED)


class Display:
    """What is shown while they talk, on standard error: words as they come, a dot for each piece, or nothing.

    Words of talks that are held at the same time would mix, so those are shown answer by answer. While nothing else is
    shown, a terminal is told how many answers there are of those that are `expected`.
    """

    def __init__(self, shows: str, expected: int, *, is_watched: bool) -> None:
        from tokenrouter.cli.terminal.waiting import Waiting

        self.shows = shows
        self.alone = True
        self._lock = threading.Lock()
        self._speaking: Answer | None = None
        self._answers = 0
        self._expected = expected
        self._waiting = Waiting(is_shown=is_watched)

    def begin(self) -> None:
        """Wait for the first answer."""
        self._waiting.say(self._how_far())
        self._waiting.start()

    def heard(self, talk: "Talk", answer: "Answer", piece: "Piece | None") -> None:
        """Show a piece, or the end of an answer."""
        with self._lock:
            if piece is None:
                self._answers += 1
                self._waiting.say(self._how_far())
            if self.shows == "dot" and piece is not None:
                self._waiting.stop()
                click.echo(".", err=True, nl=False)
            elif self.shows == "words" and (self.alone or piece is None):
                self._waiting.stop()
                if self.alone:
                    self._show_piece(answer, piece)
                else:
                    self._show(f"{talk.number} {answer.model}: {answer.text}\n")
                if piece is None:
                    self._waiting.start()

    def finish(self) -> None:
        """End the line of dots, or of an answer that broke off; nothing is shown from then on."""
        with self._lock:
            self._waiting.stop()
            if self.shows == "dot" or self._speaking is not None:
                click.echo(err=True)
            self.shows = "none"

    def _how_far(self) -> str:
        return f"{self._answers} of {counted(self._expected, 'answer')}"

    def _show_piece(self, answer: "Answer", piece: "Piece | None") -> None:
        from tokenrouter.cli.terminal.printed_answer import bold, dim
        from tokenrouter.cli.terminal.texts import plain

        if self._speaking is not answer:
            self._speaking = answer
            click.echo(bold(f"{plain(answer.model)}: "), err=True, nl=False)
        if piece is None:
            self._speaking = None
            click.echo("\n", err=True)
        else:
            click.echo(dim(plain(piece.text)) if piece.is_thought else plain(piece.text), err=True, nl=False)

    def _show(self, text: str) -> None:
        from tokenrouter.cli.terminal.texts import plain

        click.echo(plain(text), err=True)


def _pair(server: Server, models: str | None) -> tuple[str, str]:
    from tokenrouter.cli.terminal.model_choice import choose_models

    if models is None:
        first, second = choose_models(server, 2)
        return first, second
    named = [name.strip() for name in models.split(",")]
    if len(named) > 2 or not all(named):
        raise ClientMistake(f"--models: {models!r} are not two models; write lab/small,lab/large")
    return named[0], named[-1]


def _hold_all(
    server: Server,
    pair: tuple[str, str],
    starter: str,
    turn_pairs: int,
    manner: "Manner",
    runs: int,
    parallel: int,
    display: Display,
) -> "tuple[list[Talk], bool]":
    """Hold all talks, some at the same time; return them, and whether nobody interrupted.

    The threads are daemons: after Ctrl-C nobody waits for a model that thinks.
    """
    from tokenrouter.cli.terminal.pingpong_talk import Talk, hold

    talks = [Talk(number) for number in range(1, runs + 1)]
    waiting: queue.SimpleQueue[Talk | None] = queue.SimpleQueue()
    for talk in (*talks, *[None] * parallel):
        waiting.put(talk)
    display.alone = min(parallel, runs) == 1
    server = replace(server, waits=nullcontext)  # the display says what is waited for

    def work() -> None:
        while (talk := waiting.get()) is not None:
            hold(server, talk, pair, starter, turn_pairs, manner, display.heard)

    workers = [threading.Thread(target=work, daemon=True) for _ in range(min(parallel, runs))]
    display.begin()
    for worker in workers:
        worker.start()
    try:
        for worker in workers:
            worker.join()
    except KeyboardInterrupt:
        display.finish()
        return talks, False
    display.finish()
    return talks, True


def _print(talks: "list[Talk]", pair: tuple[str, str], as_json: bool) -> None:
    from tokenrouter.cli.terminal.pingpong_sums import COLUMNS, rows, sums_of
    from tokenrouter.cli.terminal.table import print_table
    from tokenrouter.cli.terminal.texts import plain

    sums = [sums_of(model, talks) for model in dict.fromkeys(pair)]
    if as_json:
        held = [
            {"id": talk.id, "error": talk.error or None, "answers": [told(answer) for answer in talk.answers]}
            for talk in talks
        ]
        print_json({"models": sums, "talks": held})
        return
    print_table(COLUMNS, rows(sums))
    errors = [talk for talk in talks if talk.error]
    for error, model in dict.fromkeys((talk.error, talk.failed) for talk in errors):
        ended = sum((talk.error, talk.failed) == (error, model) for talk in errors)
        click.echo(plain(f"toro: {counted(ended, 'talk')} ended early, at {model}: {error}"), err=True)
