"""The fields `models` and `provider` of a request, which are for the gateway and not for the model's provider.

They are OpenRouter's (openrouter.ai/docs, "Provider Routing" and "Model Fallbacks", read 2026-11) and stand at the top
of a body of any dialect that has its model there. What is asked for and cannot be kept is told by the same rule as what
a dialect cannot carry: where it protects (privacy, money) the request is refused; where it would only have made a
better choice it is left out and named.
"""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import msgspec

from tokenrouter.dialects.json import RawObject
from tokenrouter.domain.errors import InvalidRequest
from tokenrouter.domain.preferences import MAX_MODELS, MAX_PROVIDERS, SORTS, MaxPrice, Preferences, SortBy

MODELS: Final = "models"
PROVIDER: Final = "provider"
ROUTE: Final = "route"
"""OpenRouter's former switch beside `models`, which clients still send; it says nothing more."""
MAX_NAME_CHARS: Final = 256
MAX_DOLLARS: Final = 10**6
"""A higher price is a mistake in its unit."""

_NANO: Final = 10**9
_REFUSED: Final[Mapping[str, object]] = {"data_collection": "deny", "zdr": True, "enforce_distillable_text": True}
"""What nobody here can promise: which value asks for it."""
_UNHEARD: Final = frozenset(
    {"require_parameters", "quantizations", "preferred_min_throughput", "preferred_max_latency"}
)
"""What would have made a better choice."""
_NOTHING: Final[tuple[object, ...]] = (None, False, [], {})
_any: Final = msgspec.json.Decoder(Any)


def has_preferences(fields: RawObject) -> bool:
    """Whether a body's top-level fields say where it wants to go."""
    return MODELS in fields or PROVIDER in fields


def read_preferences(fields: RawObject) -> Preferences:
    """Return what `models` and `provider` say.

    Raises:
        InvalidRequest: names the field that is of the wrong type, out of bounds, or asks for what cannot be promised.
    """
    said = _value(fields, PROVIDER)
    if said is None:
        said = {}
    if not isinstance(said, dict):
        raise _wrong(PROVIDER, 'must be an object, such as {"order": ["acme"]}')
    _refuse_promises(said)
    sort, sorts_models = _sort(said.get("sort"))
    return Preferences(
        models=read_models(fields),
        order=_names(said, "order"),
        only=_names(said, "only"),
        ignore=_names(said, "ignore"),
        sort=sort,
        sorts_models=sorts_models,
        allow_fallbacks=_flag(said, "allow_fallbacks", default=True),
        max_price=_max_price(said.get("max_price")),
        unheard=tuple(f"provider.{name}" for name in said if _is_unheard(name, said[name])),
    )


def read_models(fields: RawObject) -> tuple[str, ...]:
    """Return what `models` says, each name once.

    Raises:
        InvalidRequest: as `read_preferences`.
    """
    named = _texts(_value(fields, MODELS), MODELS)
    if len(named) > MAX_MODELS:
        raise _wrong(MODELS, f"may name at most {MAX_MODELS} models")
    return named


def first_model(fields: RawObject) -> str | None:
    """Return the first of `models`, for a request that has no `model`; None where there is none either.

    Raises:
        InvalidRequest: as `read_preferences`.
    """
    return next(iter(read_models(fields)), None)


def _value(fields: RawObject, name: str) -> Any:
    raw = fields.get(name)
    if raw is None:
        return None
    try:
        return _any.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        raise _wrong(name, "cannot be read") from None


def _names(said: Mapping[str, Any], name: str) -> tuple[str, ...]:
    where = f"{PROVIDER}.{name}"
    named = _texts(said.get(name), where)
    if len(named) > MAX_PROVIDERS:
        raise _wrong(where, f"may name at most {MAX_PROVIDERS} providers")
    return tuple(text.lower() for text in named)


def _texts(value: Any, where: str) -> tuple[str, ...]:
    """Return a list of names, each once."""
    if value is None:
        return ()
    if not isinstance(value, list) or not all(type(one) is str and 0 < len(one) <= MAX_NAME_CHARS for one in value):
        raise _wrong(where, f"must be a list of names of 1 to {MAX_NAME_CHARS} characters")
    return tuple(dict.fromkeys(value))


def _refuse_promises(said: Mapping[str, Any]) -> None:
    for name, wish in _REFUSED.items():
        if said.get(name) == wish:
            raise _wrong(
                f"{PROVIDER}.{name}",
                "asks for what the gateway does not know of its providers; name those that keep it in provider.only",
            )


def _is_unheard(name: str, value: object) -> bool:
    return value not in _NOTHING and (name in _UNHEARD or name not in _HEARD)


def _flag(said: Mapping[str, Any], name: str, *, default: bool) -> bool:
    value = said.get(name)
    if value is None:
        return default
    if type(value) is not bool:
        raise _wrong(f"{PROVIDER}.{name}", "must be true or false")
    return value


def _sort(value: Any) -> tuple[SortBy, bool]:
    """Return what comes first, and whether it does so among all models; `value` is a word or `{by, partition}`."""
    where = f"{PROVIDER}.sort"
    by, partition = (value.get("by"), value.get("partition")) if isinstance(value, dict) else (value, None)
    if partition not in (None, "model", "none"):
        raise _wrong(f"{where}.partition", "must be 'model' or 'none'")
    if by is None:
        return "", False
    known = next((sort for sort in SORTS if sort == by), None)
    if known is None:
        raise _wrong(where, f"must be one of {', '.join(SORTS)}")
    return known, partition == "none"


def _max_price(value: Any) -> MaxPrice | None:
    """Return bounds given in US dollars: for a million tokens of `prompt` and `completion`, and for each `request`."""
    where = f"{PROVIDER}.max_price"
    if value is None:
        return None
    if not isinstance(value, dict):
        raise _wrong(where, "must be an object of prompt, completion and request, in US dollars")
    unknown = next((name for name in value if name not in ("prompt", "completion", "request")), None)
    if unknown is not None:
        raise _wrong(f"{where}.{unknown}", "is no price that is kept here; there are prompt, completion and request")
    return MaxPrice(
        *(_nano_dollars(value.get(name), f"{where}.{name}") for name in ("prompt", "completion", "request"))
    )


def _nano_dollars(value: Any, where: str) -> int | None:
    if value is None:
        return None
    try:
        dollars = Decimal(str(value)) if type(value) in (int, float, str) else Decimal("NaN")
    except InvalidOperation:
        dollars = Decimal("NaN")
    if not dollars.is_finite() or not 0 <= dollars <= MAX_DOLLARS:
        raise _wrong(where, f"must be a number of US dollars from 0 to {MAX_DOLLARS}")
    return int(dollars * _NANO)


def _wrong(where: str, what: str) -> InvalidRequest:
    return InvalidRequest(f"The field {where!r} {what}.", param=where)


_HEARD: Final = frozenset({"order", "only", "ignore", "sort", "allow_fallbacks", "max_price", *_REFUSED})
