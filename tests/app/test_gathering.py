"""What is found out about providers beside requests."""

from pathlib import Path

import pytest

from tests.app.kept import node
from tokenrouter.app.gathering import Gathering
from tokenrouter.domain.catalog import Catalog, Provider
from tokenrouter.domain.model_facts import ModelFacts


async def test_what_came_along_is_known_before_anybody_was_asked(tmp_path: Path) -> None:
    with node(tmp_path) as here:
        taken: list[int] = []
        gathering = Gathering(lambda: here.settings, here.upstream, Catalog(), lambda: None, lambda: taken.append(1))
        assert not gathering.bundled_facts

        vendor = Provider(name="openai", kind="openai", base_url="https://api.openai.com/v1", models=("gpt-4o",))
        await gathering.pricing.begin((vendor,))

        assert gathering.bundled_facts["openai/gpt-4o"] == ModelFacts(128_000)
        assert taken


@pytest.mark.parametrize(("unusable", "status"), [({}, "unknown"), ({"acme": "no secret"}, "auth problem")])
async def test_how_providers_are_is_shown_and_written_down(
    tmp_path: Path, unusable: dict[str, str], status: str
) -> None:
    with node(tmp_path) as here:
        kept = here.kept()

        rows = kept.gathering.statuses(kept.catalog, {}, unusable)
        kept.gathering.write_down(rows)

        assert [(row.name, row.status) for row in rows] == [("acme", status)]
        assert f'"{status}"' in (here.settings.paths.cache_dir / "providers.json").read_text()
        kept.close()
