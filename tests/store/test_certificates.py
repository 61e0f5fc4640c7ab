from tokenrouter.config.keyring import KeyRing
from tokenrouter.store.catalog_version import catalog_version
from tokenrouter.store.certificates import (
    KeptCertificate,
    keep_account_key,
    keep_certificate,
    kept_account_key,
    kept_certificate,
    read_proofs,
    read_state,
    write_proofs,
    write_state,
)
from tokenrouter.store.engine import Store
from tokenrouter.store.secrets import list_secrets

RING = KeyRing(lambda: (b"o" * 32,))
KEPT = KeptCertificate("-----BEGIN CERTIFICATE-----", "-----BEGIN PRIVATE KEY-----")
URL = "https://authority.example/dir"


def test_the_last_certificate_counts_and_every_node_hears_of_it(store: Store) -> None:
    with store.read() as connection:
        before = catalog_version(connection)
        assert kept_certificate(connection, RING) is None
    for kept in (KeptCertificate("old", "old key"), KEPT):
        with store.write() as connection:
            keep_certificate(connection, RING, kept, 1.0)

    with store.read() as connection:
        assert kept_certificate(connection, RING) == KEPT
        assert catalog_version(connection) == before + 2
    assert "PRIVATE" not in repr(KEPT)
    assert {one.problem for one in list_secrets(store, RING)} == {""}


def test_one_that_cannot_be_decrypted_here_is_none(store: Store) -> None:
    with store.write() as connection:
        keep_certificate(connection, RING, KEPT, 1.0)

    with store.read() as connection:
        assert kept_certificate(connection, KeyRing(lambda: (b"n" * 32,))) is None


def test_each_authority_has_an_account_of_its_own(store: Store) -> None:
    with store.write() as connection:
        keep_account_key(connection, RING, URL, "the key", 1.0)

    with store.read() as connection:
        assert kept_account_key(connection, RING, URL) == "the key"
        assert kept_account_key(connection, RING, "https://other.example/dir") == ""


def test_what_is_proven_is_told_to_all_and_what_is_known_of_orders_to_whoever_asks(store: Store) -> None:
    with store.read() as connection:
        assert (read_state(connection), read_proofs(connection)) == ("", "")
        before = catalog_version(connection)
    with store.write() as connection:
        write_state(connection, "state")
        write_proofs(connection, "proofs")

    with store.read() as connection:
        assert (read_state(connection), read_proofs(connection)) == ("state", "proofs")
        assert catalog_version(connection) == before + 1
