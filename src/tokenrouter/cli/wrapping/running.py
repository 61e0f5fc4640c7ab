"""A program run in the place of `toro`: on its terminal, with its signals, to its exit code.

The program stays in the process group of `toro`. So whatever a terminal sends (Ctrl-C, Ctrl-Z, a new size) reaches it
as if it had been started by the shell, and so does what a pipeline does. What reaches `toro` alone is handed on, once.
Both are told apart by who sent it: a terminal's signals come from the kernel (`si_code` of sigaction(2)).

Signals are waited for, not caught: nothing here runs at a moment that it did not choose, and whatever is to be done
when the program has ended cannot be cut off by one more Ctrl-C.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Final, NoReturn

SIGNAL_BASE: Final = 128
"""What shells add to the number of the signal that ended a program."""
_ENDING: Final = ("SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM")
_TAKEN: Final = (*_ENDING, "SIGUSR1", "SIGUSR2", "SIGTSTP", "SIGCONT", "SIGWINCH", "SIGCHLD")
_OF_TERMINALS: Final = ("SIGINT", "SIGQUIT", "SIGTSTP", "SIGWINCH")
"""What a terminal sends to everybody in front of it. A hang-up is not among them: it may reach `toro` alone."""


class Interrupted(BaseException):
    """A signal has ended it before the program was started."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_code = SIGNAL_BASE + number


def raise_when_interrupted() -> None:
    """Have signals raise `Interrupted` from now on, but those that whoever started us wants ignored."""
    for name in _ENDING:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _raise)


def _raise(number: int, _frame: FrameType | None) -> NoReturn:
    raise Interrupted(number)


def hold_signals() -> None:
    """Let no signal end this process from now on; there is no way back, so it is for what is done last."""
    if sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_BLOCK, _taken())


def pause(seconds: float) -> bool:
    """Wait, with signals held; return False as soon as somebody wants us to end."""
    if not hasattr(signal, "sigtimedwait"):
        import time

        time.sleep(seconds)
        return True
    return signal.sigtimedwait({getattr(signal, name) for name in _ENDING}, seconds) is None


def run_program(
    argv: Sequence[str], env: Mapping[str, str], awake: Callable[[], None], started: Callable[[], None]
) -> int:
    """Run a program to its end and return its exit code, 128 and the signal's number where one ended it.

    Signals are held when it returns. `started` is called once it runs, `awake` when we were stopped and go on.

    Raises:
        OSError: it cannot be started.
    """
    if sys.platform == "win32":
        return _run_plainly(argv, env, started)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # whoever ignored it would never hear of the end
    taken = _taken()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, taken)
    ours = [signal.SIGPIPE, signal.SIGXFSZ, *(one for one in taken if callable(signal.getsignal(one)))]
    pid = os.posix_spawnp(argv[0], list(argv), env, setsigmask=before, setsigdef=ours)
    started()
    return _Watched(pid, taken, awake).wait()


def _taken() -> frozenset[signal.Signals]:
    known = (getattr(signal, name) for name in _TAKEN)
    return frozenset(one for one in known if signal.getsignal(one) is not signal.SIG_IGN)


class _Watched:
    """The program while it runs."""

    def __init__(self, pid: int, taken: frozenset[signal.Signals], awake: Callable[[], None]) -> None:
        self._pid = pid
        self._taken = taken
        self._awake = awake
        self._of_terminals = frozenset(getattr(signal, name) for name in _OF_TERMINALS)

    def wait(self) -> int:
        """Hand on what comes until the program has ended; return its exit code."""
        while True:
            number, is_from_terminal = _next_signal(self._taken, self._of_terminals)
            if number == signal.SIGCHLD:
                code = self._look()
                if code is not None:
                    return code
                continue
            if not is_from_terminal:
                self._send(number)
            if number == signal.SIGTSTP:
                self._stop()
            elif number == signal.SIGCONT:
                self._awake()

    def _look(self) -> int | None:
        """Return the exit code if the program has ended; stop with it where it has stopped on our terminal."""
        pid, status = os.waitpid(self._pid, os.WNOHANG | os.WUNTRACED)
        if pid == 0:
            return None
        if os.WIFSTOPPED(status):
            if _is_in_front():
                self._stop()
            return None
        code = os.waitstatus_to_exitcode(status)
        return code if code >= 0 else SIGNAL_BASE - code

    def _stop(self) -> None:
        """Stop as every program does at Ctrl-Z; return when the shell lets us go on (its SIGCONT is handed on)."""
        os.kill(os.getpid(), signal.SIGTSTP)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTSTP})  # here we stand
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTSTP})

    def _send(self, number: int) -> None:
        os.kill(self._pid, number)  # it is ours until it was waited for, so nobody else has its number


def _next_signal(taken: frozenset[signal.Signals], of_terminals: frozenset[signal.Signals]) -> tuple[int, bool]:
    """Return the next signal, and whether a terminal has sent it to the program as well."""
    if hasattr(signal, "sigwaitinfo"):
        told = signal.sigwaitinfo(taken)
        return told.si_signo, told.si_signo in of_terminals and told.si_code > 0
    number = signal.sigwait(taken)  # macOS does not say who: in front of a terminal it usually was that
    return number, number in of_terminals and _is_in_front()


def _is_in_front() -> bool:
    """Whether our process group is the one that a terminal is for."""
    with _terminal() as fd:
        return fd is not None and os.tcgetpgrp(fd) == os.getpgrp()


@contextmanager
def _terminal() -> Iterator[int | None]:
    try:
        fd = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
    except OSError:
        yield None
        return
    try:
        yield fd
    finally:
        os.close(fd)


def _run_plainly(argv: Sequence[str], env: Mapping[str, str], started: Callable[[], None]) -> int:
    """Run a program where there are no signals to speak of: a console's Ctrl-C reaches it by itself."""
    import subprocess

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with subprocess.Popen(list(argv), env=dict(env)) as child:  # noqa: S603 - it is what was typed
        started()
        return child.wait()
