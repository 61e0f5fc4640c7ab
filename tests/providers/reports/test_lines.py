import pytest

from tokenrouter.providers.presets import preset
from tokenrouter.providers.reports import known_reports, model_stem, report_reader


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("gpt-4o-2024-08-06", "gpt-4o"),
        ("claude-haiku-4-5-20251001", "claude-haiku-4-5"),
        ("claude-haiku-4-5@20251001", "claude-haiku-4-5"),
        ("mistral-large-latest", "mistral-large"),
        ("GPT-4o ", "gpt-4o"),
        ("gpt-4-0613", "gpt-4-0613"),
        ("", ""),
    ],
)
def test_a_snapshot_is_compared_by_the_name_of_its_model(name: str, stem: str) -> None:
    assert model_stem(name) == stem


def test_every_reader_belongs_to_a_vendor_that_is_known() -> None:
    assert known_reports()
    assert all(preset(kind) is not None for kind in known_reports())


def test_a_vendor_without_reports_has_no_reader() -> None:
    assert report_reader("openai-compatible") is None
