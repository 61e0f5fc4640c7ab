"""How TokenRouter-Go's programs are answered: errors as a line of text with its statuses, and which process answers.

Routes raise what routes raise everywhere. Here, on the way out, the problem document becomes that line; so no route
below `/admin/api` has to know how that program told of errors (its `http.Error`, read 2026-11).
"""

import json
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tokenrouter.admin.state import ControlState
from tokenrouter.store.users import has_user_in_role

API: Final = "/admin/api/"
PAGES: Final = "/admin"
INSTANCE_HEADER: Final = "x-opp-instance-id"
UNAUTHORIZED: Final = "unauthorized"
NOT_SET_UP: Final = "admin setup required"
_ADMINISTRATORS: Final = ("owner", "admin")
_PROBLEM: Final = "application/problem+json"
BENCHMARK_RUNNING: Final = "benchmark_running"
_AS_THEY_ARE: Final = frozenset({401, 403, 405, 429})
"""Statuses that its programs knew; whatever else was wrong with a request is 400 there, what is not found as well."""
_CODES_AS_THEY_ARE: Final = frozenset({"path_not_found", BENCHMARK_RUNNING})


class GoAnswers:
    """Turns problem documents below `/admin/api` into text, and names the process on everything below `/admin`."""

    def __init__(self, app: ASGIApp, state: ControlState) -> None:
        self._app = app
        self._state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] != "http" or not (path == PAGES or path.startswith(f"{PAGES}/")):
            await self._app(scope, receive, send)
            return
        is_api = path.startswith(API)
        if is_api and self._state.settings.admin_key_in_query:
            scope = _with_key_of_query(scope)
        await self._app(scope, receive, _Answer(self._state, send, is_api=is_api))


def _with_key_of_query(scope: Scope) -> Scope:
    """Return `scope` with the key of its query as a bearer, unless it has one."""
    if "authorization" in Headers(scope=scope):
        return scope
    key = dict(parse_qsl(scope["query_string"])).get(b"key", b"")
    return {**scope, "headers": [*scope["headers"], (b"authorization", b"Bearer " + key)]} if key else scope


class _Answer:
    """One answer on its way out; a problem document is held until it is whole."""

    def __init__(self, state: ControlState, send: Send, *, is_api: bool) -> None:
        self._state = state
        self._send = send
        self._is_api = is_api
        self._start: Message | None = None
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message)[INSTANCE_HEADER] = self._state.instance_id
            if self._is_api and Headers(scope=message).get("content-type") == _PROBLEM:
                self._start = message
                return
        if self._start is None:
            await self._send(message)
            return
        self._body += message.get("body", b"")
        if not message.get("more_body"):
            await self._tell(self._start)

    async def _tell(self, start: Message) -> None:
        is_usable = start["status"] != 401 or await run_in_threadpool(is_set_up, self._state)
        status, words = told(start["status"], json.loads(self._body), is_set_up=is_usable)
        body = f"{words}\n".encode()
        start["status"] = status
        headers = MutableHeaders(scope=start)
        headers["content-type"] = "text/plain; charset=utf-8"
        headers["content-length"] = str(len(body))
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body})


def told(status: int, problem: dict[str, Any], *, is_set_up: bool) -> tuple[int, str]:
    """Return the status and the line that tell of `problem`."""
    if status == 401:
        return (401, UNAUTHORIZED) if is_set_up else (503, NOT_SET_UP)
    words = problem["detail"]
    if status in _AS_THEY_ARE or status >= 500 or problem["code"] in _CODES_AS_THEY_ARE:
        return status, words
    return 400, words


def is_set_up(state: ControlState) -> bool:
    """Whether there is anybody who may administer: a password, a key of that role that can be used, or a person.

    May ask the database, so it blocks.
    """
    now_s = state.clock()
    has_key = any(
        key.role == "admin" and key.enabled and (key.expires_at_s is None or key.expires_at_s > now_s)
        for key in state.catalog().keys
    )
    if has_key or state.settings.admin_password:
        return True
    return has_user_in_role(state.store, _ADMINISTRATORS)
