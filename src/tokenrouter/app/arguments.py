"""What the supervisor tells its children on their command line: file descriptors and paths, never a secret."""

import os
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class InheritedListener:
    """A listening socket that the supervisor has bound.

    Attributes:
        id: tells it from every other one of this server, before and after.
        kind: what is served: `http`, `redirect` (plain HTTP that leads to HTTPS) or `tls`.
    """

    id: int
    kind: str
    fd: int

    @classmethod
    def parse(cls, text: str) -> "InheritedListener":
        """Read `3:tls:7`."""
        number, kind, fd = text.split(":")
        return cls(int(number), kind, int(fd))

    def __str__(self) -> str:
        return f"{self.id}:{self.kind}:{self.fd}"


@dataclass(frozen=True, slots=True)
class ChildArguments:
    """One child's command line.

    Attributes:
        runtime: private folder with `control.sock` and `channel.sock`.
        listeners: the listening sockets, none where there are none.
        ready_fd: gets one line of JSON when the child is ready, -1 for nobody.
        parent_fd: pipe that ends when the supervisor does, -1 for none.
        config: `--config` of the server, or None.
        listen_addr: `--listen-addr` of the server, or None.
    """

    runtime: Path
    listeners: tuple[InheritedListener, ...] = ()
    ready_fd: int = -1
    parent_fd: int = -1
    config: str | None = None
    listen_addr: str | None = None

    def overrides(self) -> dict[str, object]:
        """Return the flags as settings."""
        return {"listen_addr": self.listen_addr} if self.listen_addr else {}

    def tell_ready(self, line: bytes) -> None:
        """Write the one line that the supervisor waits for."""
        if self.ready_fd >= 0:
            os.write(self.ready_fd, line + b"\n")
            os.close(self.ready_fd)


def parse_child_arguments(argv: Sequence[str]) -> ChildArguments:
    """Read a child's command line; exits with a message when it is unusable."""
    parser = ArgumentParser(description="Started by `torod serve`; not meant to be run by hand.")
    parser.add_argument("--runtime", type=Path, required=True)
    parser.add_argument("--listener", type=InheritedListener.parse, action="append", default=[], dest="listeners")
    parser.add_argument("--ready-fd", type=int, default=-1)
    parser.add_argument("--parent-fd", type=int, default=-1)
    parser.add_argument("--config")
    parser.add_argument("--listen-addr")
    read = vars(parser.parse_args(argv))
    return ChildArguments(**{**read, "listeners": tuple(read["listeners"])})
