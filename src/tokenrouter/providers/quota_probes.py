"""The smallest request there is, sent for the headers of its answer where a vendor tells its limits nowhere else.

It costs a few tokens, so it is sent only where the operator asks for it (`quota_probe`).
"""

from typing import Final

import msgspec

from tokenrouter.domain.ledger import Operation
from tokenrouter.providers.compatible import CompatibleAdapter

_VERSIONS: Final[dict[Operation, bytes]] = {"chat": b"", "messages": b"anthropic-version: 2023-06-01\r\n"}
"""The operations that a probe may be, the usual one first, with a header line that each must have."""


def probe_request(spoken: CompatibleAdapter, model: str) -> bytes | None:
    """Return a whole request for one token of `model`, or None where the vendor has no operation for it."""
    for operation, version in _VERSIONS.items():
        head = spoken.head(operation, model)
        if head is not None:
            most = spoken.quirks.max_tokens_field if operation == "chat" else "max_tokens"
            body = msgspec.json.encode({"model": model, most: 1, "messages": [{"role": "user", "content": "hi"}]})
            return b"%b%bcontent-length: %d\r\n\r\n%b" % (head, version, len(body), body)
    return None
