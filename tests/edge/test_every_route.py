"""Metering hangs on the upstream call, not on the route: so every route that asks a provider leaves a row."""

import json
from contextlib import suppress
from pathlib import Path

import pytest

from tests.edge.serving import service
from tests.gateway.account.provider import Account
from tests.gateway.fakes import KEY, Client, Notes
from tokenrouter.domain.errors import GatewayError
from tokenrouter.edge import paths
from tokenrouter.edge.request import Request, RequestHead

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


@pytest.mark.parametrize(("method", "path"), asking())
async def test_every_route_that_asks_a_provider_leaves_one_row(method: bytes, path: bytes, tmp_path: Path) -> None:
    target, notes = paths.find(path), Notes()
    takes_form = path.endswith((b"/variations", b"/transcriptions", b"/translations", b"/files"))
    head = RequestHead(method, path, b"", {b"authorization": b"Bearer " + KEY})
    request = Request(head, b"" if method == b"GET" else FORM if takes_form else BODY)
    with suppress(GatewayError):
        await service(tmp_path, notes, Account()).handle(request, Client())  # type: ignore[arg-type]

    assert target is not None
    operations = {"files", "batches", "passthrough"} if target.dialect is None else {target.dialect.operation}
    assert len(notes.ended) == 1
    assert {row.operation for row in notes.ended} <= operations
    assert notes.ended[0].key_name == "alice"
