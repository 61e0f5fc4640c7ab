"""Asking an identity provider for JSON.

It goes through the client that requests go through, so it obeys the same policy of addresses and the same proxies. A
redirect is not followed: the documents say where things are, and a token must go nowhere else. Answers are bounded.
"""

import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from tokenrouter.domain.catalog import Timeouts
from tokenrouter.domain.errors import GatewayError
from tokenrouter.providers.base import request_head
from tokenrouter.providers.compatible import USER_AGENT
from tokenrouter.providers.outbound import Destination, UpstreamRequest
from tokenrouter.providers.urls import split_base_url
from tokenrouter.signin.oidc.errors import ProviderAway
from tokenrouter.upstream.client import UpstreamClient

MAX_ANSWER_BYTES: Final = 512 * 2**10
"""A key set or a list of groups may be long; this long is none."""
_TIMEOUTS: Final = Timeouts(connect_s=5.0, first_byte_s=10.0, between_bytes_s=10.0, total_s=15.0)

Fields = Mapping[str, Any]


class OidcFetcher:
    """Asks one identity provider, named `name` in messages."""

    def __init__(self, upstream: UpstreamClient, name: str, issuer: str, *, allow_private: bool = False) -> None:
        """The issuer's own host may be private; others only with `allow_private`."""
        self._upstream, self._name = upstream, name
        self._host, self._allow_private = urlsplit(issuer).hostname, allow_private

    async def get(self, url: str, headers: Mapping[str, str] | None = None) -> Fields:
        """Return the JSON object at `url`.

        Raises:
            ProviderAway: there is none.
        """
        status, fields = await self._ask("GET", url, headers or {}, b"")
        if status != 200:
            raise ProviderAway(f"{self._name} answered with status {status} at {_shown(url)}.")
        return fields

    async def post(self, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> tuple[int, Fields]:
        """Return status and JSON object that a form is answered with.

        Raises:
            ProviderAway: there is no answer, or it is no JSON.
        """
        body = urlencode(form).encode()
        said = {"content-type": "application/x-www-form-urlencoded", "content-length": str(len(body)), **headers}
        return await self._ask("POST", url, said, body)

    async def _ask(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, Fields]:
        try:
            request = self._request(method, url, headers, body)
            response = await self._upstream.send(request)
        except (GatewayError, ValueError) as error:
            raise ProviderAway(f"{self._name} cannot be asked at {_shown(url)}: {error}") from None
        try:
            status, data = response.status, response.take() if response.complete else None
        finally:
            response.close()
        if 300 <= status < 400:
            raise ProviderAway(f"{self._name} sends elsewhere from {_shown(url)}; that is not followed.")
        if data is None:
            raise ProviderAway(f"{self._name} answered with more than {MAX_ANSWER_BYTES} bytes at {_shown(url)}.")
        return status, self._object(url, data)

    def _request(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> UpstreamRequest:
        base, parts = split_base_url(url), urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        usual = {
            "host": base.origin.authority,
            "user-agent": USER_AGENT,
            "accept": "application/json",
            "accept-encoding": "identity",
        }
        private = self._allow_private or parts.hostname == self._host
        to = Destination(base.origin, _TIMEOUTS, self._name, allow_private=private)
        head = request_head(method, target, {**usual, **headers}) + b"\r\n"
        return UpstreamRequest(to, [head, body] if body else [head], MAX_ANSWER_BYTES)

    def _object(self, url: str, data: bytes) -> Fields:
        try:
            fields = json.loads(data)
        except (ValueError, RecursionError):
            fields = None
        if not isinstance(fields, dict):
            raise ProviderAway(f"{self._name} answered with something else than a JSON object at {_shown(url)}.")
        return fields


def _shown(url: str) -> str:
    """Return an address without its query, for a message."""
    return url.partition("?")[0][:200]
