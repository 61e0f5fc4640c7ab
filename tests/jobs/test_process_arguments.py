from pathlib import Path

import pytest

from tokenrouter.jobs.process_arguments import MAX_COMMAND_BYTES, command_lines, listening_address
from tokenrouter.providers.local_servers import LOCAL_KINDS

PROGRAMS = next(kind.programs for kind in LOCAL_KINDS if kind.programs)


@pytest.mark.parametrize(
    ("command", "address"),
    [
        ("llama-server -m x.gguf", ("127.0.0.1", 8080)),
        ("/opt/llama.cpp/build/bin/llama-server --port 9123 -m x.gguf", ("127.0.0.1", 9123)),
        ("llama-server --host 0.0.0.0 --port=9123", ("127.0.0.1", 9123)),
        ("llama-server --host localhost --port 1 --port 2", ("127.0.0.1", 2)),
        ("llama-server --host ::1 --port 9123", ("[::1]", 9123)),
        ("llama-server --host :: --port 9123", ("[::1]", 9123)),
        ("python3 -m llama_cpp.server --model x.gguf", ("127.0.0.1", 8000)),
        ("/usr/bin/python3.11 -m llama_cpp.server --port 8085", ("127.0.0.1", 8085)),
        ("llama-server.exe --port 9123", ("127.0.0.1", 9123)),
        ("llama-server --host 192.168.1.7 --port 9123", None),
        ("llama-server --host /tmp/llama.sock", None),
        ("llama-server --port no", None),
        ("llama-server --port 70000", None),
        ("llama-server --port", ("127.0.0.1", 8080)),
        ("vim notes/llama-server.md", None),
        ("grep -r --port 9123 llama-cli", None),
        ("", None),
    ],
)
def test_where_a_command_line_listens(command: str, address: tuple[str, int] | None) -> None:
    assert listening_address(command.split(" "), PROGRAMS) == address


def test_command_lines_are_read_from_proc(tmp_path: Path) -> None:
    for name, data in {"7": b"llama-server\0--port\x009\0", "8": b"", "9": b"x" * 2 * MAX_COMMAND_BYTES}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "cmdline").write_bytes(data)
    (tmp_path / "self").mkdir()
    (tmp_path / "10").mkdir()

    found = sorted(command_lines(tmp_path), key=len)

    assert ("llama-server", "--port", "9") in found
    assert ("x" * MAX_COMMAND_BYTES,) in found
    assert len(found) == 3


def test_where_there_is_no_proc_nobody_is_found(tmp_path: Path) -> None:
    assert list(command_lines(tmp_path / "missing")) == []
