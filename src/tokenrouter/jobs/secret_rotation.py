"""Wrapping every secret of the database under a new key, while servers run.

The order is what makes it safe to be broken off anywhere, and run again: the new key is there before it is used; the
database names it before a secret is wrapped under it, so that nobody wraps under the old one any more; and the old one
goes only when nothing is left that needs it. Each step leaves a state in which everything opens.
"""

from dataclasses import dataclass
from pathlib import Path

from tokenrouter.config.envelope import SecretPlace
from tokenrouter.config.keyfile import add_secret, keep_secrets, key_file, only_one, wrapping_key_id
from tokenrouter.config.keyring import KeyRing
from tokenrouter.config.settings import Settings
from tokenrouter.store.engine import Store
from tokenrouter.store.secrets import current_key_id, list_secrets, rewrap_some, use_key


class NothingToRotate(Exception):
    """No new key is named; the message says how to name one."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """What a rotation did.

    Attributes:
        key_id: the key under which every secret is wrapped now, but those of `problems`.
        resumed: whether it took up one that had been broken off.
    """

    key_id: str
    rewrapped: int
    problems: dict[SecretPlace, str]
    resumed: bool


def rotate_secrets(settings: Settings, store: Store, ring: KeyRing) -> Rotation:
    """Wrap every secret under a new key: of the key file, or the one that `ENCRYPTION_KEY` names newly.

    Raises:
        NothingToRotate: `ENCRYPTION_KEY` is the key that is in use.
        OSError, ValueError: the key file cannot be read or written.
    """
    if settings.encryption_key:
        return _to_named_key(store, ring)
    path = key_file(settings)
    with only_one(path):
        return _to_new_key(path, store, ring)


def _to_named_key(store: Store, ring: KeyRing) -> Rotation:
    newest = ring.ids[-1]
    is_in_use = _in_use(store, ring) == newest
    done = _rewrap_all(store, ring, newest, resumed=is_in_use)
    if is_in_use and not done.rewrapped:
        raise NothingToRotate(
            "ENCRYPTION_KEY is the key that is in use. Set it to a new one on every node, and ENCRYPTION_KEY_OLD to "
            "the one that it has been until now; restart the nodes one by one, and run this again"
        )
    return done


def _to_new_key(path: Path, store: Store, ring: KeyRing) -> Rotation:
    ring.read_again()
    newest = ring.ids[-1]
    done = _rewrap_all(store, ring, newest, resumed=True) if _was_broken_off(store, ring) else None
    if done is None:
        newest = wrapping_key_id(add_secret(path))
        ring.read_again()
        done = _rewrap_all(store, ring, newest, resumed=False)
    keep_secrets(path, [ring.secrets[ring.ids.index(newest)]])
    ring.read_again()
    return done


def _was_broken_off(store: Store, ring: KeyRing) -> bool:
    """Whether there is a key that is not used yet, one that is not needed any more, or a secret left behind."""
    newest = ring.ids[-1]
    if _in_use(store, ring) != newest or len(ring.ids) > 2:
        return True
    return any(one.key_id != newest and not one.problem for one in list_secrets(store, ring))


def _in_use(store: Store, ring: KeyRing) -> str:
    with store.read() as connection:
        return current_key_id(connection, ring)


def _rewrap_all(store: Store, ring: KeyRing, key_id: str, *, resumed: bool) -> Rotation:
    use_key(store, ring, key_id)
    count, problems, after = 0, dict[SecretPlace, str](), None
    while True:
        step = rewrap_some(store, ring, key_id, after=after)
        count, problems, after = count + step.count, {**problems, **step.problems}, step.last
        if after is None:
            return Rotation(key_id, count, problems, resumed)
