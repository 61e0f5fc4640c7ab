"""The adapter of every OpenAI-compatible vendor: a provider of the catalogue plus its preset's row.

It is built when the catalogue is swapped and does all its work then: on the hot path a request head is
one dictionary look-up. It does no I/O and holds no state.
"""

from collections.abc import Mapping
from typing import Final

from tokenrouter import __version__
from tokenrouter.domain.catalog import Provider
from tokenrouter.domain.errors import GatewayError
from tokenrouter.domain.ledger import Operation
from tokenrouter.providers.base import Origin, Quirks, request_head
from tokenrouter.providers.listing import read_model_ids
from tokenrouter.providers.presets import OPERATION_PATHS, AuthScheme, Preset
from tokenrouter.providers.refusals import error_in_event, error_of
from tokenrouter.providers.urls import BaseUrl, split_base_url

USER_AGENT: Final = f"tokenrouter/{__version__}"

_OURS: Final = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-length",
        "content-type",
        "expect",
        "host",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Headers that say how the message is framed or coded; configuring them would break the relay."""
_MIN_BLOTTED_CHARS: Final = 4
"""A shorter secret is not looked for in messages: it would blot out ordinary words."""


class CompatibleAdapter:
    """Requests to one provider, and the meaning of its answers.

    Attributes:
        origin: where connections go.
        quirks: what the relay must do differently for this vendor.
        models_url: address of the model list, or None when the vendor has none.
        models_headers: all headers of that request but `host`; they hold the secret.
    """

    __slots__ = ("_heads", "_models", "_name", "_secret", "models_headers", "models_url", "origin", "quirks")

    def __init__(self, provider: Provider, preset: Preset) -> None:
        """Build every head that will be sent.

        Raises:
            ValueError: the base URL, the secret or a header cannot be used; the message shows no secret.
        """
        base = _base_url(provider, preset)
        self._name = provider.name
        self._secret = provider.secret or ""
        self.origin: Final[Origin] = base.origin
        self.quirks: Final[Quirks] = preset.quirks
        self._heads = _heads(base, provider, preset)
        self.models_headers: Final[Mapping[str, str]] = _headers(provider, preset, preset.models_auth or preset.auth)
        self._models = _models_request(base, preset, self.models_headers)
        self.models_url: Final = None if self._models is None else f"{base.origin}{self._models[0]}"

    def head(self, operation: Operation) -> bytes | None:
        """Return the request line and headers of `operation`, each ended by CRLF, or None if there is no such.

        What is left to add: `content-length` and the blank line.
        """
        return self._heads.get(operation)

    def models_request(self) -> tuple[str, bytes] | None:
        """Return path and head of the GET that lists models (only the blank line is missing), or None."""
        return self._models

    def read_error(self, status: int, headers: Mapping[bytes, bytes], body: bytes) -> GatewayError | None:
        """Return what an answer means whose status is no success, or None below 300.

        Rejected credentials have the status that a client may see (502); every other refusal has the
        provider's own. Header names are lower-case; `body` may be cut.
        """
        return self._without_secret(error_of(self._name, status, headers, body))

    def error_in_stream(self, event: bytes) -> GatewayError | None:
        """Return the error that the data of one stream event carries, or None when it carries none."""
        return self._without_secret(error_in_event(self._name, event))

    def parse_models(self, body: bytes) -> tuple[str, ...]:
        """Return the model ids of a list, each once, at most 10,000.

        Raises:
            ProviderProtocolError: `body` is no model list.
        """
        return read_model_ids(self._name, body, id_prefix=self.quirks.model_id_prefix)

    def _without_secret(self, error: GatewayError | None) -> GatewayError | None:
        """Blot the secret out of a message that quotes the provider: some vendors repeat the key they refuse."""
        if error is not None and len(self._secret) >= _MIN_BLOTTED_CHARS:
            error.message = error.message.replace(self._secret, "…")
            error.args = (error.message,)
        return error


def _base_url(provider: Provider, preset: Preset) -> BaseUrl:
    configured = provider.base_url
    is_usual = not configured or configured.rstrip("/") in preset.former_base_urls
    url = preset.base_url if is_usual else configured
    paths = tuple(path for operation in preset.operations if (path := preset.path_of(operation)) is not None)
    return split_base_url(url, default_path=preset.default_path, operation_paths=paths)


def _heads(base: BaseUrl, provider: Provider, preset: Preset) -> dict[Operation, bytes]:
    headers = _headers(provider, preset, preset.auth)
    with_body = {
        "host": base.origin.authority,
        **headers,
        "content-type": "application/json",
    }
    return {
        operation: request_head("POST", base.target(path), with_body)
        for operation in OPERATION_PATHS
        if (path := preset.path_of(operation)) is not None
    }


def _models_request(base: BaseUrl, preset: Preset, headers: Mapping[str, str]) -> tuple[str, bytes] | None:
    if preset.models_shape == "none":
        return None
    target = base.target(preset.models_path)
    return target, request_head("GET", target, {"host": base.origin.authority, **headers})


def _headers(provider: Provider, preset: Preset, auth: AuthScheme) -> dict[str, str]:
    """Return the headers that do not depend on the operation; the operator's own come last and win."""
    own = {name.lower(): value for name, value in provider.headers.items()}
    if taken := own.keys() & _OURS:
        raise ValueError(f"header {min(taken)!r} of provider {provider.name!r} cannot be set: the gateway writes it")
    return {
        **_auth_header(auth, provider.secret),
        "accept-encoding": "identity",
        "user-agent": USER_AGENT,
        **preset.headers,
        **own,
    }


def _auth_header(auth: AuthScheme, secret: str | None) -> dict[str, str]:
    if auth == "none" or not secret:
        return {}
    return {"authorization": f"Bearer {secret}"} if auth == "bearer" else {auth: secret}
