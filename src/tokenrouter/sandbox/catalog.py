"""Every model there is, by name, and the `/v1/models` pages (API reference "Models", read 2026-11).

The grammar of a name: `NAME`, `NAME-TOKENS` for the lorem kind, and `@TOKENS_PER_SECOND` behind any of them;
`fault/NAME` and, for some, `fault/NAME@NUMBER`.
"""

import re
from typing import Final

from tokenrouter.sandbox.errors import ApiError
from tokenrouter.sandbox.faults import FAULTS, fault_model
from tokenrouter.sandbox.models import MODELS, Model

MAX_LENGTH: Final = 10_000_000
"""Most tokens that a `lorem-N` may ask for: 40 MB of text."""

_CREATED: Final = 1_767_225_600
"""2026-01-01: the day all of them were born."""

_NAME: Final = re.compile(r"(?P<base>[a-z][a-z-]*?)(-(?P<length>\d{1,8}))?(@(?P<speed>\d{1,6}(\.\d{1,3})?))?")
_FAULT: Final = re.compile(r"fault/(?P<base>[a-z0-9-]+?)(@(?P<argument>\d{1,6}(\.\d{1,3})?))?")


def find(name: str) -> Model:
    """The model of that exact name.

    Raises:
        ApiError: 404, there is none.
    """
    model = _find(name)
    if model is None:
        message = f"The model `{name}` does not exist or you do not have access to it."
        raise ApiError(404, message, param="model", code="model_not_found")
    return model


def page(name: str) -> dict[str, object]:
    """`GET /v1/models/{name}`. Raises: ApiError 404."""
    model = find(name)
    return {
        "id": model.name,
        "object": "model",
        "created": _CREATED,
        "owned_by": "sandbox",
        "description": model.description,
    }


def listing() -> dict[str, object]:
    """`GET /v1/models`."""
    names = [*MODELS, *(f"fault/{name}" for name in FAULTS)]
    return {"object": "list", "data": [page(name) for name in names]}


def _find(name: str) -> Model | None:
    fault = _FAULT.fullmatch(name)
    if fault:
        argument = fault["argument"]
        return fault_model(fault["base"], float(argument) if argument else None)
    parts = _NAME.fullmatch(name)
    model = MODELS.get(parts["base"]) if parts else None
    if parts is None or model is None:
        return None
    return _with_parameters(model, name, parts["length"], parts["speed"])


def _with_parameters(model: Model, name: str, length: str | None, speed: str | None) -> Model | None:
    if length is not None:
        if not model.takes_length or not 0 < int(length) <= MAX_LENGTH:
            return None
        model = model.but(length=int(length))
    if speed is not None:
        if float(speed) <= 0:
            return None
        model = model.but(speed=float(speed))
    return model if name == model.name else model.but(name=name)
