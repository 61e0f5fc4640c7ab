from pathlib import Path

import pytest

from tests.gateway.account.test_resources import CHEMISTRY, House, lines, results, tokens_limit
from tokenrouter.domain.errors import NotFound, ProviderUnreachable
from tokenrouter.gateway.account.call import ResourceTarget


async def test_a_batch_that_nobody_looks_at_is_paid_in_its_owners_name(tmp_path: Path) -> None:
    house = House(tmp_path, tokens_limit(10_000))
    batch = await house.batch(await house.upload(lines(), "batch"))
    await house.resources.watch.look()
    assert house.limiter.states(("team:physics",))[0].held > 0

    house.account.finish(batch, results=results())
    rows = len(house.notes.ended)
    await house.resources.watch.look()
    await house.resources.watch.look()

    (state,) = house.limiter.states(("team:physics",))
    assert (state.used, state.held) == (240, 0)
    assert [row.usage.input_tokens for row in house.notes.ended[rows:]] == [200]
    output = ResourceTarget("file", "content", house.account.batches[batch]["output_file_id"])
    assert (await house.ask("GET", output)).body == results()
    with pytest.raises(NotFound):
        await house.ask("GET", output, key=CHEMISTRY)


async def test_one_batch_that_cannot_be_seen_does_not_hide_the_others(tmp_path: Path) -> None:
    house = House(tmp_path)
    first = await house.batch(await house.upload(lines(), "batch"))
    second = await house.batch(await house.upload(lines(), "batch"))
    house.account.batches.pop(first)
    house.account.finish(second, results=results())
    await house.resources.watch.look()
    assert [owned.id for owned in house.ownership.debts()] == [first]

    house.account.fail = ProviderUnreachable("gone")
    await house.resources.watch.look()
    assert house.ownership.debts()
