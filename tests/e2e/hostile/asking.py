"""Requests in each client's dialect, and what their errors must look like there (dialects facts, 2.10)."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse
from typing import Any, Literal

Client = Literal["chat", "responses", "messages", "gemini"]
CLIENTS: tuple[Client, ...] = ("chat", "responses", "messages", "gemini")
TIMEOUT_S = 60.0
"""Far more than anything here takes: what is not answered by then hangs."""

_PATHS: dict[Client, str] = {
    "chat": "/v1/chat/completions",
    "responses": "/v1/responses",
    "messages": "/v1/messages",
}
_SAYING: dict[Client, dict[str, Any]] = {
    "chat": {"messages": [{"role": "user", "content": "x"}]},
    "responses": {"input": "x"},
    "messages": {"max_tokens": 99, "messages": [{"role": "user", "content": "x"}]},
    "gemini": {"contents": [{"role": "user", "parts": [{"text": "x"}]}]},
}
_OPENAI_TYPES = {
    400: "invalid_request_error",
    404: "not_found_error",
    413: "invalid_request_error",
    429: "rate_limit_error",
}
_ANTHROPIC_TYPES = {
    400: "invalid_request_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    502: "api_error",
    503: "overloaded_error",
    529: "overloaded_error",
}
_GOOGLE_STATUSES = {
    400: "INVALID_ARGUMENT",
    404: "NOT_FOUND",
    413: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
}


@dataclass(frozen=True)
class Answered:
    """A whole HTTP answer, header names in lower case; `dropped` is what of the request could not be carried."""

    status: int
    content_type: str
    body: bytes
    dropped: str = ""
    request_id: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


class Asker:
    """Speaks to the gateway over one connection, opened anew where the gateway has closed it."""

    def __init__(self, address: str, key: str) -> None:
        self._connection = HTTPConnection(address, timeout=TIMEOUT_S)
        self._headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}

    def close(self) -> None:
        self._connection.close()

    def ask(
        self, client: Client, model: str, *, stream: bool = False, begun: Callable[[], None] | None = None
    ) -> Answered:
        """Say something to `model`; `begun` is called when the answer's head is there."""
        return self.send(client, json.dumps(said(client, model, stream=stream)), model, stream=stream, begun=begun)

    def send(
        self,
        client: Client,
        body: str | bytes,
        model: str,
        *,
        stream: bool = False,
        begun: Callable[[], None] | None = None,
    ) -> Answered:
        """Send any body; `model` and `stream` matter where the path tells them."""
        return self.post(path_of(client, model, stream=stream), body, begun=begun)

    def post(self, path: str, body: str | bytes, *, begun: Callable[[], None] | None = None) -> Answered:
        """Send any body anywhere."""
        try:
            self._connection.request("POST", path, body, self._headers)
            answer = self._connection.getresponse()
            if begun is not None:
                begun()
            return self._answered(answer)
        except BaseException:
            self._connection.close()
            raise

    def announce(self, client: Client, model: str, *, size: int) -> Answered:
        """Say that a body of `size` bytes is on its way, and send none of it."""
        self._connection.putrequest("POST", path_of(client, model, stream=False))
        for name, value in {**self._headers, "content-length": str(size)}.items():
            self._connection.putheader(name, value)
        self._connection.endheaders()
        answer = self._answered(self._connection.getresponse())
        self._connection.close()
        return answer

    def _answered(self, answer: HTTPResponse) -> Answered:
        headers = answer.headers
        return Answered(
            answer.status,
            headers.get("content-type", ""),
            answer.read(),
            headers.get("x-tokenrouter-dropped", ""),
            headers.get("x-request-id") or headers.get("request-id") or "",
            {name.lower(): value for name, value in headers.items()},
        )


def path_of(client: Client, model: str, *, stream: bool) -> str:
    if client != "gemini":
        return _PATHS[client]
    return f"/v1beta/models/{model}:" + ("streamGenerateContent?alt=sse" if stream else "generateContent")


def said(client: Client, model: str, *, stream: bool = False) -> dict[str, Any]:
    """Return a request in `client`'s dialect."""
    named = {} if client == "gemini" else {"model": model, "stream": stream}
    return named | _SAYING[client]


def error_in(client: Client, answer: Answered) -> str:
    """Return the message of an error answer, after asserting that it is in the client's dialect."""
    assert answer.status >= 400, answer
    assert answer.content_type.startswith("application/json"), answer
    return message_of(client, json.loads(answer.body), answer.status)


def message_of(client: Client, body: Any, status: int) -> str:
    """Return the message of an error body that belongs to `status`."""
    error = body["error"]
    if client == "messages":
        assert body["type"] == "error"
        assert error["type"] == _ANTHROPIC_TYPES[status]
    elif client == "gemini":
        assert (error["code"], error["status"]) == (status, _GOOGLE_STATUSES.get(status, "UNAVAILABLE"))
    else:
        assert {"message", "type", "param", "code"} <= error.keys()
        assert error["type"] == _OPENAI_TYPES.get(status, "server_error")
    assert isinstance(error["message"], str)
    assert error["message"]
    return str(error["message"])


def terminal_error(client: Client, answer: Answered) -> str:
    """Return the message of the error that ends a stream, after asserting that it does."""
    assert answer.status == 200, answer
    assert answer.content_type.startswith("text/event-stream")
    *_, last = answer.body.rstrip(b"\n").split(b"\n\n")
    name, _, data = last.rpartition(b"data: ")
    event = json.loads(data)
    if client == "responses":
        assert event["type"] == "response.failed"
        assert name == b"event: response.failed\n"
        return str(event["response"]["error"]["message"])
    assert name == (b"event: error\n" if client == "messages" else b"")
    return message_of(client, event, 502)
