import pytest
from sqlalchemy.exc import OperationalError

from tokenrouter.admin.event_stream import KEEP_ALIVE_S, LOOK_S, News, _events, event_stream, framed, place_after


class Told:
    """Gives its news one question after another; asked for more, the client may not be told any more."""

    def __init__(self, *answers: list[News]) -> None:
        self.answers = list(answers)
        self.asked: list[int] = []
        self.slept_s = 0.0

    def look(self, after: int) -> list[News]:
        self.asked.append(after)
        return self.answers.pop(0)

    def is_allowed(self) -> bool:
        return bool(self.answers)

    async def sleep(self, length_s: float) -> None:
        self.slept_s += length_s


async def all_of(told: Told, after: int = 5) -> list[bytes]:
    return [piece async for piece in _events(told.look, told.is_allowed, after, sleep=told.sleep)]


async def test_news_are_told_once_each_until_the_client_may_not_be_told_any_more() -> None:
    told = Told([News(6, "append", {"id": "a"}), News(8, "append", {"id": "b"})], [], [News(9, "append", {"id": "c"})])

    pieces = await all_of(told)

    assert told.asked == [5, 8, 8]
    assert b"".join(pieces).count(b"event: append\n") == 3
    assert pieces[-1] == b'id: 9\nevent: append\ndata: {"id": "c"}\n\n'


async def test_a_silent_stream_is_kept_alive() -> None:
    told = Told(*([] for _ in range(2 * int(KEEP_ALIVE_S / LOOK_S) + 3)))

    assert (await all_of(told)).count(b": keep-alive\n\n") == 2


async def test_a_stream_ends_when_the_database_is_away() -> None:
    class Away(Told):
        def look(self, after: int) -> list[News]:
            raise OperationalError("select", {}, Exception("away"))

    assert await all_of(Away([])) == [b": connected\n\n"]


def test_an_event_stays_one_whatever_is_in_it() -> None:
    assert framed(News(1, "append", {"text": "a\n\ndata: b"})).count(b"\n\n") == 1


@pytest.mark.parametrize(
    ("sent", "place"), [("7", 7), ("", None), ("-1", None), ("x", None), ("9" * 30, None), ("\u0667", None)]
)
def test_a_client_that_comes_back_says_where_it_was(sent: str, place: int | None) -> None:
    assert place_after(sent) == place


def test_no_cache_and_no_proxy_holds_a_stream_back() -> None:
    answer = event_stream(lambda _: [], lambda: False, 0)

    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-accel-buffering"] == "no"
