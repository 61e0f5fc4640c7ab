"""Reading a vendor's list of models.

Three shapes are about: OpenAI's `{"data": [{"id": …}]}`, the same list bare, and Ollama's
`{"models": [{"name": …}]}`. Which one it is shows in the bytes, so a server that was put in the place
of another one is still understood.
"""

from typing import Any, Final

import msgspec

from tokenrouter.domain.errors import ProviderProtocolError

MAX_MODELS: Final = 10_000
"""Most ids kept of one list; the largest known (a router of other vendors) has under a thousand."""
MAX_MODEL_ID_CHARS: Final = 512
"""Longer ids are left out: they could not be used as a name in a request or a row."""


def read_model_ids(provider: str, body: bytes, *, id_prefix: str = "") -> tuple[str, ...]:
    """Return the ids in `body`, each once, in the vendor's order, without `id_prefix`; at most `MAX_MODELS`.

    Entries without a usable id are left out.

    Raises:
        ProviderProtocolError: `body` is no model list, or no entry of it has an id.
    """
    entries = listed_entries(_decode(provider, body))
    if entries is None:
        raise ProviderProtocolError(f"provider {provider!r} did not answer with a list of models", provider=provider)
    ids = dict.fromkeys(name.removeprefix(id_prefix) for entry in entries if (name := listed_id(entry)))
    if entries and not ids:
        raise ProviderProtocolError(f"provider {provider!r} listed models without ids", provider=provider)
    return tuple(ids)[:MAX_MODELS]


def _decode(provider: str, body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (ValueError, RecursionError) as error:
        raise ProviderProtocolError(
            f"provider {provider!r} answered its model list with something that is not JSON", provider=provider
        ) from error


def listed_entries(decoded: Any) -> list[Any] | None:
    """Return the entries of a decoded list, in whichever of the shapes it is; None where it is no list."""
    if isinstance(decoded, dict):
        decoded = decoded.get("data", decoded.get("models"))
    return decoded if isinstance(decoded, list) else None


def listed_id(entry: Any) -> str:
    """Return the id of an entry, or "" where it has none that can be used."""
    if not isinstance(entry, dict):
        return ""
    name = entry.get("id") or entry.get("name")
    if not isinstance(name, str) or len(name) > MAX_MODEL_ID_CHARS or not name.isprintable():
        return ""
    return name
