"""What a control process has taken in of its configuration, and the note of it that commands read."""

import os
import time
from collections.abc import Sequence
from dataclasses import replace

import structlog

from tokenrouter import __version__
from tokenrouter.app.arguments import ChildArguments
from tokenrouter.config.applied import Applied, write_applied
from tokenrouter.config.keyfile import outline_key
from tokenrouter.config.load import load
from tokenrouter.config.moved import forget_overruled, keep_moved
from tokenrouter.config.outline import outline_of
from tokenrouter.config.restarts import settle
from tokenrouter.config.settings import Settings

log = structlog.get_logger(__name__)


class TakenConfiguration:
    """The configuration that a server was started with, and what it has read of it since."""

    def __init__(self, started: Settings, arguments: ChildArguments, secret: bytes) -> None:
        """`started`: what it was started with; `secret`: the installation's first one."""
        self._started = started
        self._arguments = arguments
        self._key = outline_key(secret)
        self._note = Applied(
            pid=os.getpid(),
            began_s=time.monotonic(),
            at_s=time.time(),
            config=arguments.config,
            config_file=None if started.paths.config_file is None else str(started.paths.config_file),
            listen_addr=arguments.listen_addr,
            outline=outline_of(started, self._key),
            version=__version__,
        )

    def read_again(self) -> Settings:
        """Read the configuration, and return what of it counts without a restart; `note` follows, or `refuse`.

        Raises:
            ConfigErrors: it is wrong.
        """
        self._note = replace(self._note, began_s=time.monotonic(), problems=())
        read = load(config=self._arguments.config, environ=os.environ, overrides=self._arguments.overrides())
        settled, waiting = settle(read, self._started)
        file = settled.paths.config_file
        self._note = replace(
            self._note,
            config_file=None if file is None else str(file),
            waiting=waiting,
            outline=outline_of(settled, self._key),
        )
        if waiting:
            log.warning("some settings wait for a restart", settings=list(waiting))
        return settled

    def move(self, name: str, address: str) -> None:
        """Keep that the listener of the setting `name` is at another address; a reload does not undo it.

        Raises:
            OSError: it cannot be written down.
        """
        self._started = keep_moved(self._started, name, address)

    def refuse(self, problems: Sequence[object]) -> None:
        """Note that what was read is not taken, and why; what counted before still does."""
        self._write(replace(self._note, problems=tuple(map(str, problems))))

    def note(self) -> None:
        """Note that what was read counts now."""
        self._write(self._note)

    def _write(self, note: Applied) -> None:
        self._note = replace(note, at_s=time.time())
        try:
            write_applied(self._started.paths.state_dir, self._note)
            forget_overruled(self._started)
        except OSError as error:
            log.warning("it cannot be noted which configuration counts", reason=error.strerror or str(error))
