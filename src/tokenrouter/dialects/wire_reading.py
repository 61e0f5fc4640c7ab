"""Reading a body into typed JSON, with errors that say where: the client's as 400, the provider's as 502."""

from collections.abc import Collection
from typing import Final, TypeVar

import msgspec

from tokenrouter.dialects.json import RawObject
from tokenrouter.domain.errors import InvalidJson, InvalidRequest, NestedTooDeeply, ProviderProtocolError
from tokenrouter.domain.items import RawJson

T = TypeVar("T")
_WHERE: Final = " - at `"
_NONE: Final = msgspec.Raw(b"[]")


def read_request(decoder: msgspec.json.Decoder[T], body: bytes | msgspec.Raw, where: str = "") -> T:
    """Return a client's body, or the part of it that stands at `where`.

    Raises:
        InvalidRequest: a field is missing or of the wrong type; `param` is its path.
        InvalidJson, NestedTooDeeply: it is no JSON, or too deep.
    """
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        what, path = _split(str(error), where)
        raise InvalidRequest(f"The field {path!r} is wrong: {what}." if path else f"{what}.", param=path) from None
    except msgspec.DecodeError as error:
        raise InvalidJson(f"The body is not a JSON object: {error}.") from None
    except RecursionError:
        raise NestedTooDeeply("The body's JSON is nested too deeply; flatten it.") from None


def read_answer(decoder: msgspec.json.Decoder[T], body: bytes, provider: str, what: str = "answer") -> T:
    """Return a provider's body, or one event of its stream; `what` says which in the error.

    Raises:
        ProviderProtocolError: it cannot be read; the message names the provider and the position.
    """
    try:
        return decoder.decode(body)
    except msgspec.DecodeError as error:
        told = f"Provider {provider!r} sent an {what} that cannot be read: {error}."
        raise ProviderProtocolError(told, provider=provider) from None
    except RecursionError:
        told = f"Provider {provider!r} sent an {what} that is nested too deeply."
        raise ProviderProtocolError(told, provider=provider) from None


def with_empty(fields: RawObject, read: Collection[str]) -> bytes:
    """Return the object of `fields` with nothing in the lists that were `read` before, so that none is read twice."""
    return msgspec.json.encode({name: _NONE if name in read else raw for name, raw in fields.items()})


def raw_value(raw: msgspec.Raw) -> RawJson | None:
    """Return the JSON in `raw`, None where it was absent or null."""
    value = bytes(raw)
    return None if not value or value == b"null" else value


def raw_list(raw: msgspec.Raw) -> RawJson | None:
    """Return the JSON array in `raw`, None where there is none, or something else."""
    value = raw_value(raw)
    return value if value is not None and value.startswith(b"[") else None


def _split(message: str, before: str) -> tuple[str, str | None]:
    """Take msgspec's message apart: "Expected `str`, got `int` - at `$.messages[0].role`"."""
    what, _, where = message.partition(_WHERE)
    path = (before + where.rstrip("`").removeprefix("$")).removeprefix(".")
    return what, path or None
