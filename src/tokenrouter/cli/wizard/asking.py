"""Questions on a terminal: choices by arrows and typing, texts that are asked again until they are right.

Ctrl-C and Ctrl-D at any question raise `Stopped`; what was answered until then is forgotten.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import click
import questionary
from prompt_toolkit.styles import Style

Check = Callable[[str], str]
"""Returns what is wrong with a text, "" when nothing is."""
T = TypeVar("T")
SEARCH_FROM: Final = 12
"""Longer lists are searched by typing."""
_STYLE: Final = Style([("instruction", "fg:ansibrightblack"), ("highlighted", "bold"), ("answer", "fg:ansicyan")])


class Stopped(Exception):
    """The person at the terminal wants no more questions."""


def choose(message: str, choices: Mapping[str, str], default: str = "") -> str:
    """Return the key of the choice that is taken; `choices` are keys and what is shown for them."""
    shown = [questionary.Choice(title, value=key) for key, title in choices.items()]
    is_long = len(shown) >= SEARCH_FROM
    hint = "(arrows or type to search)" if is_long else "(arrows, Enter)"
    chosen = next((choice for choice in shown if choice.value == default), None)
    question = questionary.select(
        message,
        choices=shown,
        default=chosen,
        instruction=hint,
        use_search_filter=is_long,
        use_jk_keys=False,
        style=_STYLE,
    )
    return str(_answer(question))


def ask_text(message: str, default: str = "", *, check: Check = lambda _: "") -> str:
    """Return a text that `check` finds nothing wrong with; what is wrong is told, and it is asked again."""
    while True:
        text = str(_answer(questionary.text(message, default=default, style=_STYLE))).strip()
        problem = check(text)
        if not problem:
            return text
        complain(problem)
        default = text


def ask_secret(message: str, *, check: Check = lambda _: "") -> str:
    """Return a text that nobody sees while it is typed."""
    while True:
        text = str(_answer(questionary.password(message, style=_STYLE))).strip()
        problem = check(text)
        if not problem:
            return text
        complain(problem)


def confirm(message: str, *, default: bool) -> bool:
    """Return whether the answer is yes; Enter ends it, so that a habitual "y, Enter" answers no further question."""
    return bool(_answer(questionary.confirm(message, default=default, auto_enter=False, style=_STYLE)))


def tell(message: str) -> None:
    """Say something that is no question."""
    click.echo(f"  {message}")


def complain(problem: str) -> None:
    """Say what is wrong with an answer."""
    click.secho(f"  {problem}", fg="red")


def _answer(question: questionary.Question) -> Any:
    try:
        answer = question.unsafe_ask()
    except (KeyboardInterrupt, EOFError):
        raise Stopped from None
    return answer
