"""Metering hangs on the upstream call, not on the route: so every route that asks a provider leaves a row."""

import json
from contextlib import suppress
from pathlib import Path

import pytest

from tests.gateway.account import Account
from tests.gateway.fakes import KEY, Client, Held, Notes, Tokens, catalog
from tokenrouter.domain.catalog import Provider
from tokenrouter.domain.errors import GatewayError
from tokenrouter.edge import paths
from tokenrouter.edge.control import ControlRelay
from tokenrouter.edge.request import Request, RequestHead
from tokenrouter.edge.service import Service
from tokenrouter.gateway.directory import Directory
from tokenrouter.gateway.engine import Gateway
from tokenrouter.gateway.exchange import Ports
from tokenrouter.gateway.ownership import Ownership
from tokenrouter.gateway.resources import Resources
from tokenrouter.gateway.stored_responses import StoredResponses
from tokenrouter.journal.ownership_log import OwnershipLog
from tokenrouter.journal.response_files import ResponseFiles
from tokenrouter.limits.memory import MemoryLimiter
from tokenrouter.observe.figures import Figures

BODY = json.dumps(
    {
        "model": "acme/small",
        "messages": [{"role": "user", "content": "x"}],
        "max_tokens": 5,
        "prompt": "x",
        "input": "x",
        "voice": "v",
        "query": "x",
        "documents": [],
        "contents": [{"role": "user", "parts": [{"text": "x"}]}],
        "input_file_id": "file-1",
    }
).encode()
FORM = (
    b'--b\r\ncontent-disposition: form-data; name="model"\r\n\r\nacme/small\r\n'
    b'--b\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nuser_data\r\n'
    b'--b\r\ncontent-disposition: form-data; name="file"; filename="f"\r\n\r\nx\r\n--b--\r\n'
)
WITH_IDS = (
    b"/v1/files/file-1",
    b"/v1/files/file-1/content",
    b"/v1/batches/batch_1",
    b"/v1/batches/batch_1/cancel",
    b"/passthrough/acme/v1/chat/completions",
    b"/v1beta/models/acme/small:generateContent",
    b"/v1beta/models/acme/small:streamGenerateContent",
    b"/v1beta/models/acme/small:countTokens",
    b"/v1beta/models/acme/small:embedContent",
    b"/v1beta/models/acme/small:batchEmbedContents",
)


def asking() -> list[tuple[bytes, bytes]]:
    """Every method and path that asks a provider."""
    targets = {**paths.TARGETS, **{path: paths.find(path) for path in WITH_IDS}}
    return [
        (method, path)
        for path, target in targets.items()
        if target is not None and target.inquiry is None
        for method in target.method.replace(b"*", b"POST").split(b", ")
    ]


def service(folder: Path, notes: Notes) -> Service:
    acme = Provider("acme", "sandbox", "http://127.0.0.1:9/v1", secret="sk-acme", models=("small",))
    source = Held(Directory(catalog(providers=(acme,)), b""))
    account, limiter = Account(), MemoryLimiter((), restored=True)
    ports = Ports(notes, limiter, Figures(), Tokens())
    gateway = Gateway(source, account, ports)
    resources = Resources(gateway, source, account, ports, Ownership(OwnershipLog(folder)))
    control = ControlRelay(account, folder / "none.sock")
    stored = StoredResponses(ResponseFiles(folder / "responses", b"k" * 32))
    return Service(gateway, source, limiter, control, Ready(), lambda: False, resources, stored)


class Ready:
    def why_not_ready(self) -> str:
        return ""


@pytest.mark.parametrize(("method", "path"), asking())
async def test_every_route_that_asks_a_provider_leaves_one_row(method: bytes, path: bytes, tmp_path: Path) -> None:
    target, notes = paths.find(path), Notes()
    takes_form = path.endswith((b"/variations", b"/transcriptions", b"/translations", b"/files"))
    head = RequestHead(method, path, b"", {b"authorization": b"Bearer " + KEY})
    request = Request(head, b"" if method == b"GET" else FORM if takes_form else BODY)
    with suppress(GatewayError):
        await service(tmp_path, notes).handle(request, Client())  # type: ignore[arg-type]

    assert target is not None
    operations = {"files", "batches", "passthrough"} if target.dialect is None else {target.dialect.operation}
    assert len(notes.ended) == 1
    assert {row.operation for row in notes.ended} <= operations
    assert notes.ended[0].key_name == "alice"
