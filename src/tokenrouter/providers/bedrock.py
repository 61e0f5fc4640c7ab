"""Amazon Bedrock: Converse, signed for each request or opened by an API key.

A signature covers the body, so it is made on the road (`Endpoint.sign`); everything else is a row in `presets.toml`.
The region is read from the address, since every regional endpoint has it in its name
(docs.aws.amazon.com/general/latest/gr/bedrock.html, read 2026-11).
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from tokenrouter.domain.catalog import Provider
from tokenrouter.domain.ledger import Operation
from tokenrouter.providers.compatible import CompatibleAdapter
from tokenrouter.providers.endpoints import Endpoint, Sign
from tokenrouter.providers.presets import Preset
from tokenrouter.providers.sigv4 import BedrockApiKey, Signer, read_aws_secret, region_of

EVENT_STREAM: Final = b"application/vnd.amazon.eventstream"
USUAL_REGION: Final = "us-east-1"
"""Where an address names none, such as that of a proxy."""


class BedrockAdapter(CompatibleAdapter):
    """Requests to one account in one region."""

    __slots__ = ("_signer",)

    def __init__(self, provider: Provider, preset: Preset) -> None:
        super().__init__(provider, preset)
        credentials = read_aws_secret(provider.secret or "")
        if isinstance(credentials, BedrockApiKey):
            super().__init__(replace(provider, secret=credentials.token), replace(preset, auth="bearer"))
            self._signer: Signer | None = None
            return
        self._signer = Signer(credentials, region_of(self.origin.host) or USUAL_REGION)

    def endpoint(self, operation: Operation, model: str) -> Endpoint | None:
        plain = super().endpoint(operation, model)
        if plain is None:
            return None
        sign = None if self._signer is None else _sign(self._signer, self.origin.authority, plain)
        return replace(plain, stream_type=EVENT_STREAM, sign=sign)

    def endpoint_at(self, method: str, path: str) -> Endpoint | None:
        """Return None where requests are signed: only those of known operations are."""
        return super().endpoint_at(method, path) if self._signer is None else None

    def conversations(self, _model: str) -> Iterable[Operation]:
        return ("converse",)


def _sign(signer: Signer, host: str, endpoint: Endpoint) -> Sign:
    """Return what signs the bodies that go to `endpoint`."""
    targets = [head.split(b" ", 2)[1].decode("ascii") for head in (endpoint.head, endpoint.stream_head)]

    def sign(body: bytes, *, stream: bool, now_s: float) -> bytes:
        at = datetime.fromtimestamp(now_s, UTC)
        return signer.sign("POST", targets[stream], host, body, at)

    return sign
