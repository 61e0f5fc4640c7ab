"""What is noted of a configuration that is read again."""

from pathlib import Path

import pytest

from tests.config.wholes import ENVIRONMENT, TEXT, whole
from tokenrouter.app.arguments import ChildArguments
from tokenrouter.app.taken import TakenConfiguration
from tokenrouter.config.applied import read_applied
from tokenrouter.config.problems import ConfigErrors


@pytest.fixture
def taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TakenConfiguration:
    for name, value in {**ENVIRONMENT, "TOKENROUTER_HOME": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "data").mkdir()
    return TakenConfiguration(whole(tmp_path), ChildArguments(runtime=tmp_path), b"secret")


def test_what_counts_is_noted_with_what_waits(taken: TakenConfiguration, tmp_path: Path) -> None:
    taken.note()
    first = read_applied(tmp_path / "data")
    whole(tmp_path, "workers = 2\n" + TEXT.replace("ttl_s = 60", "ttl_s = 70"))

    settings = taken.read_again()
    taken.note()

    second = read_applied(tmp_path / "data")
    assert (settings.workers, settings.policy.cache.ttl_s) == (1, 70.0)
    assert first is not None
    assert second is not None
    assert second.began_s > first.began_s
    assert (second.waiting, second.problems) == (("workers",), ())
    assert second.outline["setting"][""]["cache.ttl_s"] == 70.0
    assert second.outline["setting"][""]["workers"] == 1


def test_a_start_forgets_moves_that_the_configuration_overrules(taken: TakenConfiguration, tmp_path: Path) -> None:
    (moved := tmp_path / "data" / "moved.json").write_text('{"listen_addr": {"address": "a:1", "instead_of": "b:2"}}')

    taken.note()

    assert moved.read_text() == "{}"


def test_what_is_wrong_is_noted_and_what_counted_before_still_does(taken: TakenConfiguration, tmp_path: Path) -> None:
    (tmp_path / "torod.toml").write_text("nonsense = 1")

    with pytest.raises(ConfigErrors) as wrong:
        taken.read_again()
    taken.refuse(wrong.value.problems)

    noted = read_applied(tmp_path / "data")
    assert noted is not None
    assert noted.problems[0].startswith("torod.toml:1: nonsense: unknown key")
    assert noted.outline["setting"][""]["cache.ttl_s"] == 60.0
