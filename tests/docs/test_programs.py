"""The lines of Python and JavaScript in the documents are run, with the vendors' own SDKs."""

import shutil
import sys

import pytest

from tests.docs.snippets import Snippet, executed
from tests.docs.stage import Stage
from tests.repo.files import ROOT

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("docs")]

PYTHON = {
    "uuid": "import uuid",
    "anthropic": "import anthropic",
    "genai": "from google import genai",
    "client.": 'import openai\nclient = openai.OpenAI(base_url="http://127.0.0.1:8080/v1", api_key="tr_…")',
}
"""What a reader has in front of a snippet that says a word; all of it before each would take longer than they do."""
ASKED = 'model="acme/small", messages=[{"role": "user", "content": "Hello"}]'
SDK_NODE = ROOT / "tests" / "sdk_node" / "node_modules"


def _whole(snippet: Snippet) -> Snippet:
    """Return a snippet whose dots are what a reader puts there."""
    text = snippet.text.replace("create(...,", f"create({ASKED},").replace("messages=[...]", ASKED.partition(", ")[2])
    return Snippet(snippet.file, snippet.line, snippet.language, text)


@pytest.mark.parametrize("snippet", executed("python"), ids=lambda one: one.name)
def test_python_works(snippet: Snippet, stage: Stage) -> None:
    whole = _whole(snippet)
    before = [lines for word, lines in PYTHON.items() if word in whole.text]

    text = "\n".join([*before, whole.text, ""])
    stage.run([sys.executable, "-"], stage.real(Snippet(whole.file, 0, "python", text)))


@pytest.mark.parametrize("snippet", executed("js"), ids=lambda one: one.name)
def test_javascript_works(snippet: Snippet, stage: Stage) -> None:
    node = shutil.which("node")
    if node is None or not SDK_NODE.exists():
        pytest.skip("Node.js or the SDKs of tests/sdk_node are not there: say `make sdk-node`")
    imports = (
        f"import OpenAI from '{SDK_NODE}/openai/index.mjs';\n"
        f"import Anthropic from '{SDK_NODE}/@anthropic-ai/sdk/index.mjs';\n"
        f"import {{ GoogleGenAI }} from '{SDK_NODE}/@google/genai/dist/node/index.mjs';\n"
    )

    stage.run([node, "--input-type=module", "-"], imports + stage.real(snippet) + "\n")
