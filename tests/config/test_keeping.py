"""`[cache]` and `[idempotency]`."""

from pathlib import Path

import pytest

from tokenrouter.config.load import load
from tokenrouter.config.problems import ConfigErrors
from tokenrouter.config.settings import IdempotencySettings, KeptRoom, Settings
from tokenrouter.domain.catalog import CacheRules

SAID = """
[[teams]]
name = "physics"
[cache]
backend = "memory"
ttl_s = 60
max_bytes = 5000
max_entry_bytes = 2000
share_in_flight = "always"
teams = ["physics"]
models = ["fast*"]
[idempotency]
keep_s = 30
max_bytes = 4000
max_entry_bytes = 4000
"""


def read(folder: Path, text: str) -> Settings:
    (folder / "torod.toml").write_text(text)
    return load(config=str(folder / "torod.toml"), environ={"TOKENROUTER_HOME": str(folder)})


def test_nobody_gets_kept_answers_and_repeats_are_met_unless_it_is_said_otherwise(tmp_path: Path) -> None:
    usual = read(tmp_path, "")
    assert (usual.policy.cache, usual.cache) == (CacheRules(), KeptRoom())
    assert usual.idempotency == IdempotencySettings(enabled=True, keep_s=86400.0)


def test_what_is_said_is_taken(tmp_path: Path) -> None:
    settings = read(tmp_path, SAID)
    assert settings.policy.cache == CacheRules(60.0, "always", ("physics",), ("fast*",))
    assert settings.cache == KeptRoom("memory", 5000, 2000)
    assert settings.idempotency == IdempotencySettings(True, 30.0, KeptRoom("memory", 4000, 4000))


def test_with_a_shared_server_answers_lie_there(tmp_path: Path) -> None:
    shared = read(tmp_path, 'redis_url = "redis://127.0.0.1:1/0"')
    assert (shared.cache.backend, shared.idempotency.room.backend) == ("redis", "redis")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('backend = "memory"', 'backend = "redis"', "torod.toml:5: cache.backend"),
        ('teams = ["physics"]', 'teams = ["phisics"]', 'did you mean "physics"'),
        ("ttl_s = 60", "tll_s = 60", 'did you mean "ttl_s"'),
        ("max_bytes = 5000", "max_bytes = 1500", "torod.toml:8: cache.max_entry_bytes"),
        ("keep_s = 30", "keep_s = -1", "idempotency.keep_s"),
        ('"always"', '"sometimes"', "cache.share_in_flight"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, old: str, new: str, words: str) -> None:
    with pytest.raises(ConfigErrors) as wrong:
        read(tmp_path, SAID.replace(old, new, 1))
    assert words in str(wrong.value)
