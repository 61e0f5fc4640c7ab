"""Texts that answer one question of the table, asked until they are right."""

from tokenrouter.cli.wizard import asking
from tokenrouter.cli.wizard.answer_checks import answer_mistake


def ask_checked(message: str, name: str, default: str = "", *, is_needed: bool = False) -> str:
    """Return the answer to the question `name`, or "" where it may be empty."""
    return asking.ask_text(message, default, check=lambda one: _mistake(name, one, is_needed=is_needed))


def _mistake(name: str, text: str, *, is_needed: bool) -> str:
    return answer_mistake(name, text) or ("is empty; write it, or press Ctrl-C" if is_needed and not text else "")


def ask_list(message: str, default: str, name: str) -> tuple[str, ...]:
    """Return the answer to a question for several texts, written with commas or spaces between them."""
    return listed(asking.ask_text(message, default, check=lambda one: answer_mistake(name, listed(one))))


def listed(text: str) -> tuple[str, ...]:
    """Return the parts of a text."""
    return tuple(text.replace(",", " ").split())
