"""The program: where it listens and when it ends."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from openai import OpenAI

from tests.sandbox.conftest import http_post
from tests.sandbox.program import running


def says_hello(base_url: str) -> bool:
    with OpenAI(base_url=base_url, api_key="any", max_retries=0) as client:
        answer = client.chat.completions.create(model="echo", messages=[{"role": "user", "content": "hello"}])
    return answer.choices[0].message.content == "hello"


def test_it_prints_where_it_listens() -> None:
    with running("--port", "0") as program:
        assert program.base_url.startswith("http://127.0.0.1:")
        assert says_hello(program.base_url)


def test_it_takes_a_socket_that_listens_already() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    with listener, running("--fd", str(listener.fileno()), pass_fds=[listener.fileno()]) as program:
        assert program.base_url == f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        assert says_hello(program.base_url)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_and_what_runs_is_in_the_books(tmp_path: Path, number: signal.Signals) -> None:
    books = tmp_path / "books.jsonl"
    with running("--books", str(books)) as program:
        host, _, port = program.base_url.removeprefix("http://").removesuffix("/v1").partition(":")
        with socket.create_connection((host, int(port)), timeout=60) as connection:
            body: dict[str, object] = {
                "model": "fault/stall",
                "stream": True,
                "messages": [{"role": "user", "content": "x"}],
            }
            connection.sendall(http_post("/v1/chat/completions", body))
            connection.recv(10)
            program.process.send_signal(number)
            assert program.process.wait(60) == 0

    assert [json.loads(line).get("end") for line in books.read_text().splitlines()] == [None, "stopped"]


def test_it_ends_with_its_parents_pipe() -> None:
    reading, writing = os.pipe()
    with running("--parent-fd", str(reading), pass_fds=[reading]) as program:
        os.close(reading)
        os.close(writing)

        assert program.process.wait(60) == 0


def test_it_loads_nothing_of_the_rest_and_no_uvloop() -> None:
    code = "import sys, tokenrouter.sandbox.__main__; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()

    ours = [name for name in loaded if name.startswith("tokenrouter.") and not name.startswith("tokenrouter.sandbox")]
    assert ours == []
    assert "uvloop" not in loaded
