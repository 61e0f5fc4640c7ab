"""Where the server is that `toro` asks, with which key, and asking it.

Flags come before the environment, that before `toro.toml`, and that before the address at which `torod serve` listens
by itself. Plain HTTP of the standard library is enough for a question and an answer, streamed ones too; it follows no
redirect and knows no proxy, so a key goes to the server that it was meant for and to no other.
"""

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from tokenrouter.cli.client_errors import ClientMistake, NoAnswer, Refused
from tokenrouter.cli.client_file import known_client_file, read_client_file

if TYPE_CHECKING:
    import ssl
    from http.client import HTTPConnection, HTTPResponse

__all__ = ["ClientMistake", "NoAnswer", "Refused", "Server", "find_server", "server_at"]

DEFAULT_URL: Final = "http://127.0.0.1:8080"
TIMEOUT_S: Final = 30.0
STREAM_TIMEOUT_S: Final = 600.0
"""Longest silence within a streamed answer: models that think say nothing for minutes."""
STARTING_PAUSE_S: Final = 0.25
MAX_ANSWER_BYTES: Final = 64 * 2**20
MAX_LINE_BYTES: Final = 8 * 2**20
"""Longest line of a stream: an image in base64 fits."""


@dataclass(frozen=True, slots=True)
class Stream:
    """A streamed answer that has begun. Header names are lower-case."""

    headers: Mapping[str, str]
    events: Iterator[Any]


@dataclass(frozen=True, slots=True)
class Server:
    """One server. `url` has no path but a prefix, and no slash at its end.

    Attributes:
        timeout_s: bounds each wait for an answer that is not streamed.
        ca_file: says who vouches for it, "" for the system's authorities.
        patience_s: how long it is asked again while it says that it is starting: nothing of a question was done then.
        waits: is entered while an answer that is not streamed is waited for.
    """

    url: str
    key: str = field(default="", repr=False)
    ca_file: str = ""
    timeout_s: float = TIMEOUT_S
    patience_s: float = 15.0
    waits: Callable[[], AbstractContextManager[object]] = field(default=nullcontext, repr=False, compare=False)

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """Return the JSON that the server answers.

        Raises:
            NoAnswer: there is no answer, or it is no JSON.
            Refused: it is an error.
        """
        with self.waits():
            status, told = self._ask_patiently(method, path, body)
        if status >= 300:
            raise Refused(status, _message(told, status))
        return told

    def _ask_patiently(self, method: str, path: str, body: object) -> tuple[int, Any]:
        waited_s = 0.0
        while True:
            status, told = self._ask_once(method, path, body)
            if waited_s >= self.patience_s or not _is_starting(status, told):
                return status, told
            time.sleep(STARTING_PAUSE_S)
            waited_s += STARTING_PAUSE_S

    def _ask_once(self, method: str, path: str, body: object) -> tuple[int, Any]:
        with self._answer(method, path, body, timeout_s=self.timeout_s) as response, _in_words(self.url):
            data = response.read(MAX_ANSWER_BYTES)
        if response.status == 204:
            return 204, None
        try:
            return response.status, json.loads(data)
        except (ValueError, RecursionError):
            raise NoAnswer(
                f"what answers at {self.url} is no TokenRouter (status {response.status}, no JSON)"
            ) from None

    def is_healthy(self) -> bool:
        """Return whether it says of itself that it is alive; needs no key.

        Raises:
            NoAnswer: there is no answer.
        """
        with self.waits(), self._answer("GET", "/healthz") as response, _in_words(self.url):
            return response.status == 200 and response.read(64).strip() == b"ok"

    @contextmanager
    def stream(self, path: str, body: object, headers: Mapping[str, str] | None = None) -> Iterator[Stream]:
        """Ask for a streamed answer, and give its events up as soon as the block is left.

        Raises:
            NoAnswer: there is no answer, or it breaks off; the latter while the events are read.
            Refused: it is an error; as an event, too.
        """
        with self._answer("POST", path, body, headers, STREAM_TIMEOUT_S) as response:
            if response.status >= 300:
                raise Refused(response.status, self._refusal(response))
            told = {name.lower(): value for name, value in response.getheaders()}
            if "text/event-stream" not in told.get("content-type", ""):
                raise NoAnswer(f"what answers at {self.url} does not stream (it says {told.get('content-type')!r})")
            yield Stream(told, _events(self.url, response))

    def _refusal(self, response: "HTTPResponse") -> str:
        with _in_words(self.url):
            data = response.read(MAX_ANSWER_BYTES)
        try:
            return _message(json.loads(data), response.status)
        except (ValueError, RecursionError):
            raise NoAnswer(
                f"what answers at {self.url} is no TokenRouter (status {response.status}, no JSON)"
            ) from None

    @contextmanager
    def _answer(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
    ) -> Iterator["HTTPResponse"]:
        """Send a question and give what begins to answer it; the connection ends with the block."""
        connection = self._connection(timeout_s or self.timeout_s)
        sent = {"accept": "application/json", "content-type": "application/json", "user-agent": "toro"}
        if self.key:
            sent["authorization"] = f"Bearer {self.key}"
        content = None if body is None else json.dumps(body).encode()
        try:
            with _in_words(self.url):
                connection.request(method, f"{urlsplit(self.url).path}{path}", content, {**sent, **(headers or {})})
                response = connection.getresponse()
            if 300 <= response.status < 400:
                raise Refused(response.status, _whither(self.url, response.getheader("location")))
            yield response
        finally:
            connection.close()

    def _connection(self, timeout_s: float) -> "HTTPConnection":
        from http.client import HTTPConnection, HTTPSConnection

        parts = urlsplit(self.url)
        if parts.scheme == "https":
            return HTTPSConnection(parts.hostname or "", parts.port, timeout=timeout_s, context=self._trust())
        return HTTPConnection(parts.hostname or "", parts.port, timeout=timeout_s)

    def _trust(self) -> "ssl.SSLContext":
        import ssl

        try:
            return ssl.create_default_context(cafile=self.ca_file or None)
        except OSError as error:  # an ssl.SSLError is one, too
            why = "it holds no certificate" if isinstance(error, ssl.SSLError) else error.strerror
            raise ClientMistake(f"the certificate file {self.ca_file} cannot be used: {why}") from None


def find_server(
    url: str | None, key: str | None, environ: Mapping[str, str] = os.environ, *, ca_file: str | None = None
) -> Server:
    """Return the server that was meant.

    Key and certificate of `toro.toml` are for the server of `toro.toml`; no other one is sent that key.

    Raises:
        ClientMistake: an address that is none, or a file that cannot be read, or that was named and is not there.
    """
    said = read_client_file(known_client_file(environ))
    kept = said.get("server_url") or DEFAULT_URL
    chosen = url or environ.get("TOKENROUTER_URL") or kept
    given = key or environ.get("TOKENROUTER_API_KEY") or ""
    trusted = ca_file or environ.get("TOKENROUTER_CA_FILE") or ""
    server = server_at(chosen, given, trusted)
    if chosen != kept and server.url != server_at(kept, "").url:
        return server
    return server_at(chosen, given or said.get("api_key", ""), trusted or said.get("ca_file", ""))


def server_at(url: str, key: str, ca_file: str = "") -> Server:
    """Return the server at `url`, a version at its end taken off.

    Raises:
        ClientMistake: it is no address, or the key is none.
    """
    bare = key.strip()  # files and pipes end with a newline
    if not bare.isascii() or not bare.isprintable() or " " in bare:
        raise ClientMistake("the API key holds a character that no key has")
    return Server(_base_url(url), bare, os.path.expanduser(ca_file))


def _base_url(text: str) -> str:
    """Return an address without its version, which clients of the vendors' SDKs have at its end."""
    url = text.strip().rstrip("/").removesuffix("/v1")
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and not (parts.query or parts.username)
        _ = parts.port
    except ValueError:
        usable = False
    if not usable or not url.isascii() or not url.isprintable() or " " in url:
        raise ClientMistake(f"{text!r} is no address of a server, such as {DEFAULT_URL}")
    return url


@contextmanager
def _in_words(url: str) -> Iterator[None]:
    """Have what breaks on the way to the server and back told in words."""
    from http.client import HTTPException

    try:
        yield
    except (OSError, HTTPException) as error:
        raise NoAnswer(_why_none(url, error)) from None


def _events(url: str, response: "HTTPResponse") -> Iterator[Any]:
    """Yield the JSON of each event (WHATWG HTML, 9.2.6; one `data` line each) until `[DONE]`."""
    while line := _line(url, response):
        if not line.startswith(b"data:"):
            continue
        data = line[5:].strip()
        if data == b"[DONE]":
            return
        try:
            event = json.loads(data)
        except (ValueError, RecursionError):
            raise NoAnswer("the answer broke off in the middle of an event") from None
        if isinstance(event, dict) and event.get("error"):
            raise Refused(response.status, _message(event, response.status))
        yield event
    raise NoAnswer("the answer broke off before its end")


def _line(url: str, response: "HTTPResponse") -> bytes:
    with _in_words(url):
        return response.readline(MAX_LINE_BYTES)


def _whither(url: str, location: str | None) -> str:
    elsewhere = f"to {location}" if location else "elsewhere"
    return (
        f"{url} sends its clients {elsewhere}, and toro follows nobody with a key; name the address where the server is"
    )


def _why_none(url: str, error: Exception) -> str:
    """Return what to tell of a connection that failed."""
    import http.client
    import ssl

    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"the certificate of {url} is not trusted ({error.verify_message}). If the server made it itself, get it "
            "from whoever runs the server (tls/self_signed.crt in its state folder) and name the file: --ca-file, "
            "TOKENROUTER_CA_FILE or ca_file in toro.toml"
        )
    if isinstance(error, ssl.SSLError) and "WRONG_VERSION_NUMBER" in str(error):
        return f"what answers at {url} speaks no TLS; did you mean http://?"
    if isinstance(error, http.client.IncompleteRead):
        return f"the answer of {url} broke off before its end"
    if isinstance(error, TimeoutError):
        return f"the server at {url} did not answer in time"
    if isinstance(error, http.client.HTTPException) and not isinstance(error, http.client.RemoteDisconnected):
        return f"what answers at {url} speaks no HTTP that toro understands ({type(error).__name__})"
    why = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return f"nothing answers at {url} ({why}); is torod running, and is this its address?"


def _is_starting(status: int, told: object) -> bool:
    """Return whether the server says that what answers such questions is not there yet."""
    error = told.get("error", told) if isinstance(told, dict) else told
    return status == 503 and isinstance(error, dict) and error.get("code") == "control_plane_away"


def _message(told: object, status: int) -> str:
    """Return what an error says, in whichever dialect it came."""
    error = told.get("error", told) if isinstance(told, dict) else told
    message = error.get("message") or error.get("detail") if isinstance(error, dict) else error
    return message if isinstance(message, str) and message else f"the server answered with status {status}"
