"""What the house rules say about where things are (CONTRIBUTING.md)."""

import ast
import tomllib
from pathlib import Path

from tests.repo.files import PACKAGE, ROOT, modules, project_files

TESTED_ELSEWHERE = {
    "config/file.py": "tests/config/test_load.py reads whole files",
    "config/paths.py": "tests/config/test_load.py",
    "config/problems.py": "tests/config/test_load.py compares their text",
    "config/settings.py": "values without behaviour",
    "config/table.py": "tests/config/test_load.py",
    "dialects/base.py": "shapes and values",
    "dialects/openai_chat.py": "tests/dialects/test_relay.py, test_openai_dialect.py",
    "dialects/openai_completions.py": "tests/dialects/test_openai_dialect.py",
    "dialects/openai_embeddings.py": "tests/dialects/test_openai_dialect.py",
    "dialects/openai_errors.py": "tests/dialects/test_openai_dialect.py",
    "dialects/openai_responses.py": "tests/dialects/test_relay.py, test_openai_dialect.py",
    "domain/catalog.py": "values without behaviour",
    "edge/control.py": "tests/e2e speaks to the control process through it",
    "edge/service.py": "tests/e2e/test_bad_input.py and its neighbours",
    "gateway/asking.py": "tests/gateway/test_engine.py: what the provider is sent",
    "gateway/call.py": "values without behaviour",
    "gateway/exchange.py": "tests/gateway/test_engine.py: every ending",
    "gateway/ports.py": "shapes; tests/app/test_ports.py fits the adapters to them",
    "gateway/roads.py": "tests/gateway/test_engine.py: every ending",
    "gateway/stream.py": "tests/gateway/test_engine.py: every ending",
    "gateway/whole.py": "tests/gateway/test_engine.py: every ending",
    "providers/outbound.py": "values without behaviour",
    "sandbox/aws_errors.py": "tests/sandbox/test_bedrock_routes.py",
    "sandbox/bedrock_answer.py": "tests/sandbox/test_bedrock_routes.py",
    "sandbox/bedrock_request.py": "tests/sandbox/test_bedrock_routes.py",
    "sandbox/bedrock_shapes.py": "values; tests/sandbox/test_aws_json.py reads by them",
    "sandbox/errors.py": "tests/sandbox/test_faults.py",
    "sandbox/gemini_fields.py": "values; tests/sandbox/test_google_json.py reads by them",
    "sandbox/gemini_surface.py": "values without behaviour",
    "sandbox/google_errors.py": "tests/sandbox/test_gemini_routes.py",
    "sandbox/ids.py": "tests/sandbox/test_chat.py",
    "sandbox/models.py": "tests/sandbox/test_catalog.py",
    "sandbox/operations.py": "values without behaviour",
    "sandbox/prompt.py": "tests/sandbox/test_chat.py",
    "sandbox/question.py": "tests/sandbox/test_chat.py",
    "sandbox/schema_values.py": "tests/sandbox/test_schema_instances.py",
    "sandbox/speech.py": "tests/sandbox/test_chat.py",
    "store/errors.py": "a tree of names",
    "store/migrations/env.py": "tests/store/test_migrate.py",
    "upstream/connection.py": "tests/upstream/test_client.py, over real sockets",
    "upstream/response.py": "tests/upstream/test_client.py, over real sockets",
    "upstream/tunnel.py": "tests/upstream/test_proxies.py, through a real proxy",
}
NAMES_OF_DIALECTS = {"openai"}
"""A vendor that gave its name to a wire format too: the format may be named wherever formats are."""


def test_every_module_has_a_test_file_of_its_name() -> None:
    missing = [
        path.as_posix()
        for path, _ in modules()
        if not path.name.startswith("__")
        and path.as_posix() not in TESTED_ELSEWHERE
        and "versions" not in path.parts
        and not (ROOT / "tests" / path.parent / f"test_{path.name}").exists()
    ]

    assert not missing


def test_every_exception_to_that_is_still_there() -> None:
    assert not [name for name in TESTED_ELSEWHERE if not (PACKAGE / name).exists()]


def test_no_file_is_named_after_nothing() -> None:
    nameless = {"common.py", "helpers.py", "manager.py", "misc.py", "utils.py", "util.py"}

    assert not [path for path in project_files() if path.name in nameless]


def test_no_vendor_is_named_in_code_outside_providers() -> None:
    vendors = set(tomllib.loads((PACKAGE / "providers" / "presets.toml").read_text())) - NAMES_OF_DIALECTS
    assert len(vendors) > 30

    named = {
        (path.as_posix(), text)
        for path, tree in modules()
        if path.parts[0] not in {"providers", "sandbox"}
        for text in _words_of_code(tree)
        if text in vendors
    }

    assert not named


def test_every_package_says_what_it_is_for() -> None:
    silent = [
        path.as_posix()
        for path, tree in modules()
        if not ast.get_docstring(tree) and "versions" not in Path(path).parts
    ]

    assert not silent


def _words_of_code(tree: ast.Module) -> set[str]:
    """Return the string literals of a module, its docstrings left out: those may name whom they quote."""
    docstrings = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings
    }
