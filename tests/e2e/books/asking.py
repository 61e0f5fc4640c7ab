"""One request as its client sees it, in each of the clients' dialects: what it sends, and what has reached it.

Plain JSON over plain sockets: an SDK would repeat a request that failed, and the judge would not know whose it is.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from typing import Any

Document = dict[str, Any]
PATIENCE_S = 60.0


@dataclass(frozen=True)
class Wish:
    """What a client wants, in no dialect's words.

    Attributes:
        system: the beginning that all prompts share, long enough for caches, or "".
        leaves_after: events of a stream after which it hangs up, or None; of a whole answer it does not wait for any.
    """

    model: str
    text: str
    system: str = ""
    stream: bool = False
    max_tokens: int = 2000
    leaves_after: int | None = None


@dataclass
class Seen:
    """What one answer looked like to its client.

    Attributes:
        request_id: ours, or "" where the client has learned none.
        text: what was said in a stream, as far as it came.
        whole: whether it came to its proper end.
    """

    wish: Wish
    status: int = 0
    request_id: str = ""
    text: str = ""
    whole: bool = False


@dataclass(frozen=True)
class Dialect:
    """How one dialect asks, and how its streams speak."""

    ask: Callable[[Wish], tuple[str, Document]]
    said: Callable[[Document], str]
    is_last: Callable[[Document], bool]


def _chat(wish: Wish) -> tuple[str, Document]:
    told = [{"role": "system", "content": wish.system}] if wish.system else []
    body = {
        "model": wish.model,
        "stream": wish.stream,
        "max_completion_tokens": wish.max_tokens,
        "messages": [*told, {"role": "user", "content": wish.text}],
    }
    return "/v1/chat/completions", body


def _chat_said(event: Document) -> str:
    return "".join(choice["delta"].get("content") or "" for choice in event.get("choices", ()))


def _responses(wish: Wish) -> tuple[str, Document]:
    body = {"model": wish.model, "stream": wish.stream, "store": False, "max_output_tokens": wish.max_tokens}
    return "/v1/responses", body | {"instructions": wish.system or None, "input": wish.text}


def _responses_said(event: Document) -> str:
    return str(event["delta"]) if event.get("type") == "response.output_text.delta" else ""


def _messages(wish: Wish) -> tuple[str, Document]:
    cached = {"type": "text", "text": wish.system, "cache_control": {"type": "ephemeral"}}
    body = {"model": wish.model, "stream": wish.stream, "max_tokens": wish.max_tokens}
    body["messages"] = [{"role": "user", "content": wish.text}]
    return "/v1/messages", body | ({"system": [cached]} if wish.system else {})


def _messages_said(event: Document) -> str:
    return str(event["delta"].get("text", "")) if event.get("type") == "content_block_delta" else ""


def _gemini(wish: Wish) -> tuple[str, Document]:
    verb = "streamGenerateContent?alt=sse" if wish.stream else "generateContent"
    body: Document = {"contents": [{"role": "user", "parts": [{"text": wish.text}]}]}
    body["generationConfig"] = {"maxOutputTokens": wish.max_tokens}
    if wish.system:
        body["systemInstruction"] = {"parts": [{"text": wish.system}]}
    return f"/v1beta/models/{wish.model}:{verb}", body


def _gemini_said(event: Document) -> str:
    parts = [part for each in event.get("candidates", ()) for part in each.get("content", {}).get("parts", ())]
    return "".join(part.get("text", "") for part in parts if not part.get("thought"))


DIALECTS = {
    "chat": Dialect(_chat, _chat_said, lambda event: event.get("end") == "[DONE]"),
    "responses": Dialect(
        _responses, _responses_said, lambda event: event.get("type") in ("response.completed", "response.incomplete")
    ),
    "messages": Dialect(_messages, _messages_said, lambda event: event.get("type") == "message_stop"),
    "gemini": Dialect(
        _gemini, _gemini_said, lambda event: any("finishReason" in each for each in event.get("candidates", ()))
    ),
}


def ask(address: str, key: str, dialect: Dialect, wish: Wish, seen: Seen) -> None:
    """Send one request over a connection of its own, and write down in `seen` what comes, as it comes.

    Raises:
        OSError, HTTPException: the connection failed, or ended before its time.
    """
    path, body = dialect.ask(wish)
    host, port = address.split(":")
    with closing(HTTPConnection(host, int(port), timeout=PATIENCE_S)) as connection:
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        connection.request("POST", path, json.dumps(body), headers)
        if wish.leaves_after is not None and not wish.stream:
            _hang_up(connection)
            return
        with closing(connection.getresponse()) as answer:
            seen.status = answer.status
            seen.request_id = answer.getheader("x-request-id") or answer.getheader("request-id") or ""
            _read(answer, dialect, seen)


def _hang_up(connection: HTTPConnection) -> None:
    """Leave while the provider works: what came by then is thrown away."""
    assert connection.sock is not None
    connection.sock.settimeout(0.01)
    try:
        connection.sock.recv(1)
    except TimeoutError:
        return


def _read(answer: HTTPResponse, dialect: Dialect, seen: Seen) -> None:
    wish = seen.wish
    if answer.status != 200 or not wish.stream:
        answer.read()
        seen.whole = answer.status == 200
        return
    is_told = False
    for number, event in enumerate(_events(answer)):
        seen.text += dialect.said(event)
        is_told = is_told or dialect.is_last(event)
        if number == wish.leaves_after:
            return
    seen.whole = is_told


def _events(answer: HTTPResponse) -> Iterator[Document]:
    """Yield each event's document, up to one that cannot be read.

    `read1` is the one way to read that tells a cut from an end.
    """
    waiting = b""
    while data := answer.read1(65536):
        *lines, waiting = (waiting + data).split(b"\n")
        for line in lines:
            if line.startswith(b"data:"):
                text = line[5:].strip()
                try:
                    yield {"end": "[DONE]"} if text == b"[DONE]" else json.loads(text)
                except ValueError:
                    return
