"""Quotas from what answers said to who is told."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from tokenrouter.config.settings import AlertSettings, Paths, Settings
from tokenrouter.domain.catalog import Provider
from tokenrouter.domain.quotas import QuotaMetric, measured
from tokenrouter.jobs.condition_book import ConditionBook
from tokenrouter.jobs.provider_quotas import ProviderQuotas, cache_file
from tokenrouter.store.engine import Store
from tokenrouter.testing.processes import SandboxProcess
from tokenrouter.upstream.client import UpstreamClient


class Place:
    """Quotas with all that they need; `settings`, `providers` and the time may be changed."""

    def __init__(self, folder: Path, store: Store, *providers: Provider) -> None:
        self.settings = Settings(Paths(None, folder / "torod.toml", folder, folder / "cache"))
        self.providers = providers
        self.now_s = 1_795_600_000.0
        self.conditions = ConditionBook()
        self.upstream = UpstreamClient()
        self.quotas = ProviderQuotas(
            lambda: self.settings,
            lambda: self.providers,
            store,
            self.upstream,
            self.conditions,
            clock=lambda: self.now_s,
        )

    def metric(self, left: float, window: str = "1d") -> QuotaMetric:
        name = f"requests_{window}"
        return measured(name, "requests", "requests", now_s=self.now_s, window=window, limit=100, remaining=left)

    def left(self) -> float | None:
        self.quotas.note_left()
        return self.conditions.of("fast").left


FAST = Provider("fast", "groq", "https://api.groq.com/openai/v1", secret="k")


@pytest.fixture
def place(tmp_path: Path, store: Store) -> Place:
    return Place(tmp_path, store, FAST)


def test_the_smallest_share_goes_to_those_who_choose(place: Place) -> None:
    assert place.left() is None

    place.quotas.take({"fast": [place.metric(40), place.metric(3, "1m")], "unknown": [place.metric(1)]})
    assert place.left() == 0.03

    place.now_s += 60
    assert place.left() == 0.4


def test_a_disabled_provider_has_nothing_that_is_known(place: Place) -> None:
    place.quotas.take({"fast": [place.metric(40)]})
    place.providers = (replace(FAST, enabled=False),)

    assert place.left() is None


def test_a_look_that_is_switched_off_takes_nothing_and_tells_nothing(place: Place) -> None:
    place.quotas.take({"fast": [place.metric(0)]})
    place.settings = replace(place.settings, quota_inspection=False)
    place.quotas.take({"fast": [place.metric(50)]})

    (snapshot,) = place.quotas.snapshots()
    assert (snapshot.status, snapshot.metrics[0].left_percent) == ("disabled", 0)
    assert asyncio.run(place.quotas.look_for_alerts()) == []


def test_alerts_follow_the_thresholds_of_now(place: Place) -> None:
    place.quotas.take({"fast": [place.metric(15)]})
    assert [alert.percent for alert in asyncio.run(place.quotas.look_for_alerts())] == [20]

    place.settings = replace(place.settings, alerts=AlertSettings((16,), 3600.0))
    assert [alert.percent for alert in asyncio.run(place.quotas.look_for_alerts())] == [16]
    assert place.quotas.alert_counts == {("fast", 20): 1, ("fast", 16): 1}


async def test_everybody_can_be_asked_at_once_and_it_is_kept(
    tmp_path: Path, store: Store, sandbox: SandboxProcess
) -> None:
    router = Provider("fast", "openrouter", sandbox.base_url, secret="sk-x@12.5", allow_private=True)
    place = Place(tmp_path, store, router)
    async with place.upstream:
        await place.quotas.refresh()
    place.quotas.save()

    assert place.quotas.snapshots()[0].metrics[0].left_percent == 12.5
    assert cache_file(place.settings).is_file()


async def test_it_asks_and_tells_by_itself(tmp_path: Path, store: Store, sandbox: SandboxProcess) -> None:
    router = Provider("fast", "openrouter", sandbox.base_url, secret="sk-x@12.5", allow_private=True)
    place = Place(tmp_path, store, router)
    async with place.upstream:
        running = asyncio.create_task(place.quotas.run())
        async with asyncio.timeout(60):
            while place.conditions.of("fast").left is None:
                await asyncio.sleep(0.01)
        running.cancel()

    assert place.conditions.of("fast").left == 0.125


# Several accounts of one provider.

TWO = replace(FAST, other_secrets=("l",))


def test_of_several_accounts_the_best_is_what_is_left(place: Place) -> None:
    place.providers = (TWO,)
    place.quotas.take({"fast#1": [place.metric(3)]})
    assert place.left() is None, "the other one may have all"

    place.quotas.take({"fast#2": [place.metric(40)]})
    assert place.left() == 0.4
    assert [one.provider for one in place.quotas.snapshots()] == ["fast#1", "fast#2"]


async def test_each_account_is_asked_with_its_own_key(tmp_path: Path, store: Store, sandbox: SandboxProcess) -> None:
    routed = Provider(
        "fast", "openrouter", sandbox.base_url, "sk-a@25", allow_private=True, other_secrets=("sk-b@75", "sk-c@50")
    )
    place = Place(tmp_path, store, routed)

    async with place.upstream:
        await place.quotas.refresh()

    told = {one.provider: [metric.left_percent for metric in one.metrics] for one in place.quotas.snapshots()}
    assert told == {"fast#1": [25], "fast#2": [75], "fast#3": [50]}
    assert place.left() == 0.75
