"""What the house rules say about where things are (CONTRIBUTING.md)."""

import ast
import tomllib
from pathlib import Path

from tests.repo.files import PACKAGE, ROOT, modules, project_files

TESTED_ELSEWHERE = {
    "cli/doctor/finding.py": "values without behaviour",
    "cli/wizard/answer_checks.py": "tests/cli/wizard/test_answers.py",
    "cli/wizard/asked_answers.py": "tests/cli/wizard/test_flow.py, at a terminal",
    "cli/wizard/asking.py": "tests/cli/wizard/test_flow.py, at a terminal",
    "cli/wizard/options.py": "tests/cli/wizard/test_command.py, and the documents' test of flags",
    "cli/wizard/provider_check.py": "tests/cli/wizard/test_provider_flow.py, against real providers",
    "cli/wizard/tls_flow.py": "tests/cli/wizard/test_flow.py, at a terminal",
    "config/file.py": "tests/config/test_load.py reads whole files",
    "config/paths.py": "tests/config/test_load.py",
    "config/pointers.py": "tests/config/test_load.py and test_stored_providers.py",
    "config/problems.py": "tests/config/test_load.py compares their text",
    "config/providers.py": "tests/config/test_load.py and test_stored_providers.py",
    "config/settings.py": "values without behaviour",
    "config/table.py": "tests/config/test_load.py",
    "app/control_servers.py": "tests/app/test_control.py, tests/e2e/test_observability.py",
    "admin/network_move.py": "tests/e2e/test_moved_listener.py, at real listeners; tests/admin/test_network.py",
    "admin/network_warnings.py": "tests/admin/test_network.py",
    "admin/tls_metrics.py": "tests/e2e/test_tls.py reads /metrics",
    "app/doors.py": "tests/e2e/test_tls.py, test_moved_listener.py",
    "app/listener_feed.py": "tests/app/test_listener_road.py has both ends",
    "app/listeners.py": "tests/app/test_listener_road.py, test_supervisor.py",
    "app/moving.py": "tests/app/test_listener_road.py",
    "cli/listening.py": "tests/e2e/test_tls.py, tests/cli/test_torod.py",
    "jobs/listener_desk.py": "tests/app/test_listener_road.py has both ends",
    "app/told_counters.py": "tests/app/test_control.py, tests/app/test_data.py",
    "admin/alias_bodies.py": "values; tests/admin/test_aliases.py",
    "admin/provider_bodies.py": "values; tests/admin/test_providers.py",
    "admin/model_bodies.py": "values; tests/admin/test_models.py",
    "admin/key_bodies.py": "values; tests/admin/test_keys.py",
    "admin/figure_bodies.py": "values; tests/admin/test_subject_figures.py",
    "admin/limit_bodies.py": "values; tests/admin/test_limits.py",
    "domain/actors.py": "values; tests/store/test_audit.py",
    "domain/people.py": "values; tests/store/test_teams.py, test_users.py",
    "imports/one_api_channels.py": "tables; tests/imports/test_one_api.py",
    "dialects/anthropic/cut.py": "tests/recordings/test_ended_by_us.py",
    "dialects/gemini/cut.py": "tests/recordings/test_ended_by_us.py",
    "cli/wrapping/launch.py": "shapes and values",
    "dialects/openai_responses/cut.py": "tests/recordings/test_ended_by_us.py",
    "dialects/anthropic/wire.py": "typed JSON; tests/dialects/anthropic/test_blocks.py and its neighbours",
    "dialects/base.py": "shapes and values",
    "dialects/bedrock/losses.py": "tests/dialects/bedrock/test_request_encoder.py, test_messages.py",
    "dialects/bedrock/stops.py": "tests/dialects/bedrock/test_answer.py, test_stream_decoder.py",
    "dialects/bedrock/wire.py": "tests/dialects/bedrock/test_answer.py, test_stream_decoder.py",
    "dialects/carried_state.py": "tests/dialects/test_history.py, test_translate.py",
    "dialects/client_codecs.py": "one list; tests/e2e/matrix goes through each",
    "dialects/data_urls.py": "tests/dialects/openai_chat/test_request_decoder.py",
    "dialects/effort.py": "tests/dialects/openai_chat/test_request_encoder.py and its neighbours",
    "dialects/pieces.py": "shapes and values",
    "dialects/anthropic/pieces.py": "tests/dialects/test_answer_texts.py: every recorded stream",
    "dialects/gemini/pieces.py": "tests/dialects/test_answer_texts.py: every recorded stream",
    "dialects/openai_chat/pieces.py": "tests/dialects/test_answer_texts.py: every recorded stream",
    "dialects/openai_responses/pieces.py": "tests/dialects/test_answer_texts.py: every recorded stream",
    "dialects/gemini/parts.py": "tests/dialects/gemini/test_turns.py, test_contents.py, test_answer.py",
    "dialects/gemini/said.py": "tests/dialects/gemini/test_answer.py, test_stream_encoder.py",
    "dialects/gemini/stops.py": "tests/dialects/gemini/test_answer.py, test_stream_decoder.py",
    "dialects/gemini/wire.py": "typed JSON; tests/dialects/gemini/test_request_decoder.py and its neighbours",
    "dialects/hub.py": "shapes; tests/dialects/test_translate.py fits codecs to them",
    "dialects/openai_chat/chat.py": "tests/dialects/test_relay.py, openai/test_dialect.py",
    "dialects/openai_chat/calls.py": "tests/dialects/openai_chat/test_stream_decoder.py",
    "dialects/openai_chat/codec.py": "tests/dialects/test_translate.py",
    "dialects/openai_chat/losses.py": "values; tests/dialects/openai_chat/test_request_encoder.py",
    "dialects/openai_chat/messages.py": "tests/dialects/openai_chat/test_request_encoder.py",
    "dialects/openai_chat/stops.py": "tests/dialects/openai_chat/test_answer.py",
    "dialects/openai_chat/usage.py": "tests/dialects/openai_chat/test_answer.py",
    "dialects/openai_chat/wire.py": "typed JSON; tests/dialects/openai_chat/test_request_decoder.py",
    "dialects/openai_chat/completions.py": "tests/dialects/openai/test_dialect.py",
    "dialects/openai/chunks.py": "tests/dialects/test_relay.py",
    "dialects/openai/embeddings.py": "tests/dialects/openai/test_dialect.py",
    "dialects/openai/errors.py": "tests/dialects/openai/test_dialect.py",
    "dialects/openai/files.py": "values; tests/gateway/account/test_resources.py speaks by them",
    "dialects/openai_responses/responses.py": "tests/dialects/test_relay.py, openai/test_dialect.py",
    "dialects/openai_responses/losses.py": "values; tests/dialects/openai_responses/test_request_encoder.py",
    "dialects/openai_responses/side.py": "values; tests/e2e/matrix/test_state.py",
    "dialects/openai_responses/usage.py": "tests/dialects/openai_responses/test_answer.py",
    "dialects/openai_responses/wire.py": "typed JSON; tests/dialects/openai_responses/test_items.py and its neighbours",
    "dialects/passthrough.py": "values; tests/gateway/raw/test_passthrough.py speaks by them",
    "dialects/restoring.py": "tests/dialects/test_translate.py",
    "dialects/tool_names.py": "tests/dialects/openai_chat/test_request_encoder.py",
    "dialects/wire_reading.py": "tests/dialects/openai_chat/test_request_decoder.py and its neighbours",
    "domain/alerts.py": "values without behaviour",
    "domain/answers.py": "values without behaviour",
    "cli/alias_conduct.py": "options; tests/cli/test_aliases.py",
    "domain/catalog.py": "values without behaviour",
    "domain/conduct.py": "values without behaviour",
    "hooks.py": "the public shapes; tests/gateway/test_hooks.py fits hooks to them",
    "domain/guardrails.py": "values; tests/config/test_guardrails.py",
    "domain/items.py": "values; tests/dialects reads and writes them",
    "domain/ownership.py": "values without behaviour",
    "domain/requests.py": "values without behaviour",
    "edge/control.py": "tests/e2e speaks to the control process through it",
    "edge/service.py": "tests/e2e/test_bad_input.py and its neighbours",
    "gateway/asking.py": "tests/gateway/test_engine.py: what the provider is sent",
    "gateway/account/batch_errands.py": "tests/gateway/account/test_resources.py",
    "gateway/borrowed.py": "tests/gateway/test_response_cache.py, test_idempotency.py: every row",
    "gateway/call.py": "values without behaviour",
    "gateway/flights.py": "tests/gateway/test_idempotency.py, test_response_cache.py: who waits, leaves and fails",
    "gateway/labelled.py": "tests/gateway/test_response_cache.py",
    "gateway/account/errands.py": "tests/gateway/account/test_resources.py",
    "gateway/exchange.py": "tests/gateway/test_engine.py: every ending",
    "gateway/account/files.py": "tests/gateway/account/test_resources.py",
    "gateway/account/listings.py": "tests/gateway/account/test_resources.py",
    "gateway/ports.py": "shapes; tests/app/test_ports.py fits the adapters to them",
    "gateway/raw/answers.py": "tests/gateway/raw/test_passthrough.py",
    "gateway/refused.py": "tests/gateway/test_engine.py, test_translation.py",
    "gateway/account/call.py": "values without behaviour",
    "gateway/account/roads.py": "tests/gateway/account/test_resources.py",
    "gateway/roads.py": "tests/gateway/test_engine.py: every ending",
    "gateway/stream.py": "tests/gateway/test_engine.py: every ending",
    "gateway/whole.py": "tests/gateway/test_engine.py: every ending",
    "jobs/acme_asking.py": "tests/jobs/test_acme_order.py, at a real authority",
    "jobs/acme_orders.py": "tests/e2e/test_lets_encrypt.py, at a real authority",
    "jobs/acme_question.py": "shapes",
    "providers/access_tokens.py": "shapes and values",
    "providers/codecs.py": "tests/gateway/test_ways.py, tests/providers/test_presets.py",
    "providers/endpoints.py": "values without behaviour",
    "providers/outbound.py": "values without behaviour",
    "sandbox/anthropic/fields.py": "values; tests/sandbox/anthropic/test_json.py reads by them",
    "sandbox/aws/errors.py": "tests/sandbox/aws/test_routes.py",
    "sandbox/aws/answer.py": "tests/sandbox/aws/test_routes.py",
    "sandbox/aws/request.py": "tests/sandbox/aws/test_routes.py",
    "sandbox/aws/shapes.py": "values; tests/sandbox/aws/test_json.py reads by them",
    "sandbox/errors.py": "tests/sandbox/test_faults.py",
    "sandbox/google/fields.py": "values; tests/sandbox/google/test_json.py reads by them",
    "sandbox/google/surface.py": "values without behaviour",
    "sandbox/google/errors.py": "tests/sandbox/google/test_routes.py",
    "sandbox/ids.py": "tests/sandbox/openai/test_chat.py",
    "sandbox/models.py": "tests/sandbox/test_catalog.py",
    "sandbox/operations.py": "values without behaviour",
    "sandbox/prompt.py": "tests/sandbox/openai/test_chat.py",
    "sandbox/question.py": "tests/sandbox/openai/test_chat.py",
    "sandbox/schema_values.py": "tests/sandbox/test_schema_instances.py",
    "sandbox/speech.py": "tests/sandbox/openai/test_chat.py",
    "signin/oidc/errors.py": "a tree of names",
    "signin/oidc/fetching.py": "tests/signin/oidc/test_client.py, at a real provider",
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
        if path.parts[0] not in {"providers", "sandbox", "imports"}  # importers say what others call vendors
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
