"""Where the server is that `toro` asks, with which key, and asking it.

Flags come before the environment, that before `toro.toml`, and that before the address at which `torod serve` listens
by itself. The file is TokenRouter-Go's: `server_url` and `api_key`. Plain HTTP of the standard library is enough for a
question and an answer; it follows no redirect, so a key goes to the server that it was meant for and to no other.
"""

import http.client
import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

DEFAULT_URL: Final = "http://127.0.0.1:8080"
TIMEOUT_S: Final = 30.0
FILE_KEYS: Final = ("server_url", "api_key", "default_model")
MAX_ANSWER_BYTES: Final = 16 * 2**20


class ClientMistake(Exception):
    """What was said of the server cannot be used; the message says where and why."""


class NoAnswer(Exception):
    """The server cannot be reached, or is none."""


class Refused(Exception):
    """The server said no. `status` is its HTTP status, the message its own."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Server:
    """One server. `url` has no path but a prefix, and no slash at its end; `timeout_s` bounds each wait for it."""

    url: str
    key: str = field(default="", repr=False)
    timeout_s: float = TIMEOUT_S

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """Return the JSON that the server answers.

        Raises:
            NoAnswer: there is no answer, or it is no JSON.
            Refused: it is an error.
        """
        status, data = self._send(method, path, None if body is None else json.dumps(body).encode())
        try:
            told = json.loads(data)
        except ValueError:
            raise NoAnswer(f"what answers at {self.url} is no TokenRouter (status {status}, no JSON)") from None
        if status >= 300:
            raise Refused(status, _message(told, status))
        return told

    def _send(self, method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
        parts = urlsplit(self.url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=self.timeout_s)
        headers = {"accept": "application/json", "content-type": "application/json", "user-agent": "toro"}
        if self.key:
            headers["authorization"] = f"Bearer {self.key}"
        try:
            connection.request(method, f"{parts.path}{path}", body, headers)
            response = connection.getresponse()
            return response.status, response.read(MAX_ANSWER_BYTES)
        except (OSError, http.client.HTTPException) as error:
            why = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise NoAnswer(
                f"nothing answers at {self.url} ({why}); is torod running, and is this its address?"
            ) from None
        finally:
            connection.close()


def find_server(url: str | None, key: str | None, environ: Mapping[str, str] = os.environ) -> Server:
    """Return the server that was meant.

    Raises:
        ClientMistake: an address that is none, or a file that cannot be read.
    """
    said = read_client_file(client_file(environ))
    chosen = url or environ.get("TOKENROUTER_URL") or said.get("server_url") or DEFAULT_URL
    token = key or environ.get("TOKENROUTER_API_KEY") or said.get("api_key") or ""
    if not token.isascii() or not token.isprintable():
        raise ClientMistake("the API key holds a character that no key has")
    return Server(_base_url(chosen), token)


def client_file(environ: Mapping[str, str]) -> Path:
    """Return where `toro.toml` lies, whether it is there or not."""
    own = environ.get("TOKENROUTER_HOME")
    if own:
        return Path(own).expanduser() / "toro.toml"
    base = environ.get("XDG_CONFIG_HOME") or Path(environ.get("HOME") or "~").expanduser() / ".config"
    return Path(base) / "tokenrouter" / "toro.toml"


def read_client_file(path: Path) -> dict[str, str]:
    """Return what the file says, nothing where there is none.

    Raises:
        ClientMistake: it cannot be read, or says what is not known.
    """
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ClientMistake(f"{path}: cannot be read: {error}") from None
    for name, value in said.items():
        if name not in FILE_KEYS:
            near = get_close_matches(name, FILE_KEYS, n=1)
            hint = f'did you mean "{near[0]}"?' if near else f"there are {' and '.join(FILE_KEYS)}"
            raise ClientMistake(f"{path}: {name}: unknown key; {hint}")
        if not isinstance(value, str):
            raise ClientMistake(f"{path}: {name}: must be text")
    return said


def _base_url(text: str) -> str:
    """Return an address without its version, which clients of the vendors' SDKs have at its end."""
    url = text.rstrip("/").removesuffix("/v1")
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and not (parts.query or parts.username)
        _ = parts.port
    except ValueError:
        usable = False
    if not usable:
        raise ClientMistake(f"{text!r} is no address of a server, such as {DEFAULT_URL}")
    return url


def _message(told: object, status: int) -> str:
    """Return what an error says, in whichever dialect it came."""
    error = told.get("error", told) if isinstance(told, dict) else told
    message = error.get("message") or error.get("detail") if isinstance(error, dict) else error
    return message if isinstance(message, str) and message else f"the server answered with status {status}"
