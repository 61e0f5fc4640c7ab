"""A database belongs to one secret."""

import pytest

from tokenrouter.store.engine import Store
from tokenrouter.store.errors import WrongSecret
from tokenrouter.store.fingerprint import check_fingerprint


def test_the_first_secret_is_the_one_that_counts(store: Store) -> None:
    check_fingerprint(store, "aa11")
    check_fingerprint(store, "aa11")

    with pytest.raises(WrongSecret, match="ENCRYPTION_KEY"):
        check_fingerprint(store, "bb22")

    check_fingerprint(store, "aa11")
