"""The OpenAPI document against the application: made-up requests of every operation are answered as it declares.

No answer is a failure of the server, and each has a status, a type and a shape that its operation declares. Half of the
requests name something that is there. Event streams never end, so they are left to their own tests; inference is served
by another process.
"""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import hypothesis
import pytest
import requests
import schemathesis.checks
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st
from schemathesis.config import SchemathesisConfig
from schemathesis.core.result import Ok
from schemathesis.generation.case import Case
from schemathesis.generation.modes import GenerationMode
from schemathesis.python import asgi
from schemathesis.specs.openapi import checks

from tests.admin.installation import ALICE, MASTER, ROOT, Installation
from tokenrouter.admin.app import api_document
from tokenrouter.admin.openapi_data_plane import PATHS
from tokenrouter.store.engine import open_store

FEW, MANY = 2, 100
"""Requests of each operation that fit its schema, and as many that do not."""
CHECKS: list[Any] = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
MADE: dict[str, dict[str, Any]] = {
    "/api/v1/teams": {"name": "physics"},
    "/api/v1/users": {"name": "ann", "email": "ann@example.org"},
    "/api/v1/keys": {"name": "bob", "team": "physics"},
    "/api/v1/aliases": {"name": "quick", "targets": ["acme/small"]},
    "/api/v1/limits": {"scope": "team:physics", "metric": "requests", "window": "day", "amount": 5},
    "/api/v1/providers": {
        "name": "home",
        "provider_type": "openai-compatible",
        "base_url": "https://provider.invalid/v1",
    },
    "/api/v1/access-codes": {"team": "physics"},
}
KNOWN = {
    "name_or_id": ("physics", "bob", "ann", "alice"),
    "name": ("home", "quick", "acme", "fast", "sign_up"),
    "user": ("ann", "nobody"),
    "scope": ("global", "team:physics", "key:bob"),
    "provider": ("acme", "home"),
    "model": ("small", "large"),
}
_ENDLESS = ("/stream", "/events")


def described() -> dict[str, Any]:
    """Return what the control process serves, without the streams."""
    document = api_document()
    own = {path: item for path, item in document["paths"].items() if path not in PATHS and not path.endswith(_ENDLESS)}
    return {**document, "paths": own}


def configured() -> SchemathesisConfig:
    """Return the way to make requests: who asks is ours to say."""
    config = SchemathesisConfig(seed=1)
    config.projects.default.generation.with_security_parameters = False
    return config


AnyCase = Case[Any]
SCHEMA = schemathesis.openapi.from_dict(described(), config=configured())
OPERATIONS = {found.label: found for found in (one.ok() for one in SCHEMA.get_all_operations() if isinstance(one, Ok))}


@dataclass
class Gateway:
    """An installation with something of every kind in it, and the way to ask it."""

    client: requests.Session
    known: dict[str, tuple[str, ...]]

    def ask(self, case: AnyCase, headers: Mapping[str, str], number: int) -> None:
        """Ask what `case` says, and hold the answer against what is declared; odd numbers name what is there."""
        if number % 2:
            case.path_parameters = {
                name: self.known[name][number % len(self.known[name])] if name in self.known else value
                for name, value in case.path_parameters.items()
            }
            case.headers.pop("if-match", None)
        answer = case.call(base_url="http://testserver", session=self.client, headers=dict(headers))
        case.validate_response(answer, checks=CHECKS, headers=dict(headers))

    def furnish(self) -> None:
        """Make what an operation before may have removed."""
        for path, body in MADE.items():
            answer = self.client.post(f"http://testserver{path}", json=body, headers=ROOT)
            assert answer.status_code in (201, 409), (path, answer.text)
            if answer.status_code == 201 and "id" in answer.json():
                name = {"/api/v1/limits": "limit_id", "/api/v1/access-codes": "code_id"}.get(path, "")
                self.known[name] = (str(answer.json()["id"]),)


@pytest.fixture(scope="module")
def gateway(migrated_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("schemathesis")
    shutil.copy(migrated_database, folder / "tokenrouter.db")
    store = open_store(f"sqlite:///{folder / 'tokenrouter.db'}")
    app = Installation(store, folder).app()
    SCHEMA.app = app
    with asgi.get_client(cast("asgi.ASGIApp", app)) as client:
        gateway = Gateway(client, dict(KNOWN))
        gateway.furnish()
        yield gateway
    store.close()


def holds(gateway: Gateway, label: str, headers: Mapping[str, str], requests_each: int) -> None:
    """Ask one operation as its schema has it, and as its schema forbids where it forbids anything.

    Any text will do in a path, so what has neither a question nor a body cannot be asked wrongly.
    """
    operation = OPERATIONS[label]
    unfit = [GenerationMode.NEGATIVE] if operation.query or operation.body else []
    for mode in (GenerationMode.POSITIVE, *unfit):

        @hypothesis.settings(
            max_examples=requests_each,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @hypothesis.given(operation.as_strategy(generation_mode=mode), st.integers(0, 99))
        def asked(case: AnyCase, number: int) -> None:
            gateway.ask(case, headers, number)

        asked()
    if label.startswith("DELETE"):
        gateway.furnish()


def test_every_operation_is_asked() -> None:
    assert len(OPERATIONS) == sum(len(item) for item in described()["paths"].values())


@pytest.mark.parametrize("label", OPERATIONS)
def test_an_admin_is_answered_as_the_document_says(gateway: Gateway, label: str) -> None:
    holds(gateway, label, ROOT, FEW)


@pytest.mark.parametrize("headers", [MASTER, ALICE, {}], ids=["keymaster", "inferrer", "nobody"])
def test_whoever_may_less_is_answered_as_the_document_says(gateway: Gateway, headers: Mapping[str, str]) -> None:
    for label in OPERATIONS:
        if label.startswith("GET") and "{" not in label:
            holds(gateway, label, headers, 1)


@pytest.mark.torture
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("headers", [ROOT, MASTER, ALICE], ids=["admin", "keymaster", "inferrer"])
@pytest.mark.parametrize("label", OPERATIONS)
def test_many_requests_are_answered_as_the_document_says(
    gateway: Gateway, label: str, headers: Mapping[str, str]
) -> None:
    holds(gateway, label, headers, MANY)
