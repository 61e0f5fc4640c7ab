"""A conversation line by line: what somebody types, an answer to each, and the commands that begin with a slash."""

import json
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import click

from tokenrouter.cli.client import Server
from tokenrouter.cli.client_errors import NoAnswer, Refused, explained
from tokenrouter.cli.terminal.conversation import Answer, Manner, ask, find_cost
from tokenrouter.cli.terminal.printed_answer import dim, print_pieces, print_summary, wait_for
from tokenrouter.cli.terminal.texts import plain

HELP: Final = """\
/model [NAME]    ask another model from now on, or say which one is asked
/system [TEXT]   tell the model something before everything else, or nothing any more
/clear           begin anew
/save FILE       write the conversation down: as Markdown, or as JSON if FILE ends with .json
/quit            end the conversation, as /exit and Ctrl-D do
/help            this
A line that ends with \\ goes on in the next. Ctrl-C stops an answer, Ctrl-D ends the conversation."""
QUITS: Final = ("/quit", "/exit")
PROMPT: Final = "> "


@dataclass(slots=True)
class Chat:
    """One conversation; a broken or stopped answer leaves it as it was before the question."""

    server: Server
    model: str
    system: str
    manner: Manner
    messages: list[dict[str, str]] = field(default_factory=list)

    def run(self) -> None:
        """Talk until somebody ends it."""
        with suppress(ImportError):  # Windows has none, and needs none
            import readline  # noqa: F401 - the arrows and the history of `input`
        self._begin()
        click.echo(dim(f"{plain(self.model)}; /help tells more, Ctrl-D ends."), err=True)
        while True:
            try:
                line = _read_line()
            except EOFError:
                click.echo()
                return
            except KeyboardInterrupt:  # as a shell does: the line is forgotten
                click.echo()
                continue
            if line.strip() in QUITS:
                return
            if line.startswith("/"):
                self._obey(line)
            elif line.strip():
                self._answer(line)

    def _begin(self) -> None:
        self.messages = []
        self.manner = replace(self.manner, conversation_id=f"toro-{uuid.uuid4()}")

    def _answer(self, line: str) -> None:
        question = {"role": "user", "content": line}
        before = [{"role": "system", "content": self.system}] if self.system else []
        answer = Answer(self.model)
        pieces = ask(self.server, self.model, [*before, *self.messages, question], answer, self.manner)
        try:
            print_pieces(pieces, wait_for(self.model))
        except KeyboardInterrupt:
            pieces.close()
            click.echo(dim("\n(stopped; it is not part of the conversation)"), err=True)
            return
        except Refused as error:
            click.echo(plain(f"toro: {explained(error)}"), err=True)
            return
        except NoAnswer as error:
            click.echo(plain(f"toro: {error}"), err=True)
            return
        self.messages += [question, {"role": "assistant", "content": answer.text}]
        find_cost(self.server, answer)
        print_summary(answer)

    def _obey(self, line: str) -> None:
        word, _, rest = line[1:].partition(" ")
        commands: Mapping[str, Callable[[str], str]] = {
            "model": self._change_model,
            "system": self._change_system,
            "clear": self._clear,
            "save": self._save,
            "help": lambda _: HELP,
        }
        known = commands.get(word)
        click.echo(known(rest.strip()) if known else f"/{word} is not known; /help tells what is", err=True)

    def _change_model(self, name: str) -> str:
        if name == "":
            return f"{self.model} is asked; `toro models` lists them all"
        self.model = name
        return f"{name} is asked from now on"

    def _change_system(self, text: str) -> str:
        self.system = text
        return "the model is told that" if text else "the model is told nothing before"

    def _clear(self, _: str) -> str:
        self._begin()
        return "forgotten"

    def _save(self, name: str) -> str:
        if not name:
            return "name a file: /save FILE"
        told = [*([{"role": "system", "content": self.system}] if self.system else []), *self.messages]
        path = Path(name).expanduser()
        try:
            with path.open("x", encoding="utf-8") as file:
                if path.suffix == ".json":
                    json.dump({"model": self.model, "messages": told}, file, indent=2, ensure_ascii=False)
                else:
                    file.write("\n".join(f"**{message['role']}**\n\n{message['content']}\n" for message in told))
        except FileExistsError:
            return f"{path} is there already; name another"
        except (OSError, RuntimeError) as error:
            return f"{path} cannot be written: {getattr(error, 'strerror', None) or error}"
        return f"saved in {path}"


def _read_line() -> str:
    """Return what was typed, with the lines that it goes on in."""
    lines = [input(PROMPT)]
    while lines[-1].endswith("\\"):
        lines[-1] = lines[-1][:-1]
        lines.append(input("… "))
    return "\n".join(lines)
