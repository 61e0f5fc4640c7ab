from dataclasses import replace

from tests.admin.installation import Installation
from tokenrouter.admin.compat.go_provider_rows import price_of, provider_row, shown_providers
from tokenrouter.domain.catalog import Provider
from tokenrouter.domain.prices import flat_price
from tokenrouter.jobs.provider_status import ProviderStatus

AUTO = Provider("found", "ollama", "http://127.0.0.1:11434/v1", origin="automatic")


def test_one_that_joined_by_itself_is_not_shown_while_it_is_away(installation: Installation) -> None:
    installation.settings = replace(installation.settings, providers=(*installation.settings.providers, AUTO))

    def shown(status: str) -> list[str]:
        rows = (ProviderStatus("found", "ollama", "automatic", status), ProviderStatus("acme", "x", "file", "offline"))  # type: ignore[arg-type]
        return [one.name for one in shown_providers(installation.state, {row.name: row for row in rows})]

    assert shown("online") == ["acme", "found"]
    assert shown("offline") == ["acme"]


def test_prices_are_dollars_per_million_and_nothing_where_nobody_said(installation: Installation) -> None:
    prices = {"acme/small": flat_price(150, 600, "operator")}
    installation.settings = replace(installation.settings, prices=prices)

    assert price_of(installation.state, "acme", "small") == {
        "currency": "USD",
        "input_per_1m": 0.15,
        "output_per_1m": 0.6,
    }
    assert price_of(installation.state, "acme", "other") == {}


def test_a_row_has_no_secret(installation: Installation) -> None:
    secret = "sk-secret"
    provider = replace(AUTO, secret=secret, base_url=f"https://user:{secret}@host/v1?key={secret}", enabled=False)

    row = provider_row(installation.state, provider, None)

    assert secret not in str(row)
    assert (row["base_url"], row["status"], row["managed"]) == ("https://host/v1", "disabled", False)
