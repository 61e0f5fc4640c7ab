from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import pytest

from tests.jobs.report_api import KEY, ReportApi, serving
from tokenrouter.domain.catalog import Provider
from tokenrouter.jobs.reconciliation_fetch import MAX_ATTEMPTS, MAX_PAGES, ReportUnavailable, fetch_report
from tokenrouter.providers.reports import ReportInvalid, ReportLine, known_reports, report_reader
from tokenrouter.upstream.client import UpstreamClient

FIRST, LAST = date(2026, 11, 1), date(2026, 11, 5)


@dataclass
class Pauses:
    """Waits for nothing, and knows how long it was told to."""

    seconds: list[float] = field(default_factory=list)

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


@pytest.fixture
def api() -> Iterator[ReportApi]:
    days = [f"2026-11-0{number}" for number in range(1, 6)]
    costs = {day: {"large": 0.5, "small": 0.25} for day in days}
    tokens = {day: {"large": (100, 10), "small": (50, 5)} for day in days}
    with serving(ReportApi(costs, tokens)) as running:
        yield running


async def fetch(
    api: ReportApi, kind: str = "openai", *, key: str = KEY, pauses: Pauses | None = None, allow_private: bool = True
) -> list[ReportLine]:
    reader = report_reader(kind)
    assert reader is not None
    provider = Provider("vendor", kind, api.base_url, allow_private=allow_private)
    async with UpstreamClient() as upstream:
        return await fetch_report(upstream, provider, key, reader, FIRST, LAST, sleep=pauses or Pauses())


@pytest.mark.parametrize("kind", known_reports())
async def test_every_page_of_every_vendor_is_read(api: ReportApi, kind: str) -> None:
    lines = await fetch(api, kind)

    assert {line.day for line in lines} == {date(2026, 11, number) for number in range(1, 6)}
    assert sum(line.cost_usd or Decimal(0) for line in lines) == Decimal("3.75")
    assert sum(line.input_tokens or 0 for line in lines) == 750
    assert sum(line.output_tokens or 0 for line in lines) == 75
    assert {line.model for line in lines} == {"large", "small"}


async def test_a_vendor_that_is_busy_is_asked_again_when_it_says(api: ReportApi) -> None:
    api.failures = [(429, {"retry-after": "7"}), (429, {"retry-after": "100000"}), (429, {"retry-after": "soon"})]
    pauses = Pauses()

    lines = await fetch(api, pauses=pauses)

    assert len(lines) == 30
    assert pauses.seconds == [7.0, 60.0, 4.0]


async def test_a_vendor_that_fails_is_asked_again_for_a_while(api: ReportApi) -> None:
    api.failures = [(503, {}), (500, {})]
    pauses = Pauses()

    assert len(await fetch(api, pauses=pauses)) == 30
    assert pauses.seconds == [1.0, 2.0]


async def test_a_vendor_that_goes_on_failing_is_told(api: ReportApi) -> None:
    api.failures = [(502, {})] * MAX_ATTEMPTS

    with pytest.raises(ReportUnavailable, match="organization/costs was answered with 502, 5 times"):
        await fetch(api)

    assert len(api.asked) == MAX_ATTEMPTS


async def test_a_key_that_may_not_is_told_and_not_shown(api: ReportApi) -> None:
    with pytest.raises(ReportUnavailable, match="refuses report_key") as caught:
        await fetch(api, key="sk-proj-wrong")

    assert "sk-proj-wrong" not in str(caught.value)
    assert len(api.asked) == 1


@pytest.mark.parametrize(
    ("status", "told"), [(404, "has no organization/costs at http://127.0.0.1"), (400, "does not answer"), (302, "302")]
)
async def test_other_refusals_are_told_and_not_repeated(api: ReportApi, status: int, told: str) -> None:
    api.failures = [(status, {"location": "http://169.254.169.254/"})]

    with pytest.raises(ReportUnavailable, match=told):
        await fetch(api)

    assert len(api.asked) == 1


async def test_a_key_that_cannot_stand_in_a_header_is_told_and_not_shown(api: ReportApi) -> None:
    with pytest.raises(ReportUnavailable, match="report_key cannot be sent") as caught:
        await fetch(api, key="sk\nadmin")

    assert "sk\nadmin" not in str(caught.value)


async def test_the_policy_of_addresses_is_kept(api: ReportApi) -> None:
    with pytest.raises(ReportUnavailable, match="must not connect to"):
        await fetch(api, allow_private=False)

    assert not api.asked


async def test_a_server_that_is_away_is_told() -> None:
    with pytest.raises(ReportUnavailable, match="cannot be reached"):
        await fetch(ReportApi(base_url="http://127.0.0.1:9/v1"))


async def test_an_address_that_is_none_is_told() -> None:
    with pytest.raises(ReportUnavailable, match="base_url"):
        await fetch(ReportApi(base_url="https://{region}.example/v1"))


async def test_a_cursor_that_never_ends_is_not_followed_for_ever(api: ReportApi) -> None:
    api.endless = True

    with pytest.raises(ReportInvalid, match=f"more than {MAX_PAGES} pages"):
        await fetch(api)
