"""The installation's wrapping keys by their ids, followed while a rotation changes them.

A running server may meet an id that it has not heard of: `torod secrets rotate` has put a new secret into the key file
meanwhile. So an unknown id is looked for in the file before it is called unknown; nothing has to be restarted.
"""

from collections.abc import Callable, Sequence

from tokenrouter.config.envelope import CannotDecrypt
from tokenrouter.config.keyfile import load_or_create_secrets, wrapping_key, wrapping_key_id
from tokenrouter.config.settings import Settings


class KeyRing:
    """Every wrapping key that this process knows. Safe to use from several threads."""

    def __init__(self, read: Callable[[], Sequence[bytes]]) -> None:
        """`read` returns the installation's secrets, the first one first.

        Raises:
            Exception: what `read` raises.
        """
        self._read = read
        self._secrets: Sequence[bytes] = ()
        self._keys: dict[str, bytes] = {}
        self.read_again()

    def read_again(self) -> None:
        """Take over the secrets as they are now."""
        self._secrets = tuple(self._read())
        self._keys = {wrapping_key_id(secret): wrapping_key(secret) for secret in self._secrets}

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids, that of the first secret first."""
        return tuple(self._keys)

    @property
    def secrets(self) -> Sequence[bytes]:
        """The secrets themselves, the first one first and the newest last."""
        return self._secrets

    def key(self, key_id: str) -> bytes:
        """Return the key of that id.

        Raises:
            CannotDecrypt: this installation has no such key (any more).
        """
        if key_id not in self._keys:
            try:
                self.read_again()
            except (OSError, ValueError) as error:
                raise CannotDecrypt(
                    f"the key {key_id!r} is not known, and the key file cannot be read: {error}"
                ) from None
        found = self._keys.get(key_id)
        if found is None:
            raise CannotDecrypt(
                f"it was encrypted under the key {key_id!r}, which is not here; restore secret.key, or ENCRYPTION_KEY "
                "(with ENCRYPTION_KEY_OLD and ENCRYPTION_KEY_FIRST, if they were set)"
            )
        return found


def ring_of(settings: Settings) -> KeyRing:
    """Return the keys of an installation.

    Raises:
        OSError, ValueError: as `load_or_create_secrets`.
    """
    return KeyRing(lambda: load_or_create_secrets(settings))
