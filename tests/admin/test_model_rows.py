from dataclasses import replace

import pytest

from tests.admin.installation import Installation
from tokenrouter.admin.callers import Caller, Grant
from tokenrouter.admin.model_rows import ModelRow, model_table
from tokenrouter.domain.actors import Actor
from tokenrouter.domain.catalog import Provider
from tokenrouter.domain.prices import Price, flat_price
from tokenrouter.jobs.provider_status import CoolingTarget, ProviderStatus

ACME = Provider("acme", "openai-compatible", "http://127.0.0.1:9000/v1", secret="a", models=("small",))
ONLINE = ProviderStatus("acme", "openai-compatible", "file", "online")


def cooling(*models: str) -> ProviderStatus:
    marks = [CoolingTarget(model, "provider_busy", 100.0 + at) for at, model in enumerate(models)]
    return ProviderStatus("acme", "openai-compatible", "file", "online", cooling=marks)


def rows(installation: Installation) -> list[ModelRow]:
    everything = Grant(Caller("admin", Actor("key", "k", "k")), "all", installation.store)
    return model_table(installation.state, everything, 0).rows


@pytest.mark.parametrize(
    ("keys", "marked", "status"),
    [
        ((), (), "online"),
        ((), ("small",), "cooling"),
        (("b",), ("small#2",), "online"),
        (("b",), ("small#1", "small#2"), "cooling"),
    ],
)
def test_a_model_cools_when_it_does_by_each_credential(
    installation: Installation, keys: tuple[str, ...], marked: tuple[str, ...], status: str
) -> None:
    installation.declare(providers=(replace(ACME, other_secrets=keys),))
    installation.provider_statuses = (cooling(*marked),)

    (row,) = rows(installation)

    assert row.status == status
    if status == "cooling":
        assert row.cooling is not None
        assert row.cooling.until_s == 100.0  # of the first place that is back


@pytest.mark.parametrize(
    ("price", "is_free"),
    [
        (None, False),
        (flat_price(0, 0), True),
        (flat_price(0, 1), False),
        (flat_price(0, 0)._replace(request_nano=5), False),
    ],
)
def test_free_is_what_is_said_to_cost_nothing(installation: Installation, price: Price | None, is_free: bool) -> None:
    installation.declare(providers=(ACME,), prices={} if price is None else {"acme/small": price})
    installation.provider_statuses = (ONLINE,)

    assert [row.is_free for row in rows(installation)] == [is_free]


def test_a_provider_that_cannot_be_used_offers_nothing(installation: Installation) -> None:
    installation.declare(providers=(replace(ACME, base_url="no url"),))

    (row,) = rows(installation)

    assert (row.offered, row.operations, row.status) == (False, (), "unknown")
