import asyncio
import random

import pytest

from bench.routing.deployments import FIRST_BYTE_S, ROUND_TRIP_S, Deployment, SimulatedStream, Trouble, troubled
from bench.routing.virtual_time import run
from tokenrouter.domain.errors import ProviderTimeout, ProviderUnreachable


def deployment(*troubles: Trouble, places: int = 10) -> Deployment:
    return Deployment("a", 0.5, places, (1, 1), troubles)


def ask(one: Deployment) -> tuple[SimulatedStream | Exception, float]:
    async def timed() -> tuple[SimulatedStream | Exception, float]:
        try:
            answer: SimulatedStream | Exception = await one.answer(random.Random(1), 5.0)
        except (ProviderTimeout, ProviderUnreachable) as error:
            answer = error
        return answer, asyncio.get_running_loop().time()

    return run(timed())


def test_a_deployment_that_is_well_answers_with_a_stream() -> None:
    one = deployment()
    answer, took_s = ask(one)
    assert isinstance(answer, SimulatedStream)
    assert answer.status == 200
    assert took_s > ROUND_TRIP_S
    assert (one.asked, one.worked) == (1, 1)


def test_troubles_count_while_they_last() -> None:
    away, over = Trouble("away", 0, 10), Trouble("away", 0, 5)
    assert isinstance(ask(deployment(away))[0], ProviderUnreachable)
    assert isinstance(ask(deployment(over))[0], SimulatedStream)


def test_a_silent_one_is_given_up_after_the_bound() -> None:
    answer, took_s = ask(deployment(Trouble("silent", 0, 10)))
    assert isinstance(answer, ProviderTimeout)
    assert took_s == pytest.approx(FIRST_BYTE_S + ROUND_TRIP_S)


def test_a_full_one_says_when_to_come_back() -> None:
    answer, _ = ask(deployment(Trouble("full", 0, 10)))
    assert isinstance(answer, SimulatedStream)
    assert (answer.status, answer.headers[b"retry-after"]) == (429, b"20")


def test_whoever_finds_no_place_waits_for_one() -> None:
    one = deployment(places=1)

    async def both() -> list[float]:
        times = []
        for _ in range(2):
            answer = await one.answer(random.Random(1), 0.0)
            times.append(asyncio.get_running_loop().time())
            asyncio.get_running_loop().call_later(2.0, answer.close)
        return times

    first_s, second_s = run(both())
    assert second_s > first_s + 2.0


def test_at_every_moment_one_deployment_at_least_works() -> None:
    for moment in range(1000):
        lame = [
            one
            for one in troubled(1000.0)
            if any(each.kind != "slow" and each.begin_s <= moment < each.end_s for each in one.troubles)
        ]
        assert len(lame) < 3


def test_a_stream_can_be_ended_from_outside() -> None:
    async def ended() -> float:
        loop = asyncio.get_running_loop()
        stream = SimulatedStream(200, b"text/event-stream", 60.0, None)
        loop.call_later(2.0, stream.fail, ProviderUnreachable("enough", provider="a"))
        with pytest.raises(ProviderUnreachable):
            await stream.pump(lambda data: None)
        return loop.time()

    assert run(ended()) == 2.0
