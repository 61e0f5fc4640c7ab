"""The identity providers of the configuration, each with what it has told of itself.

A provider whose table has changed is asked anew; the others keep what they have told.
"""

from collections.abc import Callable, Sequence

from tokenrouter.config.settings import OidcSetting
from tokenrouter.signin.oidc.client import OidcClient
from tokenrouter.upstream.client import UpstreamClient


class OidcClients:
    """Who can be signed in at. `key` has 32 bytes and seals what browsers carry there and back."""

    def __init__(
        self,
        settings: Callable[[], Sequence[OidcSetting]],
        upstream: UpstreamClient,
        key: bytes,
        *,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._settings, self._upstream, self._clock = settings, upstream, clock
        self._clients: dict[str, OidcClient] = {}
        self.key = key

    def offered(self) -> Sequence[OidcSetting]:
        """Return the providers, in the order of the file."""
        return self._settings()

    def find(self, name: str) -> OidcClient | None:
        """Return the provider of this name; None when there is none."""
        setting = next((one for one in self._settings() if one.name == name), None)
        if setting is None:
            return None
        client = self._clients.get(name)
        if client is None or client.setting != setting:
            clock = {"clock": self._clock} if self._clock is not None else {}
            client = self._clients[name] = OidcClient(setting, self._upstream, **clock)
        return client
