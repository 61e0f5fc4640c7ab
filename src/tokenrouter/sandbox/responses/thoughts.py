"""What the Responses API encrypts and gives away: thoughts and compacted conversations that only it can read again.

OpenAI's "Reasoning models" guide (read 2026-11): with `reasoning.encrypted_content` a client keeps the thoughts and
sends them back. Here they are signed instead of encrypted, which tells as well who has changed, moved or invented them.
A thought names the item that it led to, because the vendor takes it back only right before that item.
"""

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Final, cast

from tokenrouter.sandbox.google.thought_signatures import Signer

ENDPOINT: Final = "responses"
SIGNATURE_BYTES: Final = 64
_PREFIX: Final = "gAAAAAB"
"""How the vendor's begin: the version of a Fernet token and a time of this decade."""

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Sealer:
    """Seals and opens for one model; what another model or another vendor sealed stays shut."""

    model: str

    def seal(self, content: Json) -> str:
        told = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        signature = self._signer().sign(told)
        return _PREFIX + base64.urlsafe_b64encode(signature + told.encode("utf-8", "replace")).decode()

    def open(self, sealed: str) -> Json | None:
        """What was sealed, or None for anything that this sealer has not made."""
        try:
            raw = base64.b64decode(sealed.removeprefix(_PREFIX).encode(), altchars=b"-_", validate=True)
            told = raw[SIGNATURE_BYTES:].decode()
        except (binascii.Error, UnicodeError):
            return None
        if not sealed.startswith(_PREFIX) or not self._signer().made(raw[:SIGNATURE_BYTES], told):
            return None
        return cast(Json, json.loads(told))

    def _signer(self) -> Signer:
        return Signer(ENDPOINT, self.model)


def followed_by(item: Json) -> str:
    """What names an item as the one that a thought led to: the id of a call, or that it is a message."""
    call_id = item.get("call_id")
    if isinstance(call_id, str) and str(item.get("type")).endswith("_call"):
        return call_id
    is_message = item.get("type", "message") == "message" and item.get("role") == "assistant"
    return "message" if is_message else ""
