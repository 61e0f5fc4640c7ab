import json
import subprocess
import sys
from pathlib import Path
from typing import Any

PROGRAM = """
import logging, structlog, sys
from pathlib import Path
from tokenrouter.observe.log_files import LogBounds, LogFiles
from tokenrouter.observe.logging import configure_logging
kept = LogFiles(Path(sys.argv[1]), "test", LogBounds())
log = configure_logging("warning", "json", "test", kept=kept, kept_level="info", secrets=["quiet-as-a-mouse"])
structlog.get_logger("a").info("hello", key_name="alice")
structlog.get_logger("a").debug("too fine for anybody")
logging.getLogger("uvicorn").error("from %s", "elsewhere")
structlog.get_logger("a").warning("it said quiet-as-a-mouse", code=7)
log.hide(["loud-as-a-lion"])
structlog.get_logger("a").warning("it said loud-as-a-lion")
try:
    raise ValueError("tr_0123456789-abcdef")
except ValueError:
    structlog.get_logger("a").exception("broken")
"""
CONSOLE = """
import structlog
from tokenrouter.observe.logging import configure_logging
configure_logging("info", "console", "test")
try:
    raise ValueError("tr_0123456789-abcdef")
except ValueError:
    structlog.get_logger("a").exception("broken", name="alice")
"""


def run(program: str, *arguments: str) -> str:
    command = [sys.executable, "-W", "error", "-c", program, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stderr


def kept_in(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for path in sorted(folder.iterdir()) for line in path.read_text().splitlines()]


def test_a_process_logs_json_lines_and_no_secret_and_keeps_what_is_finer(tmp_path: Path) -> None:
    said = run(PROGRAM, str(tmp_path / "logs"))

    lines = [json.loads(line) for line in said.splitlines()]
    assert [line["event"] for line in lines] == [
        "from elsewhere",
        "it said [redacted]",
        "it said [redacted]",
        "broken",
    ]
    assert all(line["process"] == "test" for line in lines)
    assert "ValueError" in lines[3]["exception"]
    kept = kept_in(tmp_path / "logs")
    assert [line["message"] for line in kept] == ["hello", *(line["event"] for line in lines)]
    assert [line["level"] for line in kept] == ["info", "error", "warning", "warning", "error"]
    assert kept[2]["fields"] == {"code": 7}
    for secret in ("tr_0123456789", "mouse", "lion"):
        assert secret not in said + json.dumps(kept)


def test_words_for_a_terminal_hold_no_secret_either() -> None:
    said = run(CONSOLE)

    assert "broken" in said
    assert "alice" in said
    assert "ValueError" in said
    assert "tr_0123456789" not in said
