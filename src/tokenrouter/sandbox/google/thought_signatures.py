"""Signatures of hidden reasoning: made with every answer that thought, and recognised when they come back.

The vendors encrypt their model's thoughts and refuse what they did not write; here a keyed hash is enough to tell. A
signature holds for one endpoint, one model and, where it is given, one subject (a function call, a thinking text), so a
gateway that loses it, moves it to another part or takes it to another vendor is found out. The key is no secret: it
only has to be the same after a restart.
"""

import hashlib
import hmac
import os
from dataclasses import dataclass
from typing import Final

_KEY: Final = b"tokenrouter sandbox thought signatures"
_NONCE_BYTES: Final = 48
"""Makes each signature another one, and as long as short ones of the vendors are."""
_TAG_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs for one model behind one endpoint, such as `gemini` or `bedrock`."""

    endpoint: str
    model: str

    def sign(self, subject: str = "") -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._tag(nonce, subject)

    def made(self, signature: bytes, subject: str = "") -> bool:
        """Whether this signer made `signature` for this subject."""
        nonce, tag = signature[:_NONCE_BYTES], signature[_NONCE_BYTES:]
        return hmac.compare_digest(tag, self._tag(nonce, subject))

    def _tag(self, nonce: bytes, subject: str) -> bytes:
        told = "\x00".join((self.endpoint, self.model, subject)).encode("utf-8", "replace")
        return hmac.new(_KEY, nonce + told, hashlib.sha256).digest()[:_TAG_BYTES]
