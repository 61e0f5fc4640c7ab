"""Models that are named inside a Gemini body as well as in its path: Google refuses a body whose names differ.

Its SDKs repeat the model in each request of a batch of embeddings and in a request that is to be counted; the client's
name for it becomes the provider's there too.
"""

from typing import Final

import msgspec

from tokenrouter.dialects.base import Fields, RequestBody

_NAME: Final = b'"model"'
_requests: Final = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])
_request: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_COUNTED: Final = ("generateContentRequest", "generate_content_request")


def with_inner_models(body: RequestBody, model: str) -> Fields:
    """Return the fields in which another name than `model` stands, changed; what cannot be read stays as it is."""
    name = msgspec.Raw(msgspec.json.encode(f"models/{model}"))
    changed: Fields = {}
    fields = body.fields
    if "model" in fields and bytes(fields["model"]) != bytes(name):
        changed["model"] = name
    try:
        if "requests" in fields and _NAME in bytes(fields["requests"]):
            named = [_named(request, name) for request in _requests.decode(fields["requests"])]
            changed["requests"] = msgspec.json.encode(named)
        for field in _COUNTED:
            if field in fields and _NAME in bytes(fields[field]):
                changed[field] = msgspec.json.encode(_named(_request.decode(fields[field]), name))
    except msgspec.DecodeError:
        return {}
    return changed


def _named(request: dict[str, msgspec.Raw], name: msgspec.Raw) -> dict[str, msgspec.Raw]:
    return {**request, "model": name} if "model" in request else request
