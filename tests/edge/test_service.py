from pathlib import Path

from tests.edge.serving import OTHER_KEY, service
from tests.edge.test_every_route import BODY
from tests.gateway.fakes import KEY, Client, Notes, Provided, Scripted
from tokenrouter.dialects.anthropic.messages import MESSAGES
from tokenrouter.domain.errors import InvalidKey, RateLimited
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
