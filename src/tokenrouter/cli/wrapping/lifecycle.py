"""The life of a wrapped program: a key is made, the program runs with it, the key is revoked, however it ends."""

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import click

from tokenrouter.cli.client import NoAnswer, Refused, Server
from tokenrouter.cli.terminal.texts import plain
from tokenrouter.cli.terminal.waiting import waits
from tokenrouter.cli.wrapping.launch import Launch, Tool
from tokenrouter.cli.wrapping.private_folder import private_folder
from tokenrouter.cli.wrapping.running import Interrupted, hold_signals, pause, raise_when_interrupted, run_program
from tokenrouter.cli.wrapping.temporary_key import Heartbeat, TemporaryKey, make_key, revoke, usual_name
from tokenrouter.cli.wrapping.wishes import Wishes

REFUSED: Final = 1
NO_ANSWER: Final = 3
CANNOT_RUN: Final = 126
NOT_FOUND: Final = 127
"""Exit codes of our own: no key was made, nobody could be asked; and, as shells have them, no program was started."""
_HOW_TO_SAY: Final = "say it with `toro set-key`, TOKENROUTER_API_KEY or --key"
_ADVICE: Final = {
    401: f"That is about your own key; {_HOW_TO_SAY}.",
    403: "Ask an administrator for a key that may have temporary ones below it, or use another with --key.",
    422: "Another key of yours may do; use it with --key.",
}


def run_with_key(server: Server, tool: Tool, wishes: Wishes, *, args: Sequence[str], model: str) -> int:
    """Run a tool with a temporary key; return the exit code, which is the program's where it was started."""
    if not server.key:
        _say(f"a temporary key stands below your own, and you have said none; {_HOW_TO_SAY}")
        return REFUSED
    raise_when_interrupted()
    name = wishes.name or usual_name(tool.name)
    life = _Life(server, name, is_named_by_us=wishes.name is None, is_quiet=wishes.is_quiet)
    try:
        with life, private_folder() as folder:
            try:
                with waits(f"asking {server.url} for a temporary key", quietly=wishes.is_quiet)():
                    made = life.begin(wishes.ttl_s, f"toro {tool.name}")
                launch = tool.prepare(server, made.key, model, args, folder)
                return _run(life, made, launch, wishes)
            finally:
                hold_signals()
    except Interrupted as signalled:
        return signalled.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except NoAnswer as error:
        _say(str(error))
        return NO_ANSWER
    except Refused as error:
        _say(f"no temporary key was made: {_sentence(str(error))} {_advice(error.status, wishes)}".rstrip())
        return REFUSED


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _advice(status: int, wishes: Wishes) -> str:
    """Return what can be done; where the name may be what is wrong, that is said by the server."""
    return "" if status == 422 and wishes.name else _ADVICE.get(status, "")


@dataclass(slots=True)
class _Life:
    """What there is to end: a key that was made, or may have been; it is revoked where this is left.

    `is_named_by_us`: nobody else can have a key of this name, so it may be revoked by it.
    """

    server: Server
    name: str
    is_named_by_us: bool
    is_quiet: bool
    heartbeat: Heartbeat | None = None
    _key: TemporaryKey | None = None
    _may_be_there: bool = False

    def begin(self, ttl_s: float, comment: str) -> TemporaryKey:
        """Make the key.

        Raises:
            NoAnswer, Refused: as `make_key`.
        """
        self._may_be_there = True
        try:
            self._key = make_key(self.server, self.name, ttl_s=ttl_s, comment=comment)
        except Refused:
            self._may_be_there = False
            raise
        return self._key

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        """Revoke the key, and say so where that is not possible."""
        hold_signals()
        if self.heartbeat is not None:
            self.heartbeat.stop()
        if self._key is not None:
            with waits(f"revoking the temporary key {self.name!r}", quietly=self.is_quiet)():
                problem = revoke(self.server, self._key.id, pause)
            if problem:
                _say(
                    f"the key {self.name!r} ({self._key.id}) could not be revoked: {problem}; nobody speaks for it any "
                    f"more, so it is suspended within 90 seconds, and deleted at {self._key.ends}"
                )
        elif self._may_be_there and self.is_named_by_us:
            revoke(self.server, self.name, lambda _: False)  # if it was not made, there is nothing to say


def _run(life: _Life, key: TemporaryKey, launch: Launch, wishes: Wishes) -> int:
    if shutil.which(launch.argv[0]) is None and not Path(launch.argv[0]).exists():
        _say(f"{launch.argv[0]}: there is no such program")
        return NOT_FOUND
    if not wishes.is_quiet:
        _say(f"{launch.argv[0]} runs with the temporary key {key.name!r}, until {key.ends} at most")
    life.heartbeat = heartbeat = Heartbeat(life.server, key.id)
    env = child_environment(os.environ, launch, life.server, key.key)
    try:
        code = run_program(launch.argv, env, heartbeat.now, heartbeat.start)
    except OSError as error:
        _say(f"{launch.argv[0]} cannot be started: {error.strerror}")
        return CANNOT_RUN
    if heartbeat.is_gone:
        _say(f"the key {key.name!r} was gone before the program ended: its time was over, or somebody revoked it")
    return code


def child_environment(environ: Mapping[str, str], launch: Launch, server: Server, key: str) -> dict[str, str]:
    """Return the variables of a program, without those that hold our own key, alone or among other words.

    `toro` started by the program finds the temporary key as its own, and makes keys below that one.
    """
    kept = {name: value for name, value in environ.items() if name not in launch.drop_env and server.key not in value}
    return kept | {"TOKENROUTER_URL": server.url, "TOKENROUTER_API_KEY": key} | dict(launch.set_env)


def _say(message: str) -> None:
    try:
        click.echo(plain(f"toro: {message}"), err=True)  # some of it may be a server's
    except OSError:  # nobody listens any more, which must keep neither the key from being revoked nor change the end
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
