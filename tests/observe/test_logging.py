import json
import subprocess
import sys
from typing import Any

import pytest

from tokenrouter.observe.logging import BLOT, redact, redact_text

SECRETS = ["tr_0123456789-abcdef", "sk-proj-0123456789abcdef", "llmp-" + "a" * 64, "Bearer abc.def-0123456789"]


@pytest.mark.parametrize("secret", SECRETS)
def test_what_looks_like_a_key_is_blotted_out(secret: str) -> None:
    assert redact_text(f"failed with {secret} today") == f"failed with {BLOT} today"


@pytest.mark.parametrize("name", ["api_key", "authorization", "ADMIN_PASSWORD", "set-cookie", "client_secret"])
def test_what_is_called_a_secret_is_blotted_out(name: str) -> None:
    assert redact(None, "", {name: "whatever"}) == {name: BLOT}


def test_secrets_are_found_inside_of_other_values() -> None:
    event: Any = {"event": "x", "headers": {"authorization": "y"}, "problems": [SECRETS[0], 3], "key_name": "alice"}

    assert redact(None, "", event) == {
        "event": "x",
        "headers": {"authorization": BLOT},
        "problems": [BLOT, 3],
        "key_name": "alice",
    }


PROGRAM = """
import logging, structlog
from tokenrouter.observe.logging import configure_logging
configure_logging("info", "json", "test")
structlog.get_logger("a").info("hello", key_name="alice")
structlog.get_logger("a").debug("quiet")
logging.getLogger("uvicorn").error("from %s", "elsewhere")
try:
    raise ValueError("tr_0123456789-abcdef")
except ValueError:
    structlog.get_logger("a").exception("broken")
"""


def test_a_process_logs_json_lines_and_no_secret() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in done.stderr.splitlines()]

    assert [line["event"] for line in lines] == ["hello", "from elsewhere", "broken"]
    assert all(line["process"] == "test" for line in lines)
    assert "tr_0123456789" not in done.stderr
    assert "ValueError" in lines[2]["exception"]
