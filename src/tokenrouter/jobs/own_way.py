"""How this gateway reaches itself: by plain HTTP while that serves everything, else by HTTPS, which it knows."""

import ssl
from collections.abc import Callable
from pathlib import Path

from tokenrouter.config.settings import Settings
from tokenrouter.jobs.front_door import own_address
from tokenrouter.tls.folder import served_file
from tokenrouter.tls.pair import Pair
from tokenrouter.upstream.client import UpstreamClient


class OwnWay:
    """The way to our own listener.

    Attributes:
        tls: trusts what was served since the start, and nobody else, by whatever address.
        upstream: a client that does.
    """

    def __init__(self, settings: Callable[[], Settings]) -> None:
        self._settings = settings
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.tls.check_hostname = False  # 127.0.0.1 need not be in it: the certificate is known byte by byte
        self.tls.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        self.upstream = UpstreamClient(tls=self.tls)
        if settings().tls.enabled and (path := served_file(settings())).exists():
            self.trust(path)

    def address(self) -> str:
        """Return what stands before a path."""
        settings = self._settings()
        if settings.http_mode == "enabled":
            return own_address(settings.listen_addr)
        return own_address(settings.tls.listen_addr).replace("http://", "https://", 1)

    def trust(self, path: Path) -> None:
        """Trust the pair that is kept at `path`, too.

        Raises:
            OSError: it cannot be read.
        """
        self.tls.load_verify_locations(cadata=Pair.of_pem(path.read_bytes()).chain.decode())
