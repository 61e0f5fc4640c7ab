import asyncio

import pytest

from tokenrouter.app.channel import SumsMessage, SumsWanted
from tokenrouter.app.ledger_sums import ChannelSums
from tokenrouter.domain.limits import CounterPast
from tokenrouter.limits.redis_restore import LedgerAway, LedgerUse


class Control:
    """The other end of the channel, which answers at once, later or never."""

    def __init__(self, *, is_there: bool = True, problem: str = "") -> None:
        self.asked: list[SumsWanted] = []
        self.sums = ChannelSums(self.take)
        self._is_there = is_there
        self._problem = problem

    def take(self, wanted: SumsWanted) -> bool:
        self.asked.append(wanted)
        if self._is_there:
            past = [("l", "key:a", CounterPast(1.0, 2))] if wanted.limit_ids else []
            used = [("l", "key:a", 5)] if wanted.limit_ids else []
            answer = SumsMessage(wanted.asked, used, past, self._problem, adjusted=7)
            asyncio.get_running_loop().call_soon(self.sums.take, answer)
        return self._is_there


async def test_what_rows_used_is_asked_over_the_channel() -> None:
    control = Control()
    told = await control.sums.load_used({"l"}, {"l": {"req_2", "req_1"}})

    assert told == LedgerUse({("l", "key:a"): 5}, {("l", "key:a"): CounterPast(1.0, 2)}, 7)
    assert control.asked == [SumsWanted(1, ["l"], {"l": ["req_1", "req_2"]})]


async def test_a_drain_is_a_question_without_limits() -> None:
    control = Control()
    await control.sums.drain()

    assert control.asked == [SumsWanted(1, [], {})]


async def test_nobody_there_is_told_at_once() -> None:
    with pytest.raises(LedgerAway, match="not there"):
        await Control(is_there=False).sums.drain()


async def test_a_database_that_is_away_is_told_with_its_reason() -> None:
    with pytest.raises(LedgerAway, match="no room"):
        await Control(problem="no room").sums.drain()


async def test_an_answer_that_nobody_waits_for_is_passed_over() -> None:
    control = Control()
    control.sums.take(SumsMessage(9))
    await control.sums.drain()
