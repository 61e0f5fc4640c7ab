"""Known vendors, one row each in `presets.toml`.

A vendor that speaks OpenAI's dialect differs from others in data only, so adding one takes no code.
The file is read strictly: a field that nobody reads would be a rule that nobody keeps.
"""

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final, Literal

import msgspec

from tokenrouter.dialects.anthropic.losses import ANTHROPIC, MODELS, MessagesQuirks
from tokenrouter.dialects.gemini.losses import AI_STUDIO, GeminiQuirks
from tokenrouter.dialects.openai_chat.losses import ChatQuirks
from tokenrouter.dialects.openai_responses.losses import ResponsesQuirks
from tokenrouter.domain.ledger import Operation
from tokenrouter.providers.base import Quirks
from tokenrouter.providers.quota_headers import QuotaHabits
from tokenrouter.providers.urls import path_of_template

AuthScheme = Literal["bearer", "x-api-key", "api-key", "x-goog-api-key", "none"]
"""`bearer` is `authorization: Bearer KEY`; the others name the header that carries the key."""
ModelsShape = Literal["openai", "ollama", "none"]
"""How the vendor's model list looks: `{data: [{id}]}` or bare, Ollama's `{models: [{name}]}`, or there is none."""
PricedIn = Literal["", "token", "million"]
"""What prices of a model list are for."""

OPERATION_PATHS: Final[Mapping[Operation, str]] = {
    "chat": "chat/completions",
    "completions": "completions",
    "embeddings": "embeddings",
    "responses": "responses",
    "count_input_tokens": "responses/input_tokens",
    "compact": "responses/compact",
    "messages": "messages",
    "count_tokens": "messages/count_tokens",
    "generate_content": "models/{model}:generateContent",
    "count_content_tokens": "models/{model}:countTokens",
    "embed_content": "models/{model}:embedContent",
    "batch_embed_contents": "models/{model}:batchEmbedContents",
    "converse": "model/{model}/converse",
    "images": "images/generations",
    "image_edits": "images/edits",
    "image_variations": "images/variations",
    "speech": "audio/speech",
    "transcriptions": "audio/transcriptions",
    "translations": "audio/translations",
    "moderations": "moderations",
    "rerank": "rerank",
    "files": "files",
    "batches": "batches",
}
"""Where those who made them have them, relative to the base URL; `paths` of a row overrides."""
STREAM_PATHS: Final[Mapping[Operation, str]] = {
    "generate_content": "models/{model}:streamGenerateContent?alt=sse",
    "converse": "model/{model}/converse-stream",
}
"""Where streams have a path of their own."""
FORM_OPERATIONS: Final[frozenset[Operation]] = frozenset(
    {"image_edits", "image_variations", "transcriptions", "translations"}
)
"""Operations whose body may be a form, so that its content type is not the same for all requests."""


@dataclass(frozen=True, slots=True)
class Preset:
    """What is known about one vendor.

    Attributes:
        base_url: with `{placeholders}` where every customer has their own value.
        former_base_urls: what other gateways used and would not work here; taken as `base_url`.
        api_key_env: environment variables that hold its key, the usual one first.
        base_url_env: environment variable that names another base URL, as a predecessor or the vendor's SDK has it.
        model_mapping_env: environment variable that names a JSON file of model names, as a predecessor has it.
        env_auto: joins by itself when one of them is set; only where they serve no other purpose.
        operations: what it offers in this dialect, at `OPERATION_PATHS` unless `paths` says otherwise.
        headers: sent with every request; the provider's own `headers` win.
        models_path: relative to `base_url`, with a query where one is needed.
        models_auth, models_headers: for the model list, where it differs from `auth`, and what it wants besides.
        local: a server on the operator's own machine.
        public_free: answers without a key.
        conversations: what conversations of other dialects are translated to, best first; empty for the usual order.
        full_openai: takes all that OpenAI's own endpoints take; `chat` and `responses` do not count then.
        chat, messages, gemini, responses: how these dialects of its differ, for requests that are translated into them.
        price_data: what the bundled price data call this vendor, or "".
        listed_prices: what the prices in its model list are for, one token or a million; "" where it lists none.
        price_page: a page of prices that is read as people read it, or "".
        quota: what the headers of its answers mean that tell of limits.
        docs_url: where a person reads about it.
        source: the vendor page that `base_url`, `auth` and `operations` were compared with, or "".
        checked: the day of that (YYYY-MM-DD), or "" when no page could be found; then `note` says so.
    """

    name: str
    display_name: str
    base_url: str
    docs_url: str = ""
    source: str = ""
    checked: str = ""
    note: str = ""
    former_base_urls: tuple[str, ...] = ()
    api_key_env: tuple[str, ...] = ()
    base_url_env: str = ""
    model_mapping_env: str = ""
    env_auto: bool = False
    auth: AuthScheme = "bearer"
    headers: Mapping[str, str] = field(default_factory=dict)
    operations: tuple[Operation, ...] = ("chat",)
    paths: Mapping[Operation, str] = field(default_factory=dict)
    models_path: str = "models"
    models_shape: ModelsShape = "openai"
    models_auth: AuthScheme | None = None
    models_headers: Mapping[str, str] = field(default_factory=dict)
    free_tier: bool = False
    trial_credits: bool = False
    public_free: bool = False
    local: bool = False
    price_data: str = ""
    listed_prices: PricedIn = ""
    price_page: str = ""
    conversations: tuple[Operation, ...] = ()
    full_openai: bool = False
    quirks: Quirks = field(default_factory=Quirks)
    chat: ChatQuirks = field(default_factory=ChatQuirks)
    messages: MessagesQuirks = ANTHROPIC
    gemini: GeminiQuirks = AI_STUDIO
    responses: ResponsesQuirks = field(default_factory=ResponsesQuirks)
    quota: QuotaHabits = field(default_factory=QuotaHabits)

    @property
    def default_path(self) -> str:
        """What a base URL without a path is completed with."""
        return path_of_template(self.base_url)

    @property
    def is_template(self) -> bool:
        """Whether `base_url` must be completed by the operator."""
        return "{" in self.base_url

    def path_of(self, operation: Operation, *, stream: bool = False) -> str | None:
        """Return the path of `operation` relative to the base URL, or None when the vendor has no such.

        It may hold the placeholder `{model}`.
        """
        if operation not in self.operations:
            return None
        if stream and operation in STREAM_PATHS:
            return STREAM_PATHS[operation]
        return self.paths.get(operation, OPERATION_PATHS[operation])


OPENAI_COMPATIBLE: Final = Preset(
    name="openai-compatible",
    display_name="OpenAI-compatible server",
    base_url="https://{host}/v1",
    note="Any server that speaks OpenAI's dialect. Few of them have the Responses API, so it is translated to chat.",
    operations=(
        "chat",
        "completions",
        "embeddings",
        "images",
        "image_edits",
        "speech",
        "transcriptions",
        "translations",
        "moderations",
        "rerank",
    ),
)
"""The kind of a provider without a row of its own."""
SANDBOX: Final = Preset(
    name="sandbox",
    display_name="Sandbox",
    base_url="http://127.0.0.1/v1",
    note="The offline provider inside the product.",
    operations=(
        "chat",
        "completions",
        "embeddings",
        "responses",
        "count_input_tokens",
        "compact",
        "messages",
        "count_tokens",
        "images",
        "image_edits",
        "image_variations",
        "speech",
        "transcriptions",
        "translations",
        "moderations",
        "rerank",
        "files",
        "batches",
    ),
    chat=ChatQuirks(reasoning_field="reasoning_content", prefill="prefix"),
    messages=MessagesQuirks(models=(("thinker-adaptive", ANTHROPIC.traits("claude-opus-5")), *MODELS)),
)
"""The kind of the sandbox that `serve --sandbox` starts."""
_OWN: Final = {row.name: row for row in (OPENAI_COMPATIBLE, SANDBOX)}


@functools.cache
def presets() -> Mapping[str, Preset]:
    """Return every vendor of `presets.toml` by name, in the file's order.

    Raises:
        ValueError: the file has an unknown field, or a value of the wrong type.
    """
    text = files("tokenrouter.providers").joinpath("presets.toml").read_text("utf-8")
    return MappingProxyType(read_presets(text))


def read_presets(text: str) -> dict[str, Preset]:
    """Return the rows of a presets file: one table for each vendor, under its name.

    Raises:
        ValueError: an unknown field, or a value of the wrong type; the message names the row.
    """
    return {name: _read_row(name, row) for name, row in tomllib.loads(text).items()}


def preset(name: str) -> Preset | None:
    """Return the row of vendor `name`, or None."""
    return _OWN.get(name) or presets().get(name)


def _read_row(name: str, row: dict[str, Any]) -> Preset:
    _refuse_unknown(name, row.keys(), Preset)
    _refuse_unknown(f"{name}.quirks", row.get("quirks", {}).keys(), Quirks)
    _refuse_unknown(f"{name}.chat", row.get("chat", {}).keys(), ChatQuirks)
    _refuse_unknown(f"{name}.quota", row.get("quota", {}).keys(), QuotaHabits)
    try:
        return msgspec.convert({**row, "name": name}, Preset)
    except msgspec.ValidationError as error:
        raise ValueError(f"presets.toml, [{name}]: {error}") from error


def _refuse_unknown(where: str, names: Any, row_type: type[Preset | Quirks | ChatQuirks | QuotaHabits]) -> None:
    if unknown := set(names) - {f.name for f in fields(row_type)}:
        raise ValueError(f"presets.toml, [{where}]: unknown field {min(unknown)!r}")
