"""The `.env` beside a database."""

from pathlib import Path

import pytest

from tokenrouter.imports.dotenv import MAX_BYTES, said_in, variables_beside
from tokenrouter.imports.found import SourceUnreadable


def test_it_is_found_beside_the_database_and_in_the_folder_above(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    assert variables_beside(tmp_path / "data" / "x.db") == {}

    (tmp_path / ".env").write_text("A=1\n# B=2\nexport C='3'\n")

    assert variables_beside(tmp_path / "data" / "x.db") == {"A": "1", "C": "3"}
    assert said_in({"A": "1", "B": ""}, "B", "A", "Z") == ["A"]


@pytest.mark.parametrize("text", ["what is this", "A=" + "x" * MAX_BYTES])
def test_what_is_none_is_refused_by_its_name(tmp_path: Path, text: str) -> None:
    (tmp_path / ".env").write_text(text)

    with pytest.raises(SourceUnreadable, match=r"\.env"):
        variables_beside(tmp_path / "x.db")
