"""What a person may give as a source."""

from pathlib import Path

import pytest

from tests.imports.conftest import BASE_URL, NOW_S
from tests.imports.predecessors import build_classroom, build_one_api
from tokenrouter.imports.found import SOURCE_KINDS, SourceKind, SourceUnreadable
from tokenrouter.imports.reading import SourceOptions, read_source

OPTIONS = SourceOptions(NOW_S)


@pytest.mark.parametrize("given", ["", "data", "data/tokenrouter.db"])
def test_a_folder_is_looked_through_for_the_database(tmp_path: Path, given: str) -> None:
    build_classroom(tmp_path, BASE_URL)

    with read_source("classroom", [str(tmp_path / given)], OPTIONS) as found:
        assert len(found.teams) == 2
        assert len(list(found.history())) == 3


@pytest.mark.parametrize("kind", SOURCE_KINDS)
def test_an_empty_folder_is_refused_by_every_reader(tmp_path: Path, kind: SourceKind) -> None:
    with pytest.raises(SourceUnreadable), read_source(kind, [str(tmp_path)], OPTIONS):
        pass


@pytest.mark.parametrize("kind", ["classroom", "llm-proxy", "tokentracer"])
def test_every_reader_refuses_the_others_databases(tmp_path: Path, kind: SourceKind) -> None:
    file = build_one_api(tmp_path / "one-api.db", BASE_URL)

    with pytest.raises(SourceUnreadable, match="this is no database of"), read_source(kind, [str(file)], OPTIONS):
        pass


def test_litellm_takes_one_file_and_one_url(tmp_path: Path) -> None:
    file = str(tmp_path / "config.yaml")
    Path(file).write_text("model_list: []\n")

    with pytest.raises(SourceUnreadable, match="or both"), read_source("litellm", [file, file], OPTIONS):
        pass
