"""The adapter of every vendor that differs from others in data only: a provider of the catalogue plus its preset's row.

It is built when the catalogue is swapped and does all its work then: a request head is looked up, or made once for
each model where the vendor has the model in the path. It does no I/O and holds no state.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import quote

from tokenrouter import __version__
from tokenrouter.domain.catalog import Provider
from tokenrouter.domain.errors import GatewayError
from tokenrouter.domain.ledger import Operation
from tokenrouter.domain.model_facts import ModelFacts
from tokenrouter.domain.prices import Price
from tokenrouter.providers.base import Origin, Quirks, request_head
from tokenrouter.providers.codecs import provider_codecs
from tokenrouter.providers.endpoints import Endpoint
from tokenrouter.providers.listed_facts import read_listed_facts
from tokenrouter.providers.listed_prices import read_listed_prices
from tokenrouter.providers.listing import read_model_ids
from tokenrouter.providers.presets import FORM_OPERATIONS, OPERATION_PATHS, AuthScheme, Preset
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
MODEL: Final = "{model}"
"""What stands for the model in an operation's path."""
_MIN_BLOTTED_CHARS: Final = 4
"""A shorter secret is not looked for in errors: it would blot out ordinary words."""
_BLOT: Final = "…".encode()


class CompatibleAdapter:
    """Requests to one provider, and the meaning of its answers.

    Attributes:
        origin: where connections go.
        quirks: what the relay must do differently for this vendor.
        models_url: address of the model list, or None when the vendor has none.
        models_headers: all headers of that request but `host`; they hold the secret.
    """

    __slots__ = (
        "_base",
        "_blotted",
        "_codecs",
        "_head_fields",
        "_heads",
        "_lacks_key",
        "_models",
        "_name",
        "_preset",
        "models_headers",
        "models_url",
        "origin",
        "quirks",
    )

    def __init__(self, provider: Provider, preset: Preset) -> None:
        """Build every head that will be sent.

        Raises:
            ValueError: the base URL, the secret or a header cannot be used; the message shows no secret.
        """
        base = _base_url(provider, preset)
        self._name = provider.name
        self._blotted = _forms_of(provider.secret or "")
        self._lacks_key = _lacks_key(provider, preset)
        self.origin: Final[Origin] = base.origin
        self.quirks: Final[Quirks] = preset.quirks
        self._base = base
        self._preset = preset
        self._head_fields = {
            "host": base.origin.authority,
            **_headers(provider, preset, preset.auth),
            "content-type": "application/json",
        }
        self._heads = self._fixed_heads()
        self._codecs = provider_codecs(preset)
        self.models_headers: Final[Mapping[str, str]] = {
            **_headers(provider, preset, preset.models_auth or preset.auth),
            **preset.models_headers,
        }
        self._models = _models_request(base, preset, self.models_headers)
        self.models_url: Final = None if self._models is None else f"{base.origin}{self._models[0]}"

    def head(self, operation: Operation, model: str = "", *, stream: bool = False) -> bytes | None:
        """Return the request line and headers of `operation`, each ended by CRLF, or None if there is no such.

        `model` and `stream` matter where the vendor has them in the path. What is left to add: `content-length` and
        the blank line.
        """
        known = self._heads.get(operation)
        if known is not None:
            return known
        path = self._preset.path_of(operation, stream=stream)
        return None if path is None else self._head_of(path.replace(MODEL, quote(model, safe="")))

    def endpoint(self, operation: Operation, model: str) -> Endpoint | None:
        """Return how `model` is asked for `operation`, or None if the vendor has no such."""
        head, stream_head = self.head(operation, model), self.head(operation, model, stream=True)
        if head is None or stream_head is None:
            return None
        return Endpoint(head, stream_head, self._codecs.get(operation))

    def conversations(self, _model: str) -> Iterable[Operation]:
        """Return the operations that conversations of any other dialect can be translated to, best first."""
        return self._codecs

    @property
    def lacks_key(self) -> bool:
        """Whether this is the vendor itself, which answers nobody without a key, and none was given."""
        return self._lacks_key

    def offers(self, operation: Operation) -> bool:
        """Whether the vendor has `operation`."""
        return self._preset.path_of(operation) is not None

    def path_of(self, operation: Operation) -> str | None:
        """Return where the vendor has `operation`, relative to the base URL, or None."""
        return self._preset.path_of(operation)

    @property
    def base_path(self) -> str:
        """The path of the base URL, without a slash at its end."""
        return self._base.path

    def endpoint_at(self, method: str, path: str) -> Endpoint | None:
        """Return how any `path` below the base URL is asked, its query included; None where that cannot be authorized.

        Its heads have no content type.
        """
        fields = {name: value for name, value in self._head_fields.items() if name != "content-type"}
        head = request_head(method, self._base.target(path), fields)
        return Endpoint(head, head)

    def _head_of(self, path: str, *, typed: bool = True) -> bytes:
        fields = self._head_fields
        if not typed:
            fields = {name: value for name, value in fields.items() if name != "content-type"}
        return request_head("POST", self._base.target(path), fields)

    def _fixed_heads(self) -> dict[Operation, bytes]:
        """Build the heads of the operations that have no model in their path."""
        paths = {operation: self._preset.path_of(operation) for operation in OPERATION_PATHS}
        return {
            operation: self._head_of(path, typed=operation not in FORM_OPERATIONS)
            for operation, path in paths.items()
            if path and MODEL not in path
        }

    def origin_of(self, model: str) -> str:
        """Return what signatures of `model` are bound to: provider, endpoint and model as one text."""
        return f"{self._name} {self._base.origin}{self._base.path} {model}"

    def models_request(self) -> tuple[str, bytes] | None:
        """Return path and head of the GET that lists models (only the blank line is missing), or None."""
        return self._models

    def read_error(self, status: int, headers: Mapping[bytes, bytes], body: bytes) -> GatewayError | None:
        """Return what an answer means whose status is no success, or None below 300.

        Rejected credentials have the status that a client may see (502); every other refusal has the
        provider's own. Header names are lower-case; `body` may be cut.
        """
        return error_of(self._name, status, headers, self.without_secret(body))

    def error_in_stream(self, event: bytes) -> GatewayError | None:
        """Return the error that the data of one stream event carries, or None when it carries none."""
        return error_in_event(self._name, self.without_secret(event))

    def parse_models(self, body: bytes) -> tuple[str, ...]:
        """Return the model ids of a list, each once, at most 10,000.

        Raises:
            ProviderProtocolError: `body` is no model list.
        """
        return read_model_ids(self._name, body, id_prefix=self.quirks.model_id_prefix)

    def parse_prices(self, body: bytes, *, dated: str) -> dict[str, Price]:
        """Return what a model list says of prices, by model id; nothing where this vendor's lists say nothing of them.

        `dated` is the day on which it was read.
        """
        priced_in = self._preset.listed_prices
        if not priced_in:
            return {}
        return read_listed_prices(body, priced_in, dated=dated, id_prefix=self.quirks.model_id_prefix)

    def parse_facts(self, body: bytes) -> dict[str, ModelFacts]:
        """Return what a model list says of the length of conversations and answers, by model id."""
        return read_listed_facts(body, id_prefix=self.quirks.model_id_prefix)

    def without_secret(self, told: bytes) -> bytes:
        """Blot the secret out of an error of the provider's: some vendors repeat the key they refuse."""
        for form in self._blotted:
            told = told.replace(form, _BLOT)
        return told


def _forms_of(secret: str) -> tuple[bytes, ...]:
    """Return how a secret stands in text and in JSON, if it is long enough to be looked for."""
    if len(secret) < _MIN_BLOTTED_CHARS:
        return ()
    return tuple(dict.fromkeys((secret.encode(), json.dumps(secret)[1:-1].encode())))


def _lacks_key(provider: Provider, preset: Preset) -> bool:
    """Nobody knows what a server at another address wants; headers of the operator's own may authorize as well."""
    is_keyless = preset.local or preset.public_free or not preset.api_key_env
    is_vendors_own = provider.base_url.rstrip("/") in ("", preset.base_url.rstrip("/"), *preset.former_base_urls)
    return is_vendors_own and not (is_keyless or provider.secret or provider.headers)


def _base_url(provider: Provider, preset: Preset) -> BaseUrl:
    configured = provider.base_url
    is_usual = not configured or configured.rstrip("/") in preset.former_base_urls
    url = preset.base_url if is_usual else configured
    paths = [path for operation in preset.operations if (path := preset.path_of(operation)) is not None]
    return split_base_url(url, default_path=preset.default_path, operation_paths=tuple(paths))


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
