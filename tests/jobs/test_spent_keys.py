from dataclasses import dataclass
from pathlib import Path

import pytest

from tokenrouter.config.settings import KeySetting
from tokenrouter.domain.catalog import Catalog, Key
from tokenrouter.domain.limit_text import read_limit
from tokenrouter.domain.limits import Limit
from tokenrouter.jobs.catalog_builder import declared_key
from tokenrouter.jobs.limit_adjustments import reset_limit
from tokenrouter.jobs.spent_keys import remove_spent_keys
from tokenrouter.store.engine import Store
from tokenrouter.store.keys import KeyRequest, create_key, list_keys
from tokenrouter.store.limit_use import LimitCharge, add_limit_use

NOW_S = 1_767_268_800.0


def a_limit(scope: str, **more: object) -> Limit:
    return read_limit({"scope": scope, "metric": "tokens", "window": "lifetime", "amount": 100, **more})


@dataclass
class Installation:
    store: Store
    declared: tuple[Key, ...] = ()

    def make(self, name: str, **more: object) -> Key:
        return create_key(self.store, KeyRequest(name=name, **more), pepper=b"p", now_s=NOW_S).stored  # type: ignore[arg-type]

    def use(self, limit: Limit, scope: str, amount: int) -> None:
        with self.store.write() as connection:
            add_limit_use(connection, [LimitCharge(limit.id, scope, 0, amount)])

    def clean(self, *limits: Limit) -> list[tuple[str, str]]:
        catalog = Catalog(keys=(*self.declared, *list_keys(self.store)), limits=limits)
        return [(key.name, limit.scope) for key, limit in remove_spent_keys(self.store, catalog, NOW_S)]

    def names(self) -> list[str]:
        return sorted(key.name for key in list_keys(self.store))


@pytest.fixture
def installation(store: Store) -> Installation:
    return Installation(store)


@pytest.mark.parametrize("scope", ["key:alice", "key:*"])
@pytest.mark.parametrize("metric", ["tokens", "requests", "input_tokens", "cost_usd"])
def test_a_key_goes_when_its_quota_is_used_up_and_no_sooner(
    installation: Installation, scope: str, metric: str
) -> None:
    limit = a_limit(scope, metric=metric)
    installation.make("alice")
    installation.make("bob")
    installation.use(limit, "key:alice", limit.amount - 1)
    assert installation.clean(limit) == []

    installation.use(limit, "key:alice", 1)

    assert installation.clean(limit) == [("alice", scope)]
    assert installation.names() == ["bob"]
    assert installation.clean(limit) == []


def test_what_stands_below_it_goes_too(installation: Installation) -> None:
    parent = installation.make("class", role="keymaster")
    installation.make("pupil", parent=parent)
    limit = a_limit("key:class")
    installation.use(limit, "key:class", 200)

    assert sorted(installation.clean(limit)) == [("class", "key:class"), ("pupil", "key:class")]


def test_a_limit_of_its_own_takes_the_place_of_what_everybody_has(installation: Installation) -> None:
    installation.make("alice")
    template = a_limit("key:*")
    installation.use(template, "key:alice", 200)

    assert installation.clean(template, a_limit("key:alice", amount=0)) == []
    assert installation.clean(template, a_limit("key:alice", amount=1000)) == []


@pytest.mark.parametrize(
    ("scope", "more"),
    [
        ("key:alice", {"mode": "soft"}),
        ("key:alice", {"window": "day"}),
        ("key:alice", {"window": "interval:1h"}),
        ("key:alice", {"amount": 0}),
        ("key:alice", {"boost": 500, "boost_until": NOW_S + 10}),
        ("user:ann", {}),
        ("team:*", {}),
        ("global", {}),
    ],
)
def test_what_may_open_again_or_is_not_the_keys_own_removes_nobody(
    installation: Installation, scope: str, more: dict[str, object]
) -> None:
    limit = a_limit(scope, **more)
    installation.make("alice", user="ann", team="physics")
    for counter in ("key:alice", "user:ann", "team:physics", "global"):
        installation.use(limit, counter, 500)

    assert installation.clean(limit) == []


def test_a_limit_that_was_given_back_removes_nobody(installation: Installation) -> None:
    limit = a_limit("key:alice")
    installation.make("alice")
    installation.use(limit, "key:alice", 100)
    reset_limit(installation.store, limit, None, made_by="root", now_s=NOW_S)

    assert installation.clean(limit) == []


def test_keys_of_the_file_and_of_admins_stay(store: Store, tmp_path: Path) -> None:
    setting = KeySetting(id="file", name="file", key="tr_file-0123456789abcdef")
    installation = Installation(store, (declared_key(setting, b"p"),))
    installation.make("root", role="admin")
    limit = a_limit("key:*")
    for scope in ("key:file", "key:root"):
        installation.use(limit, scope, 200)

    assert installation.clean(limit) == []
    assert installation.names() == ["root"]
