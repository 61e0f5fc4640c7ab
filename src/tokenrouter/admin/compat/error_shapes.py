"""Errors as the predecessors' clients know them: `{"detail": …}`, or a line of text.

Routes raise what routes raise everywhere, and the problem document that it becomes is turned into the other shape on
its way out. So no route has to know how its program told of errors, and no error can be told in the wrong shape.
"""

import json
from collections.abc import Callable
from typing import Any, Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

Shape = Callable[[dict[str, Any]], tuple[int, str, bytes]]
"""Makes status, content type and body out of a problem document."""
_PROBLEM: Final = "application/problem+json"
_DETAIL_PATHS: Final = (
    "/admin/gen_key",
    "/admin/list_users",
    "/admin/list_costs",
    "/admin/forbid_key",
    "/admin/allow_key",
    "/admin/teams",
    "/admin/stats",
    "/admin/server-logs",
    "/register",
    "/v1/usage",
)
_TEXT_PATHS: Final = ("/auth", "/manage")


def as_detail(problem: dict[str, Any]) -> tuple[int, str, bytes]:
    """Return what FastAPI answers by itself, as both Python predecessors did: fields at fault make it a list."""
    errors = [
        {"loc": ["body", *one["field"].split(".")], "msg": one["message"], "type": "value_error"}
        for one in problem.get("errors", ())
    ]
    return problem["status"], "application/json", json.dumps({"detail": errors or problem["detail"]}).encode()


def as_text(problem: dict[str, Any]) -> tuple[int, str, bytes]:
    """Return a line, as Go's `http.Error` writes it; a body that cannot be is 400 there."""
    status = 400 if problem["status"] == 422 else problem["status"]
    return status, "text/plain; charset=utf-8", f"{problem['detail']}\n".encode()


def shape_of(path: str) -> Shape | None:
    """Return how errors of `path` are told; None leaves them as they are."""
    for paths, shape in ((_DETAIL_PATHS, as_detail), (_TEXT_PATHS, as_text)):
        if any(path == one or path.startswith(f"{one}/") for one in paths):
            return shape
    return None


class ErrorShapes:
    """Turns problem documents of the predecessors' paths into what their clients read."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        shape = shape_of(scope["path"]) if scope["type"] == "http" else None
        await self._app(scope, receive, send if shape is None else _Answer(shape, send))


class _Answer:
    """One answer on its way out; a problem document is held until it is whole."""

    def __init__(self, shape: Shape, send: Send) -> None:
        self._shape = shape
        self._send = send
        self._start: Message | None = None
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and Headers(scope=message).get("content-type") == _PROBLEM:
            self._start = message
            return
        if self._start is None:
            await self._send(message)
            return
        self._body += message.get("body", b"")
        if not message.get("more_body"):
            self._start["status"], kind, body = self._shape(json.loads(self._body))
            headers = MutableHeaders(scope=self._start)
            headers["content-type"] = kind
            headers["content-length"] = str(len(body))
            await self._send(self._start)
            await self._send({"type": "http.response.body", "body": body})
