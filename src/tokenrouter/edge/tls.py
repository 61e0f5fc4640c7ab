"""TLS as a server: which certificate a handshake gets, and what plain HTTP must answer so that there is one.

There is one `ServerTls` in a process. A certificate that is replaced counts for handshakes that begin afterwards;
connections that are open keep theirs and notice nothing.
"""

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tokenrouter.edge.client_hello import ACME_PROTOCOL, NoHello, read_client_hello

CHALLENGE_PATH: Final = b"/.well-known/acme-challenge/"
"""RFC 8555, 8.3."""


class ServerTls:
    """The certificate that counts now, and the challenges that are being answered.

    Attributes:
        answers: what is answered below `CHALLENGE_PATH`, by token.
    """

    def __init__(self, path: Path) -> None:
        """`path`: a file with a certificate, its chain and its key.

        Raises:
            OSError: it cannot be read.
            ssl.SSLError: TLS cannot be spoken with it.
        """
        self._current = server_context(path)
        self._challenges: dict[str, ssl.SSLContext] = {}
        self.answers: Mapping[bytes, bytes] = {}

    @property
    def awaits_authority(self) -> bool:
        """Whether a handshake may be an authority's, so that its first message has to be looked at."""
        return bool(self._challenges)

    def use(self, path: Path) -> None:
        """Let another certificate count from now on; one that is wrong changes nothing.

        Raises:
            OSError, ssl.SSLError: as at the beginning.
        """
        self._current = server_context(path)

    def answer_challenges(self, answers: Mapping[str, str], certificates: Mapping[str, Path]) -> None:
        """Answer these from now on: for http-01 by token, for tls-alpn-01 with certificates by name.

        Raises:
            OSError, ssl.SSLError: a certificate cannot be used; then nothing has changed.
        """
        found = {
            name.lower(): server_context(path, protocols=[ACME_PROTOCOL.decode()])
            for name, path in certificates.items()
        }
        self.answers = {token.encode(): answer.encode() for token, answer in answers.items()}
        self._challenges = found

    def context_for(self, hello: bytes) -> ssl.SSLContext:
        """Return what a handshake that begins with `hello` goes on with.

        A certificate of a challenge proves nothing to anybody but the authority, and goes to whoever asks as it does.
        """
        if not self._challenges:
            return self._current
        try:
            read = read_client_hello(hello)
        except NoHello:
            read = None
        if read is None or not read.is_acme:
            return self._current
        return self._challenges.get(read.server_name, self._current)


def server_context(path: Path, protocols: list[str] | None = None) -> ssl.SSLContext:
    """Return how TLS is spoken with the certificate and the key in `path`: 1.2 or later, Python's ciphers."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    context.set_alpn_protocols(protocols or ["http/1.1"])
    context.load_cert_chain(path)
    return context
