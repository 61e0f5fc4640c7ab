from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tokenrouter.domain.catalog import Key
from tokenrouter.jobs.key_book import KeyBook, KeyChange
from tokenrouter.store.catalog_version import raise_catalog_version
from tokenrouter.store.engine import Store
from tokenrouter.store.keys import KeyChanges, KeyRequest, create_key, list_keys, revoke_key, update_key

STEPS = st.lists(st.sampled_from(["make", "change", "revoke", "unknown", "other", "look"]), max_size=12)


def follow(keys: dict[str, Key], change: KeyChange) -> dict[str, Key]:
    """What somebody has who was only told the difference."""
    return {one: key for one, key in keys.items() if one not in change.gone} | {key.id: key for key in change.put}


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_the_book_has_what_the_database_has_however_often_it_looks(store: Store, steps: list[str]) -> None:
    book, told = KeyBook(store), dict[str, Key]()
    for number, step in enumerate(steps):
        known = list_keys(store)
        if step == "make":
            parent = known[-1] if number % 2 and known else None
            create_key(store, KeyRequest(f"k{number} {len(known)}", parent=parent), pepper=b"", now_s=1.0)
        elif step == "change" and known:
            update_key(store, known[0].id, KeyChanges(comment=f"step {number}"))
        elif step == "revoke" and known:
            revoke_key(store, known[0].id)
        elif step in ("unknown", "other"):
            with store.write() as connection:
                raise_catalog_version(connection, keys=None if step == "unknown" else ())
        elif step == "look":
            told = follow(told, book.take(book.look()))
    told = follow(told, book.take(book.look()))

    assert not book.take(book.look())
    assert told == book.keys
    assert book.keys == {key.id: key for key in list_keys(store)}
    for key in list_keys(store):
        if key.parent_id is None:
            revoke_key(store, key.id)
