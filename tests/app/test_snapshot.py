import stat
from pathlib import Path

import pytest

from tokenrouter.app.snapshot import FILE_NAME, read_snapshot, seal, unseal, write_snapshot
from tokenrouter.domain.catalog import Catalog, Key, Provider
from tokenrouter.domain.prices import Price, Sheet, rates_of

KEY = b"k" * 32
RATES = rates_of(150_000_000, 600_000_000, cached_input=1)
CATALOG = Catalog(
    version=3,
    providers=(Provider("acme", "openai", "http://h/v1", secret="sk-hidden", other_secrets=("sk-veiled",)),),
    keys=(Key("k", "alice", b"d" * 32, unpriced="deny"),),
    prices={"acme/*": Price(RATES, ((9, RATES),), (("flex", Sheet(RATES, ((9, RATES),))),), 7, "zen", "2026-11-21")},
)


def test_a_snapshot_is_read_back_and_shows_no_secret(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    write_snapshot(path, CATALOG, KEY)

    assert read_snapshot(path, KEY) == CATALOG
    assert b"sk-hidden" not in path.read_bytes()
    assert b"sk-veiled" not in path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("damage", [lambda sealed: sealed[:-1], lambda sealed: b"XXXX" + sealed[4:], lambda _: b""])
def test_what_cannot_be_trusted_is_no_snapshot(damage: object) -> None:
    assert unseal(damage(seal(CATALOG, KEY)), KEY) is None  # type: ignore[operator]
    assert unseal(seal(CATALOG, KEY), b"o" * 32) is None


def test_a_missing_file_is_no_snapshot(tmp_path: Path) -> None:
    assert read_snapshot(tmp_path / "none", KEY) is None
