import json
from pathlib import Path

from tokenrouter.domain.catalog import Provider
from tokenrouter.domain.conditions import Condition
from tokenrouter.jobs.health_checks import ProviderHealth
from tokenrouter.jobs.provider_status import (
    CoolingTarget,
    ProviderStatus,
    StatusFile,
    provider_statuses,
    read_statuses,
)

ACME = Provider("acme", "openai-compatible", "http://acme/v1", secret="sk-secret")
BETA = Provider("beta", "groq", "http://beta/v1", origin="environment")
HEALTH = ProviderHealth("acme", "offline", 100.0, 130.0, 0.0, 3, 50.0, "it is away")


def test_a_row_says_all_that_is_known_of_a_provider() -> None:
    figures = {"1": {"cooling": [["acme/small", "provider_timeout", 210], ["acme/old", "provider_timeout", 190]]}}

    rows = provider_statuses([ACME, BETA], {"acme": HEALTH}, {"acme": Condition("offline", 0.5)}, figures, 200.0)

    assert rows == [
        ProviderStatus(
            "acme",
            "openai-compatible",
            "file",
            "offline",
            "it is away",
            model_count=3,
            listed_at_s=50.0,
            checked_at_s=100.0,
            next_check_s=130.0,
            left=0.5,
            cooling=[CoolingTarget("small", "provider_timeout", 210.0)],
        ),
        ProviderStatus("beta", "groq", "environment"),
    ]


def test_what_several_processes_leave_alone_is_told_once_with_the_longest_time() -> None:
    figures = {
        "1": {"cooling": [["acme/a/b", "provider_refused", 220]]},
        "2": {"cooling": [["acme/a/b", "provider_timeout", 250]]},
        "3": {},
    }

    (row,) = provider_statuses([ACME], {}, {}, figures, 200.0)

    assert row.cooling == [CoolingTarget("a/b", "provider_timeout", 250.0)]


def test_the_file_is_written_when_something_has_changed_and_holds_no_secret(tmp_path: Path) -> None:
    path = tmp_path / "cache" / "providers.json"
    file, rows = StatusFile(path), provider_statuses([ACME], {"acme": HEALTH}, {}, {}, 200.0)
    file.write(rows)
    path.unlink()
    file.write(list(rows))
    assert not path.exists()

    file.write([*rows, ProviderStatus("beta", "groq", "file")])

    found = read_statuses(path)
    assert found is not None
    assert [row.name for row in found[0]] == ["acme", "beta"]
    assert "sk-secret" not in path.read_text()
    assert json.loads(path.read_text())[0]["status"] == "offline"


def test_without_a_readable_file_nothing_is_known(tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text("[{")

    assert read_statuses(tmp_path / "missing.json") is None
    assert read_statuses(tmp_path / "broken.json") is None


def test_a_folder_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    StatusFile(tmp_path / "file" / "providers.json").write([ProviderStatus("a", "groq", "file")])
