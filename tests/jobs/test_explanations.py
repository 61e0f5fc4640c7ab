import asyncio

import pytest

from tokenrouter.jobs.explanations import (
    MAX_OPEN,
    Explanations,
    NobodyAnswers,
    RouteAnswer,
    RouteQuestion,
    nobody_answers_routes,
)

QUESTION = RouteQuestion(b"digest", "192.0.2.7", b"{}")


class Passed:
    """Takes questions on."""

    def __init__(self, is_there: bool = True) -> None:
        self.numbers: list[int] = []
        self._is_there = is_there

    def send(self, number: int, question: RouteQuestion) -> bool:
        assert question is QUESTION
        self.numbers.append(number)
        return self._is_there


async def test_each_answer_comes_to_whoever_asked() -> None:
    passed = Passed()
    explanations = Explanations(passed.send)
    asked = [asyncio.ensure_future(explanations.ask(QUESTION)) for _ in range(2)]
    await asyncio.sleep(0)

    for number in reversed(passed.numbers):
        explanations.take(number, RouteAnswer(b"%d" % number))

    assert [answer.told for answer in await asyncio.gather(*asked)] == [b"1", b"2"]


async def test_where_nobody_is_there_nobody_answers() -> None:
    with pytest.raises(NobodyAnswers):
        await Explanations(Passed(is_there=False).send).ask(QUESTION)
    with pytest.raises(NobodyAnswers):
        await nobody_answers_routes(QUESTION)


async def test_an_answer_that_comes_too_late_is_nobodys() -> None:
    explanations = Explanations(Passed().send, answer_s=0.0)
    with pytest.raises(NobodyAnswers):
        await explanations.ask(QUESTION)

    explanations.take(1, RouteAnswer(b"late"))


async def test_only_so_many_wait_at_once() -> None:
    passed = Passed()
    explanations = Explanations(passed.send)
    waiting = [asyncio.ensure_future(explanations.ask(QUESTION)) for _ in range(MAX_OPEN)]
    await asyncio.sleep(0)
    with pytest.raises(NobodyAnswers):
        await explanations.ask(QUESTION)

    for number in passed.numbers:
        explanations.take(number, RouteAnswer())
    await asyncio.gather(*waiting)
    late = asyncio.ensure_future(explanations.ask(QUESTION))
    await asyncio.sleep(0)
    explanations.take(passed.numbers[-1], RouteAnswer(b"again"))
    assert (await late).told == b"again"
