import os
from pathlib import Path

import pytest

from tokenrouter.app.arguments import InheritedListener, parse_child_arguments


def test_a_child_reads_what_the_supervisor_writes() -> None:
    arguments = parse_child_arguments(
        ["--runtime", "/r", "--listener", "1:tls:3", "--ready-fd", "4", "--parent-fd", "5", "--listen-addr", ":1"]
    )

    assert (arguments.runtime, arguments.parent_fd) == (Path("/r"), 5)
    assert arguments.listeners == (InheritedListener(1, "tls", 3),)
    assert arguments.overrides() == {"listen_addr": ":1"}


def test_a_command_line_without_a_runtime_folder_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse_child_arguments([])
    assert "--runtime" in capsys.readouterr().err


def test_the_word_that_a_child_is_ready_is_one_line() -> None:
    read, write = os.pipe()
    parse_child_arguments(["--runtime", "/r", "--ready-fd", str(write)]).tell_ready(b'{"ready":true}')

    with os.fdopen(read, "rb") as pipe:
        assert pipe.read() == b'{"ready":true}\n'


def test_nobody_has_to_listen() -> None:
    parse_child_arguments(["--runtime", "/r"]).tell_ready(b"{}")
