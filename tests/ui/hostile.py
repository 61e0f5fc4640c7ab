"""What somebody who means harm, or has odd taste, calls things and says; and a provider that answers so.

What a name may be is the server's to say: names that it refuses are not tried further.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import quote

from tests.ui.serving import UiServer
from tokenrouter.testing.processes import wait_until

TEXTS: Final = (
    "<img src=x onerror=alert(1)>",
    "\"><script>alert('x')</script>",
    "\u202egnidaer \u2066from\u2069 right\u200f",
    "javascript:alert(1)//" + "W" * 60,
    "W" * 300,
)
SAID: Final = "\n\n".join((*TEXTS, "[a](javascript:alert(1)) ![b](http://127.0.0.1:9/x.png)", "\x1b[31mred"))


class _Hostile(BaseHTTPRequestHandler):
    """Lists models with such names, and answers every question so, with a call of a tool."""

    def do_GET(self) -> None:
        self._answer({"object": "list", "data": [{"id": text, "object": "model"} for text in TEXTS]})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        call = {"id": "call_1", "type": "function", "function": {"name": "x", "arguments": json.dumps({"a": SAID})}}
        message = {"role": "assistant", "content": SAID, "reasoning_content": SAID, "tool_calls": [call]}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        usage = {"prompt_tokens": 10, "completion_tokens": 10, "total_tokens": 20}
        self._answer({"id": "x", "object": "chat.completion", "model": TEXTS[0], "choices": [choice], "usage": usage})

    def _answer(self, body: dict[str, Any]) -> None:
        sent = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@contextmanager
def hostile_provider() -> Iterator[str]:
    """Yield the base URL of such a provider."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Hostile)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()


def fill(server: UiServer) -> list[str]:
    """Give everything such names and say such things; return the views that show them, each as its address."""
    call = server.gateway.call
    assert call("PUT", "/api/v1/conversations/capture/global", json_body={"enabled": True}).status == 200
    made = [one for text in TEXTS for one in _subjects(server, text)]
    keys = [body["key"] for what, body in made if what == "keys"]
    assert {what for what, _ in made} >= {"keys", "users", "teams"}, "none of these names is taken"
    for key in keys:
        wait_until("the key to work", partial(_is_known, server, key))
        asked = [_ask(server, key, f"evil/{text}") for text in TEXTS]
    wait_until("the books", lambda: call("GET", f"/api/v1/ledger/{asked[0]}").status == 200)

    def talks() -> list[dict[str, Any]]:
        """Those with an answer; some of these names are no model's."""
        return [one for one in call("GET", "/api/v1/conversations").json()["data"] if one["total_tokens"]]

    wait_until("a conversation", lambda: bool(talks()))
    (talk, *_) = talks()
    tabs = {"keys": "access", "users": "access?tab=people", "teams": "access?tab=teams"}
    panels = [
        f"/{tabs[what]}{'&' if '?' in tabs[what] else '?'}open={body['id']}" for what, body in made if what in tabs
    ]
    models = [f"/models?open={quote(f'evil/{text}', safe='')}" for text in TEXTS[:2]]
    stories = [f"/requests?open={asked[0]}", f"/requests?q={quote(TEXTS[0])}&model={quote(TEXTS[1])}"]
    tabs_of = [
        "/models?tab=aliases",
        "/models?tab=benchmark",
        "/access?tab=people",
        "/access?tab=teams",
        "/settings?tab=audit",
    ]
    return [*panels[:9], *models, *stories, *tabs_of, f"/conversations?open={talk['id']}", "/providers?open=evil"]


def _subjects(server: UiServer, text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Make one of everything that may be called `text`; yield what it is, and the server's answer."""
    for what, body in (
        ("teams", {"name": text}),
        ("users", {"name": text, "comment": SAID[:200]}),
        ("keys", {"name": text, "comment": SAID[:200]}),
        ("aliases", {"name": text, "targets": [f"evil/{TEXTS[0]}"], "comment": text[:200]}),
        (
            "limits",
            {"scope": f"team:{text}", "metric": "tokens", "window": "day", "amount": 10**9, "comment": text[:200]},
        ),
    ):
        answer = server.gateway.call("POST", f"/api/v1/{what}", json_body=body)
        assert answer.status in (201, 404, 422), f"{what} {body}: {answer.status} {answer.body.decode()}"
        if answer.status == 201:
            yield what, answer.json()


def _is_known(server: UiServer, key: str) -> bool:
    return server.gateway.call("GET", "/v1/models", key=key).status == 200


def _ask(server: UiServer, key: str, model: str) -> str:
    messages = [{"role": "system", "content": SAID}, {"role": "user", "content": SAID}]
    headers = {"user-agent": "<script>alert(1)</script>/1.0", "x-title": "<b>bold</b>"}
    body = {"model": model, "messages": messages}
    answer = server.gateway.call("POST", "/v1/chat/completions", json_body=body, key=key, headers=headers)
    return answer.headers["x-request-id"]
