"""An answer as it appears in a terminal: thoughts dim, what is said plain, and below it what it came to."""

import os
import sys
from collections.abc import Iterator

import click

from tokenrouter.cli.terminal.conversation import Answer, Piece
from tokenrouter.cli.terminal.texts import count, dollars, plain
from tokenrouter.cli.terminal.waiting import Waiting, is_watched


def print_pieces(pieces: Iterator[Piece], waiting: Waiting) -> None:
    """Print an answer while it comes; in a pipe only what is said, and as it came. Until then it is waited for."""
    shows = sys.stdout.isatty()
    thinking = False
    ended = True
    waiting.start()
    try:
        for piece in pieces:
            if piece.is_thought and not shows:
                continue
            waiting.stop()
            if thinking and not piece.is_thought:
                click.echo("" if ended else "\n")
            thinking = piece.is_thought
            text = plain(piece.text) if shows else piece.text
            ended = text.endswith("\n")
            click.echo(dim(text) if thinking else text, nl=False, color=True)
    finally:
        waiting.stop()
        if not ended:
            click.echo()


def wait_for(model: str) -> Waiting:
    """Return what shows that a model is waited for, where somebody sees it."""
    return Waiting(f"waiting for {model}", is_shown=is_watched())


def print_summary(answer: Answer) -> None:
    """Tell on standard error what an answer came to."""
    parts = []
    if answer.usage:
        thoughts = f" ({count(answer.reasoning_tokens)} of them thoughts)" if answer.reasoning_tokens else ""
        parts.append(f"{count(answer.input_tokens)} tokens in, {count(answer.output_tokens)} out{thoughts}")
    if answer.cost_usd is not None:
        parts.append(dollars(answer.cost_usd))
    parts.append(f"{answer.took_s:.1f} s")
    if answer.tokens_per_s:
        parts.append(f"{answer.tokens_per_s:.0f} tokens/s")
    if answer.finish_reason not in ("", "stop"):
        parts.append(f"ended by {answer.finish_reason}")
    click.echo(dim(plain(" · ".join(parts))), err=True)


def dim(text: str) -> str:
    """Return text that stands back, where colours are wanted (no-color.org)."""
    return text if os.environ.get("NO_COLOR") else click.style(text, dim=True)


def bold(text: str) -> str:
    """Return text that stands out, where colours are wanted."""
    return text if os.environ.get("NO_COLOR") else click.style(text, bold=True)
