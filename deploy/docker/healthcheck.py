"""Whether the gateway in this container is alive; HEALTHCHECK and whoever else wants a command ask it."""

import os
import ssl
import sys
from urllib.error import URLError
from urllib.request import urlopen

TIMEOUT_S = 3.0


def main() -> None:
    """Ask `/healthz` on the port that the gateway listens on; end with 1 where it does not say 200."""
    port = os.environ.get("TOKENROUTER_LISTEN_ADDR", "0.0.0.0:8080").rpartition(":")[2]
    # The name in the certificate is that of the outside; here it is a way to ask, and tells nobody anything.
    unchecked = ssl._create_unverified_context()  # noqa: S323
    for scheme in ("http", "https"):
        try:
            with urlopen(f"{scheme}://127.0.0.1:{port}/healthz", timeout=TIMEOUT_S, context=unchecked) as answer:  # noqa: S310
                sys.exit(answer.status != 200)
        except (URLError, OSError) as problem:
            reason = problem
    sys.exit(f"no answer from /healthz on port {port}: {reason}")


if __name__ == "__main__":
    main()
