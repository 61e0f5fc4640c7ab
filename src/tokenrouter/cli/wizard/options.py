"""The flags of `torod config`: one for each question whose answer is no secret, and how it is answered."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

import click

from tokenrouter.cli.wizard.questions import LOCAL, NONE, QUESTIONS, SANDBOX, Question

F = TypeVar("F", bound=Callable[..., Any])
_METAVARS: Final = {
    "provider_type": f"VENDOR|{LOCAL}|{SANDBOX}|{NONE}",
    "listen_addr": "HOST:PORT",
    "tls_listen_addr": "HOST:PORT",
    "tls_redirect_addr": "HOST:PORT",
    "provider_key_env": "VARIABLE",
    "provider_key_file": "FILE",
    "tls_cert_file": "FILE",
    "tls_key_file": "FILE",
}


def wizard_options(command: F) -> F:
    """Give `command` the flags; those that were used arrive by their question's name, the others as None."""
    more = (
        click.option(
            "--answers", metavar="FILE", help="Take the answers from a TOML or JSON file; - is standard input."
        ),
        click.option("--yes", is_flag=True, help="Ask nothing: what was not answered stays, or is the default."),
        click.option("--no-test", is_flag=True, help="Try nothing in the network: provider, database, Redis, DNS."),
        click.option("--dry-run", is_flag=True, help="Print the file instead of writing it; secrets are shown as …"),
    )
    questions = (_option(question) for question in QUESTIONS if question.kind != "secret")
    for option in reversed((*questions, *more)):
        command = option(command)
    return command


def _option(question: Question) -> Callable[[F], F]:
    if question.kind == "flag":
        return click.option(
            f"{question.flag}/--no-{question.flag[2:]}", question.name, default=None, help=question.about
        )
    if question.choices:
        return click.option(question.flag, question.name, type=click.Choice(question.choices), help=question.about)
    metavar = _METAVARS.get(question.name, "TEXT")
    return click.option(
        question.flag, question.name, metavar=metavar, multiple=question.kind == "texts", help=question.about
    )
