"""Anthropic's own SDK as a judge of what we write: it is fed our bytes and tells what it understood."""

import anthropic
import httpx2
from anthropic.types import Message


def _client(body: bytes, content_type: str, status: int = 200) -> anthropic.Anthropic:
    def answer(_request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(status, headers={"content-type": content_type}, content=body)

    transport = httpx2.Client(transport=httpx2.MockTransport(answer))
    return anthropic.Anthropic(api_key="k", base_url="http://judge", http_client=transport, max_retries=0)


def streamed(wire: bytes) -> Message:
    """Return the message that the SDK's stream helper gathers from `wire`.

    Raises:
        APIStatusError: the stream tells an error.
        Exception: whatever the helper makes of a stream that breaks its rules.
    """
    client = _client(wire, "text/event-stream")
    with client.messages.stream(model="m", max_tokens=9, messages=[{"role": "user", "content": "x"}]) as stream:
        for _ in stream:
            pass
        return stream.get_final_message()


def answered(body: bytes, status: int = 200) -> Message:
    """Return the message that the SDK reads from a whole answer.

    Raises:
        APIStatusError: `status` is an error's.
    """
    client = _client(body, "application/json", status)
    return client.messages.create(model="m", max_tokens=9, messages=[{"role": "user", "content": "x"}])
