import json
from pathlib import Path

import pytest

from tests.edge.serving import OTHER_KEY, service
from tests.edge.test_every_route import BODY
from tests.gateway.fakes import KEY, Client, Notes, Provided, Scripted
from tokenrouter.dialects.anthropic.messages import MESSAGES
from tokenrouter.domain.errors import InvalidKey, MethodNotAllowed, MissingKey, NotFound, RateLimited
from tokenrouter.edge.request import Request, RequestHead
from tokenrouter.edge.service import tell

ANSWER = b'{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1}}'


async def idempotency_key(folder: Path, key: bytes) -> bytes:
    """Return the one that the provider gets of a client that sends `again`."""
    provided = Provided(Scripted(200, b"application/json", [ANSWER]))
    headers = {b"authorization": b"Bearer " + key, b"idempotency-key": b"again"}
    request = Request(RequestHead(b"POST", b"/v1/chat/completions", b"", headers), BODY)
    await service(folder, Notes(), provided).handle(request, Client())  # type: ignore[arg-type]
    (line,) = [
        line for line in bytes(provided.asked[0].data[0]).split(b"\r\n") if line.startswith(b"idempotency-key: ")
    ]
    return line


async def test_two_tenants_with_one_idempotency_key_do_not_get_each_others_answers(tmp_path: Path) -> None:
    mine, again = await idempotency_key(tmp_path, KEY), await idempotency_key(tmp_path, KEY)
    theirs = await idempotency_key(tmp_path, OTHER_KEY)

    assert mine == again
    assert mine != theirs
    assert mine.endswith(b"-again")


def test_a_client_with_a_wrong_key_is_told_not_to_try_again() -> None:
    client = Client()
    tell(InvalidKey("The API key is not known here."), MESSAGES, "req_1", client)  # type: ignore[arg-type]

    assert client.status == 401
    assert b"x-should-retry: false\r\n" in client.headers


def test_nobody_is_told_to_come_back_too_early() -> None:
    client = Client()
    tell(RateLimited("Full.", retry_after_s=1.2), MESSAGES, "req_1", client)  # type: ignore[arg-type]

    assert b"retry-after: 2\r\n" in client.headers


async def explained(folder: Path, head: RequestHead, body: bytes) -> tuple[Client, Notes, Provided]:
    notes, client, provided = Notes(), Client(), Provided(Scripted(200, b"application/json", [ANSWER]))
    await service(folder, notes, provided).handle(Request(head, body), client)  # type: ignore[arg-type]
    return client, notes, provided


@pytest.mark.parametrize("path", [b"/v1/route/explain", b"/route/explain", b"/anthropic/v1/route/explain"])
async def test_a_request_is_explained_without_asking_anybody(path: bytes, tmp_path: Path) -> None:
    head = RequestHead(b"POST", path, b"", {b"authorization": b"Bearer " + KEY})

    client, notes, provided = await explained(tmp_path, head, BODY)

    told = json.loads(client.body)
    assert client.status == 200
    assert told["operation"] == ("messages" if b"anthropic" in path else "chat")
    assert [place["target"] for place in told["places"]] == ["acme/small"]
    assert (notes.ended, provided.asked) == ([], [])


async def test_only_a_key_gets_an_explanation_and_only_by_post(tmp_path: Path) -> None:
    with pytest.raises(MissingKey):
        await explained(tmp_path, RequestHead(b"POST", b"/v1/route/explain", b"", {}), BODY)
    with pytest.raises(MethodNotAllowed):
        await explained(tmp_path, RequestHead(b"GET", b"/v1/route/explain", b"", {}), b"")


async def test_how_a_request_was_decided_is_asked_of_the_control_process_in_the_name_of_its_key(
    tmp_path: Path,
) -> None:
    head = RequestHead(b"GET", b"/v1/route/decisions/req_01.2", b"", {b"authorization": b"Bearer " + KEY})

    _, _, provided = await explained(tmp_path, head, b"")

    asked = bytes(provided.asked[0].data[0])
    assert asked.startswith(b"GET /internal/decisions/req_01.2 ")
    assert b"x-tokenrouter-key-id: k1\r\n" in asked


@pytest.mark.parametrize("request_id", ["x", "req_", "req_%2e%2e%2fusage", "req_a%3fb", "req_a%20b", "req_" + "a" * 99])
async def test_nothing_else_is_taken_for_the_id_of_a_request(request_id: str, tmp_path: Path) -> None:
    path = f"/v1/route/decisions/{request_id}".encode()
    with pytest.raises(NotFound):
        await explained(tmp_path, RequestHead(b"GET", path, b"", {b"authorization": b"Bearer " + KEY}), b"")
