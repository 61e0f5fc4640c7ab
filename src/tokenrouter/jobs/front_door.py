"""The gateway's own address, as a client of it sees it: what the benchmark asks through.

The answer is asked for as a stream, because that tells when it began, and is read as it arrives: no clock of ours is
inside what is measured.
"""

import time
from collections.abc import Callable
from typing import Final

import msgspec

from tokenrouter.dialects.event_payloads import EventPayloads
from tokenrouter.domain.catalog import Timeouts
from tokenrouter.domain.errors import GatewayError, ProviderProtocolError
from tokenrouter.jobs.benchmark import ChatFailed, Said
from tokenrouter.providers.base import request_head
from tokenrouter.providers.compatible import USER_AGENT
from tokenrouter.providers.outbound import Destination, UpstreamRequest
from tokenrouter.providers.urls import split_base_url
from tokenrouter.upstream.client import UpstreamClient

PATH: Final = "/v1/chat/completions"
MAX_ANSWER_BYTES: Final = 2 * 2**20
MAX_OUTPUT_TOKENS: Final = 200
"""Room for one sentence, and for a little thinking before it."""
_TIMEOUTS: Final = Timeouts(connect_s=2.0, first_byte_s=120.0, between_bytes_s=60.0, total_s=180.0)


class _Used(msgspec.Struct):
    prompt_tokens: int = 0
    completion_tokens: int = 0


class _Delta(msgspec.Struct):
    content: str | None = None
    reasoning: str | None = None
    reasoning_content: str | None = None


class _Choice(msgspec.Struct):
    delta: _Delta = msgspec.field(default_factory=_Delta)


class _Mistake(msgspec.Struct):
    message: str = ""


class _Event(msgspec.Struct):
    """What is looked at of a chunk, or of an answer that is no stream."""

    choices: list[_Choice] = []
    usage: _Used | None = None
    error: _Mistake | None = None


_read: Final = msgspec.json.Decoder(_Event).decode


class FrontDoor:
    """The gateway's own address."""

    def __init__(
        self, upstream: UpstreamClient, address: Callable[[], str], timer: Callable[[], float] = time.monotonic
    ) -> None:
        """`address` returns what stands before a path, such as `http://127.0.0.1:8080`; `timer` seconds."""
        self._upstream = upstream
        self._address = address
        self._timer = timer

    async def chat(self, key: str, model: str, words: str) -> Said:
        """Say `words` to `model` with `key`.

        Raises:
            ChatFailed: there was no good answer.
        """
        began_s = self._timer()
        try:
            response = await self._upstream.send(self._request(key, model, words))
            heard = _Heard(self._timer) if response.status < 300 else _Refused()
            try:
                await response.pump(heard.take)
            finally:
                response.close()
        except (GatewayError, ConnectionError, ValueError) as error:
            raise ChatFailed(str(error)) from None
        if isinstance(heard, _Refused):
            raise ChatFailed(f"status {response.status}: {heard.reason}")
        return heard.said(began_s)

    def _request(self, key: str, model: str, words: str) -> UpstreamRequest:
        asked = {
            "model": model,
            "max_tokens": MAX_OUTPUT_TOKENS,
            "stream": True,
            "stream_options": {"include_usage": True},
            "messages": [{"role": "system", "content": "Be concise."}, {"role": "user", "content": words}],
        }
        body = msgspec.json.encode(asked)
        origin = split_base_url(self._address()).origin
        headers = {
            "host": origin.authority,
            "user-agent": f"{USER_AGENT} benchmark",
            "authorization": f"Bearer {key}",
            "content-type": "application/json",
            "content-length": str(len(body)),
        }
        to = Destination(origin, _TIMEOUTS, "gateway", allow_private=True)
        return UpstreamRequest(to, [request_head("POST", PATH, headers) + b"\r\n" + body])


class _Refused:
    """A refusal while it arrives."""

    def __init__(self) -> None:
        self._body = bytearray()

    def take(self, data: bytes) -> None:
        """Take in what has arrived; of a long refusal, the beginning."""
        self._body += data[: MAX_ANSWER_BYTES - len(self._body)]

    @property
    def reason(self) -> str:
        """Why."""
        try:
            error = _read(bytes(self._body)).error
        except msgspec.DecodeError:
            error = None
        return error.message if error is not None and error.message else "no reason was given"


class _Heard:
    """An answer while it arrives, event by event."""

    def __init__(self, timer: Callable[[], float]) -> None:
        self._timer = timer
        self._payloads = EventPayloads("gateway")
        self._size = 0
        self._first_s: float | None = None
        self._used: _Used | None = None
        self._problem = ""

    def take(self, data: bytes) -> None:
        """Take in what has arrived.

        Raises:
            ProviderProtocolError: the answer is longer than any that was asked for.
        """
        self._size += len(data)
        if self._size > MAX_ANSWER_BYTES:
            raise ProviderProtocolError("The answer is too long.", provider="gateway")
        for payload in self._payloads.feed(data):
            self._hear(payload)

    def said(self, began_s: float) -> Said:
        """Return what became of a question that was asked at `began_s`.

        Raises:
            ChatFailed: it is no good answer.
        """
        now_s = self._timer()
        if self._problem:
            raise ChatFailed(self._problem)
        if self._used is None:
            raise ChatFailed("its answer is no stream of events, or does not say what it used")
        first_token_s = None if self._first_s is None else self._first_s - began_s
        return Said(self._used.prompt_tokens, self._used.completion_tokens, first_token_s, now_s - began_s)

    def _hear(self, payload: bytes) -> None:
        if payload == b"[DONE]":
            return
        try:
            event = _read(payload)
        except msgspec.DecodeError:
            self._problem = self._problem or "a part of its answer cannot be read"
            return
        if event.error is not None:
            self._problem = self._problem or event.error.message or "it broke off"
        self._used = event.usage or self._used
        if self._first_s is None and any(_has_words(choice.delta) for choice in event.choices):
            self._first_s = self._timer()


def _has_words(delta: _Delta) -> bool:
    return bool(delta.content or delta.reasoning or delta.reasoning_content)


def own_address(listen_addr: str) -> str:
    """Return where this machine reaches a listener: `0.0.0.0` and `::` are everywhere, so here as well."""
    host, _, port = listen_addr.rpartition(":")
    here = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "[::]": "[::1]", "::": "[::1]"}.get(host, host)
    return f"http://{here}:{port}"
