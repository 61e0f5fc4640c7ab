"""The LLM API Proxy: `llm_proxy.db` (users with one key each, usage, errors) and the `.env` beside it.

Tables and variables: its README and models (read 2026-11); the column types of `usage_logs` and
`error_logs` vary between its generations, so nothing is assumed of them.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from tokenrouter.domain.catalog import Provider
from tokenrouter.domain.ledger import LedgerEntry, Usage
from tokenrouter.imports.cells import Cells
from tokenrouter.imports.dotenv import said_in, variables_beside
from tokenrouter.imports.found import Found, FoundKey, FoundUser, LeftBehind, SourceUnreadable
from tokenrouter.imports.naming import Naming
from tokenrouter.imports.tables import Tables, history, need_tables, subjects
from tokenrouter.imports.terms import imported_row

PROVIDER: Final = "openai"
DEFAULT_BACKEND: Final = "https://api.openai.com"
MAX_MAPPING_BYTES: Final = 2**20
_KEPT_IN_ENVIRONMENT: Final = ("MAX_CONCURRENT_REQUESTS", "REQUEST_TIMEOUT", "HOST", "PORT")
_ERROR_STATUS: Final = {"timeout": 504, "request_error": 502, "backend_error": 502, "parse_error": 502}


def read_llm_proxy(tables: Tables, file: Path | None) -> Found:
    """Read an open database; `file` is where it lies, for what lies beside it.

    Raises:
        SourceUnreadable: it is another program's, or damaged.
    """
    need_tables(tables, "the LLM API Proxy", "users", "usage_logs")
    variables = variables_beside(file) if file is not None else {}
    naming = Naming("the user")
    people: dict[int, FoundKey] = {}
    for row in subjects(tables, "users"):
        name = naming.name(row.text("username"), f"#{row.number('id')}")
        people[row.number("id")] = FoundKey(
            name,
            secret=row.text("api_key"),
            user=name,
            created_at_s=row.time_s("created_at") or 0.0,
            enabled=row.is_true("is_active", True),
        )
    provider = _provider(variables, file)
    return Found(
        "llm-proxy",
        users=tuple(FoundUser(key.user, created_at_s=key.created_at_s) for key in people.values()),
        keys=tuple(people.values()),
        providers=(provider,) if provider else (),
        default_provider=provider.name if provider else "",
        history=lambda: _history(tables, people),
        left_behind=(*naming.renamed, *_left_behind(variables, provider)),
    )


def _history(tables: Tables, people: Mapping[int, FoundKey]) -> Iterator[LedgerEntry]:
    for row in history(tables, "usage_logs"):
        usage = Usage(row.count("input_tokens"), row.count("output_tokens"), row.count("cached_tokens"))
        yield _row(row, "usage", people, usage, 200)
    for row in history(tables, "error_logs"):
        status = row.number("status_code") or _ERROR_STATUS.get(row.text("error_type"), 502)
        yield _row(row, "error", people, Usage(), status)


def _row(row: Cells, kind: str, people: Mapping[int, FoundKey], usage: Usage, status: int) -> LedgerEntry:
    key = people.get(row.number("user_id"))
    started_us = row.time_us("timestamp") or row.time_us("created_at")
    model = row.text("model")
    return imported_row(
        ("llm-proxy", kind, key.id if key else "", row.number("id"), started_us, model, *usage[:2]),
        started_us,
        usage,
        key_id=key.id if key else "",
        key_name=key.name if key else "",
        user=key.user if key else "",
        provider=PROVIDER,
        model=model,
        status=status,
    )


def _provider(variables: Mapping[str, str], file: Path | None) -> Provider | None:
    secret = variables.get("OPENAI_API_KEY", "")
    if not secret:
        return None
    backend = (variables.get("OPENAI_BACKEND_URL") or DEFAULT_BACKEND).rstrip("/")
    is_usual = backend == DEFAULT_BACKEND
    return Provider(
        name=PROVIDER,
        kind="openai" if is_usual else "openai-compatible",
        base_url=f"{backend.removesuffix('/v1')}/v1",
        secret=secret,
        origin="database",
        model_mapping=_mapping(variables.get("MODEL_MAPPING_FILE", ""), file),
    )


def _mapping(name: str, file: Path | None) -> dict[str, str]:
    """Return the JSON object of `MODEL_MAPPING_FILE`; a missing file is no mapping, as it was there."""
    if not name or file is None:
        return {}
    try:
        with (file.absolute().parent / name).open("rb") as opened:
            mapping = json.loads(opened.read(MAX_MAPPING_BYTES))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise SourceUnreadable(f"MODEL_MAPPING_FILE {name!r} cannot be read: {error}") from None
    if not isinstance(mapping, dict):
        raise SourceUnreadable(f"MODEL_MAPPING_FILE {name!r} holds no JSON object")
    return {str(asked): str(sent) for asked, sent in mapping.items()}


def _left_behind(variables: Mapping[str, str], provider: Provider | None) -> Iterator[LeftBehind]:
    if provider is None:
        yield LeftBehind(
            "the backend", "there is no .env with OPENAI_API_KEY beside the database; set it where the server runs"
        )
    for name in said_in(variables, *_KEPT_IN_ENVIRONMENT):
        yield LeftBehind(f"${name}", "it is a setting of the server: leave it in its environment, it is read here too")
