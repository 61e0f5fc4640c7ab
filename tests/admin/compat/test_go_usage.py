import pytest

from tokenrouter.admin.compat.go_usage import added, client_type, slot_of
from tokenrouter.store.period_usage import PeriodSums


@pytest.mark.parametrize(
    ("tool", "kind"),
    [
        ("AsyncOpenAI", "openai-python"),
        ("OpenAI", "openai"),
        ("python-requests", "python"),
        ("curl", "curl"),
        ("node", "nodejs"),
        ("Go-http-client", "go-http-client"),
        ("Mozilla", "browser"),
        ("codex_cli_rs", "other"),
        ("", "unknown"),
    ],
)
def test_clients_are_called_what_tokenrouter_go_calls_them(tool: str, kind: str) -> None:
    assert client_type(tool) == kind


def test_longer_periods_have_longer_slots() -> None:
    assert [slot_of(seconds) for seconds in (60, 3600, 3601, 7 * 86_400, 30 * 86_400)] == [60, 60, 300, 300, 3600]


def test_sums_add_up() -> None:
    assert added([]) == PeriodSums()
    assert added([PeriodSums(1, 1, 2, 3, 4, 5, 0.5, 0.25)] * 2) == PeriodSums(2, 2, 4, 6, 8, 10, 1.0, 0.5)
