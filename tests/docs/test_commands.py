"""The command lines of the documents are run, as they stand, by a shell that stops at the first that fails."""

import re

import pytest

from tests.docs.snippets import Snippet, executed
from tests.docs.stage import Stage
from tests.imports.predecessors import build_classroom

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("docs")]

UNTIL_FAST = 'until curl -H "Authorization: Bearer $KEY" "$TOKENROUTER_URL/v1/models/fast"; do sleep 0.1; done'
SHELL = """set -euo pipefail
curl() { command curl --fail-with-body --silent --show-error --max-time 30 "$@"; }
"""
BEFORE = {
    ("README.md", "torod keys create alice"): "torod keys revoke alice || true",
    ("docs/aliases.md", "curl http"): f"torod aliases set fast acme/echo; {UNTIL_FAST}",
    ("docs/explain.md", "toro explain fast"): f"torod aliases set fast acme/echo; {UNTIL_FAST}",
    (
        "docs/aliases.md",
        "torod aliases set fast",
    ): "torod aliases set local acme/echo; torod aliases set nano acme/echo",
}
"""What is so already where a document says this, by the beginning of a snippet."""


HARMLESS = {"curl", "torod", "toro", "export", "echo", "eval", "mkdir", "cp", "sqlite3"}
"""What is run without a second thought: nothing of the machine outside of the test's folder is changed by it."""


def _programs(snippet: Snippet) -> set[str]:
    """Return what each line begins with, variables that are set for it left out."""
    text = re.sub(r"<<'(\w+)'\n.*?\n\1$", "", snippet.text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"\\\n", " ", text)
    lines = (line.strip() for line in text.splitlines())
    words = (re.sub(r"^(\w+=\S*\s+)*", "", line).split(maxsplit=1)[:1] for line in lines if line[:1] not in ("", "#"))
    return {word for (word,) in words}


@pytest.mark.parametrize("snippet", executed("sh", "bash"), ids=lambda one: one.name)
def test_command_lines_work(snippet: Snippet, stage: Stage) -> None:
    strange = _programs(snippet) - HARMLESS
    assert not strange, f"{strange} may change this machine: list the lines in docs/not-executed.md, with the reason"
    before = [
        told for (file, line), told in BEFORE.items() if file == snippet.file and snippet.first_line.startswith(line)
    ]

    if "old/data" in snippet.text:
        build_classroom(stage.next_folder / "old", "http://127.0.0.1:9/v1")
    stage.run(["bash", "-s"], "\n".join([SHELL, *before, stage.real(snippet), ""]))
