"""Signatures that must not go back to Gemini, in a request that is relayed as it is.

A client that talked to another provider before brings back what we put into `thoughtSignature` for it; Gemini answers
400 to that, on every later turn. Everything else of the body stays as it was sent.
"""

import re
from typing import Final

from tokenrouter.dialects.base import Fields, RequestBody
from tokenrouter.dialects.gemini.losses import AI_STUDIO, is_among
from tokenrouter.dialects.gemini.signatures import CARRIED_LEAD, SKIPPED

_LEAD: Final = f'"{CARRIED_LEAD}'.encode()
_FIELD: Final = rb'"(thoughtSignature|thought_signature)"\s*:\s*' + _LEAD + rb'[A-Za-z0-9+/_=-]*"'
_CARRIED: Final = re.compile(_FIELD)
_CARRIED_AMONG: Final = re.compile(rb",\s*" + _FIELD + rb"|" + _FIELD + rb"\s*,?")
_SKIPPING: Final = rb'"\1":"' + SKIPPED.encode() + b'"'


def without_foreign_signatures(body: RequestBody, model: str) -> Fields:
    """Return the changed `contents` of a request for `model`, nothing where there is nothing to change.

    Models that insist on signatures get Google's own word for a missing one.
    """
    contents = body.fields.get("contents")
    if contents is None or _LEAD not in (raw := bytes(contents)):
        return {}
    if is_among(model, AI_STUDIO.signed_models):
        changed, count = _CARRIED.subn(_SKIPPING, raw)
    else:
        changed, count = _CARRIED_AMONG.subn(b"", raw)
    return {"contents": changed} if count else {}
