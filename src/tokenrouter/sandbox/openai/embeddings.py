"""Embeddings: `POST /v1/embeddings`.

From OpenAI's API reference ("Create embeddings", read 2026-11): floats or base64 of little-endian float32, shorter
vectors with `dimensions`. A vector is made from a hash of its input, so equal inputs have equal vectors, and has
length 1, like the vendor's; that is all it means.
"""

import base64
import math
import struct
import sys
from array import array
from hashlib import shake_256
from typing import Final

from tokenrouter.sandbox.delivery import Answer
from tokenrouter.sandbox.fields import Fields
from tokenrouter.sandbox.question import Question
from tokenrouter.sandbox.tokens import Tokenizer, Usage, utf8

MAX_INPUTS: Final = 2048
_DIGITS: Final = 8
"""Decimal places of a float: no more than float32 keeps, so both encodings say the same."""


def answer(question: Question) -> Answer:
    """Raises: ApiError, for a request that the vendor would refuse."""
    fields, model = question.fields, question.model
    if model.says != "vectors" and model.fault is None:
        fields.refuse("model", f"The model `{model.name}` does not make embeddings.", "model_not_supported")
    inputs = _inputs(fields)
    dimensions = fields.integer("dimensions", 1, model.dimensions) or model.dimensions
    fields.text("user")
    packed = fields.present("encoding_format") and fields.choice("encoding_format", ("float", "base64")) == "base64"
    usage = Usage(sum(_tokens(model.tokenizer, each) for each in inputs))

    def document() -> dict[str, object]:
        data = [_item(index, vector(each, dimensions), packed) for index, each in enumerate(inputs)]
        page: dict[str, object] = {"object": "list", "data": data, "model": model.name}
        if model.usage != "never":
            page["usage"] = {"prompt_tokens": usage.prompt, "total_tokens": usage.prompt}
        return page

    return Answer(usage, document)


def vector(value: object, dimensions: int) -> list[float]:
    """The embedding of a text or of token numbers: `dimensions` floats of length 1 together."""
    seed = utf8(value) if isinstance(value, str) else repr(value).encode()
    numbers = struct.unpack(f"<{dimensions}h", shake_256(seed).digest(2 * dimensions))
    length = math.sqrt(sum(number * number for number in numbers)) or 1.0
    return [round(number / length, _DIGITS) for number in numbers]


def _item(index: int, numbers: list[float], packed: bool) -> dict[str, object]:
    return {"object": "embedding", "index": index, "embedding": _packed(numbers) if packed else numbers}


def _packed(numbers: list[float]) -> str:
    floats = array("f", numbers)
    if sys.byteorder == "big":
        floats.byteswap()
    return base64.b64encode(floats.tobytes()).decode()


def _inputs(fields: Fields) -> list[object]:
    given = fields.values.get("input")
    if given is None:
        fields.required_text("input")
    inputs = given if isinstance(given, list) and not _are_tokens(given) else [given]
    if not 0 < len(inputs) <= MAX_INPUTS:
        fields.refuse("input", f"Invalid 'input': expected 1 to {MAX_INPUTS} inputs, but got {len(inputs)}.")
    for each in inputs:
        if not isinstance(each, str) and not (isinstance(each, list) and _are_tokens(each)):
            fields.wrong_type("input", "a string, an array of strings, or token numbers")
        if not each:
            fields.refuse("input", "Invalid 'input': input cannot be an empty string.", "empty_string")
    return inputs


def _are_tokens(values: list[object]) -> bool:
    return bool(values) and all(isinstance(each, int) and not isinstance(each, bool) for each in values)


def _tokens(tokenizer: Tokenizer, value: object) -> int:
    return len(value) if isinstance(value, list) else tokenizer.count(str(value))
