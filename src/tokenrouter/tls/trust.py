"""Speaking TLS to ourselves: trusting exactly the certificate that this gateway serves, whoever vouches for it."""

import ssl
from pathlib import Path

from tokenrouter.tls.pair import Pair


def trusting(path: Path) -> ssl.SSLContext:
    """Return a client's context for which the kept pair at `path` is the only one that counts, by whatever address.

    Raises:
        OSError: it cannot be read.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # 127.0.0.1 need not be in it: it is known byte by byte
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(cadata=Pair.of_pem(path.read_bytes()).chain.decode())
    return context
