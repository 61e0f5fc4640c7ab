"""Under which secret a database is used: several nodes must have the same one.

Short keys are hashed with it and provider secrets encrypted, so a node with another `ENCRYPTION_KEY` would turn good
keys away and write what no other node can read. A fingerprint, from which the secret does not follow, is noted at the
first use.
"""

import hmac
from typing import Final

from tokenrouter.store.engine import Store
from tokenrouter.store.errors import WrongSecret
from tokenrouter.store.facts import read_fact, write_fact

FACT: Final = "secret_fingerprint"


def check_fingerprint(store: Store, fingerprint: str) -> None:
    """Note `fingerprint` if none is noted yet.

    Raises:
        WrongSecret: another one is.
    """
    with store.read() as connection:
        noted = read_fact(connection, FACT)
    if noted is None:
        with store.write() as connection:
            noted = read_fact(connection, FACT)
            if noted is None:
                write_fact(connection, FACT, fingerprint)
                return
    if not hmac.compare_digest(noted, fingerprint):
        raise WrongSecret(
            "ENCRYPTION_KEY is not the one that this database was first used with; every node needs the same. Set that "
            "one, or use a database of its own"
        )
