from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest
from fastapi.testclient import TestClient

from tests.admin.installation import MASTER, ROOT, Installation
from tokenrouter.domain.catalog import Provider
from tokenrouter.domain.prices import Price, flat_price, rates_of
from tokenrouter.jobs.pricing import Pricing
from tokenrouter.jobs.pricing_sources import Gathered


@dataclass
class Said:
    """A source that says what it is told to."""

    name: str = "provider"
    answers: Gathered = field(default_factory=dict)
    asks_network: bool = True

    async def gather(self, providers: Sequence[Provider], *, again: bool) -> Gathered:
        return self.answers


@pytest.fixture
def source(client: TestClient, installation: Installation) -> Said:
    source = Said(answers={"acme": {"small": flat_price(1, 2, "provider")._replace(dated="2026-11-21")}})
    installation.state.pricing = Pricing(sources=(source,))
    return source


def test_prices_are_refreshed_and_told_as_tokenrouter_go_tells_them(client: TestClient, source: Said) -> None:
    told = client.post("/admin/api/pricing/refresh", headers=ROOT)

    assert told.status_code == 200
    assert told.json()["status"] == "ok"
    state = told.json()["cache"]["provider_states"]["acme"]
    assert state["last_update"] == state["last_attempt"] == told.json()["cache"]["updated_at"]
    assert state["last_error"] == ""


def test_what_the_operator_declares_stands_in_the_entries_with_its_place(
    client: TestClient, installation: Installation
) -> None:
    declared = Price(rates_of(150_000_000, 600_000_000, cached_input=15_000_000), dated="torod.toml:12")
    installation.settings = replace(installation.settings, prices={"acme/small-*": declared, "other/m": declared})

    told = client.get("/admin/api/pricing?provider=acme", headers=ROOT).json()

    assert told["entries"].keys() == {"acme/small-*"}
    entry = told["entries"]["acme/small-*"]
    assert (entry["provider"], entry["model"], entry["currency"]) == ("acme", "small-*", "USD")
    assert (entry["input_per_1m"], entry["output_per_1m"], entry["cached_input_per_1m"]) == (0.15, 0.6, 0.015)
    assert (entry["source"], entry["dated"]) == ("operator", "torod.toml:12")
    assert client.get("/admin/api/pricing", headers=ROOT).json()["entries"].keys() == {"acme/small-*", "other/m"}


def test_a_refresh_that_failed_says_which_and_why(client: TestClient, source: Said) -> None:
    source.answers = {"acme": "it is away", "other": {}}

    told = client.post("/admin/api/pricing/refresh", headers=ROOT)

    assert (told.status_code, told.headers["content-type"]) == (502, "text/plain; charset=utf-8")
    assert "acme: it is away" in told.text
    assert "other" not in told.text


@pytest.mark.parametrize(("method", "path"), [("GET", "/admin/api/pricing"), ("POST", "/admin/api/pricing/refresh")])
def test_prices_are_for_admins(client: TestClient, method: str, path: str) -> None:
    assert client.request(method, path).status_code == 401
    assert client.request(method, path, headers=MASTER).status_code == 403
