"""Prefixes that end at a mark are written once, read again, and forgotten in time."""

from typing import Any

import pytest

from tests.sandbox.anthropic_wire import CLOCK, asking, assistant, call, post, refusal, result, streamed, text, user
from tokenrouter.sandbox.anthropic.cache import LOOKBACK, BreakpointCache, CacheUse, Segment
from tokenrouter.sandbox.catalog import find
from tokenrouter.testing.processes import SandboxProcess

MODEL = find("echo")
HOUR = {"type": "ephemeral", "ttl": "1h"}
FIVE = {"type": "ephemeral"}


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def blocks(*weights: int, **marks: str) -> list[Segment]:
    """Segments of so many tokens; `m2="5m"` marks the one with index 2."""
    return [Segment(f"block {n}".encode(), size, marks.get(f"m{n}")) for n, size in enumerate(weights)]


def used(cache: BreakpointCache, segments: list[Segment], owner: str = "k") -> CacheUse:
    return cache.use(owner, MODEL, segments, sum(each.tokens for each in segments) + 10)


def test_a_marked_prefix_is_written_and_then_read() -> None:
    cache = BreakpointCache()
    segments = blocks(2000, 500, m0="5m")

    assert used(cache, segments) == CacheUse(0, 2000, 0)
    assert used(cache, segments) == CacheUse(2000, 0, 0)


def test_nothing_is_cached_without_a_mark_or_below_the_least() -> None:
    cache = BreakpointCache()

    for segments in (blocks(2000, 500), blocks(1023, 1, m0="5m")):
        assert used(cache, segments) == used(cache, segments) == CacheUse()
    assert used(cache, blocks(1023, 1, m1="5m")) == CacheUse(0, 1024, 0)


def test_what_was_added_since_is_written_and_the_rest_read() -> None:
    cache = BreakpointCache()
    used(cache, blocks(1500, 100, m1="5m"))

    assert used(cache, blocks(1500, 100, 200, m2="5m")) == CacheUse(1600, 200, 0)


def test_the_search_goes_back_so_many_blocks_and_no_further() -> None:
    near, far = BreakpointCache(), BreakpointCache()
    used(near, blocks(1500, m0="5m"))
    used(far, blocks(1500, m0="5m"))

    within = blocks(1500, *[1] * (LOOKBACK - 1), **{f"m{LOOKBACK - 1}": "5m"})
    beyond = blocks(1500, *[1] * LOOKBACK, **{f"m{LOOKBACK}": "5m"})

    assert used(near, within).read == 1500
    assert used(far, beyond).read == 0


def test_lifetimes_are_told_apart() -> None:
    cache = BreakpointCache()

    assert used(cache, blocks(1500, 300, 50, m0="1h", m1="5m")) == CacheUse(0, 300, 1500)
    assert used(cache, blocks(1500, 300, 50, m0="1h", m1="5m")) == CacheUse(1800, 0, 0)


@pytest.mark.parametrize(("ttl", "lives", "dies"), [("5m", 299, 301), ("1h", 3599, 3601)])
def test_a_prefix_lives_as_long_as_it_asked_and_reading_prolongs_it(ttl: str, lives: int, dies: int) -> None:
    clock = Clock()
    cache = BreakpointCache(clock)
    segments = blocks(2000, m0=ttl)
    used(cache, segments)

    for _ in range(3):
        clock.now += lives
        assert used(cache, segments).read == 2000
    clock.now += dies
    assert used(cache, segments).read == 0


def test_owners_and_models_share_nothing() -> None:
    cache = BreakpointCache()
    segments = blocks(5000, m0="5m")
    used(cache, segments)

    assert used(cache, segments, "other").read == 0
    assert cache.use("k", find("wide"), segments, 6000).read == 0


def test_one_changed_block_is_another_prefix() -> None:
    cache = BreakpointCache()
    used(cache, blocks(1000, 1000, m1="5m"))

    changed = [Segment(b"other", 1000), *blocks(0, 1000, m1="5m")[1:]]

    assert used(cache, changed).read == 0


def usage(base_url: str, body: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = post(base_url, body).json()["usage"]
    return found


def figures(told: dict[str, Any]) -> tuple[int, int, int]:
    return told["input_tokens"], told["cache_creation_input_tokens"], told["cache_read_input_tokens"]


def test_the_three_kinds_of_input_add_up_to_the_prompt(sandbox: SandboxProcess) -> None:
    body = asking(user("hi"), system=[text("S" * 8000 + "add up", cache_control=FIVE)], tools=[CLOCK])
    plain = usage(sandbox.base_url, asking(user("hi"), system="S" * 8000 + "add up", tools=[CLOCK]))["input_tokens"]

    first, second = usage(sandbox.base_url, body), usage(sandbox.base_url, body)

    assert sum(figures(first)) == sum(figures(second)) == plain
    assert first["cache_creation"] == {"ephemeral_5m_input_tokens": figures(first)[1], "ephemeral_1h_input_tokens": 0}
    assert figures(first)[1] == figures(second)[2] > 2000
    assert figures(first)[0] < 20


def test_a_stream_tells_the_cache_at_its_start_and_at_its_end(sandbox: SandboxProcess) -> None:
    body = asking(user("hi"), system=[text("S" * 8000 + "stream", cache_control=HOUR)])

    *_, delta, _ = written = streamed(sandbox.base_url, body)
    again = streamed(sandbox.base_url, body)[0]["message"]["usage"]

    start = written[0]["message"]["usage"]
    assert start["cache_creation"]["ephemeral_1h_input_tokens"] == start["cache_creation_input_tokens"] > 2000
    assert figures(delta["usage"]) == figures(start)
    assert figures(again)[2] == figures(start)[1]


def test_the_books_bill_reads_and_writes(sandbox: SandboxProcess, ended: Any) -> None:
    told = {"metadata": {"user_id": "cache-books"}, "system": [text("S" * 8000 + "books", cache_control=HOUR)]}
    for _ in range(2):
        post(sandbox.base_url, asking(user("hi"), **told))

    first, second = ended("cache-books")

    assert first["cache_write_tokens"] == first["cache_write_1h_tokens"] == second["cached_tokens"] > 2000
    assert second["cache_write_tokens"] == 0


@pytest.mark.parametrize("place", ["tools", "system", "messages", "result", "top"])
def test_a_mark_may_stand_on_every_kind_of_block(sandbox: SandboxProcess, place: str) -> None:
    long = place + "L" * 8000
    bodies: dict[str, dict[str, Any]] = {
        "tools": asking(tools=[{**CLOCK, "description": long, "cache_control": FIVE}]),
        "system": asking(system=[text(long, cache_control=FIVE)]),
        "messages": asking(user(text(long, cache_control=FIVE), text("x"))),
        "result": asking(user("x"), assistant(call()), user(result(content=[text(long, cache_control=FIVE)]))),
        "top": asking(user(long), cache_control=FIVE),
    }

    assert figures(usage(sandbox.base_url, bodies[place]))[1] > 2000
    assert figures(usage(sandbox.base_url, bodies[place]))[2] > 2000


def test_a_mark_that_moves_with_the_conversation_reads_what_came_before(sandbox: SandboxProcess) -> None:
    first = [user(text("M" * 8000, cache_control=FIVE))]
    second = [user(text("M" * 8000)), assistant("ok"), user(text("and now?", cache_control=FIVE))]

    written = figures(usage(sandbox.base_url, asking(*first)))[1]

    assert figures(usage(sandbox.base_url, asking(*second)))[2] == written


@pytest.mark.parametrize(
    ("system", "message"),
    [
        ([text("x", cache_control=FIVE)] * 5, "A maximum of 4 blocks with cache_control may be provided. Found 5."),
        (
            [text("x", cache_control=FIVE), text("y", cache_control=HOUR)],
            "system.1.cache_control.ttl: a ttl='1h' cache_control block must not come after a ttl='5m' cache_control",
        ),
        (
            [text("x", cache_control={"type": "ephemeral", "ttl": "2h"})],
            "system.0.text.cache_control.ephemeral.ttl: Input",
        ),
        (
            [text("x", cache_control={"type": "forever"})],
            "system.0.text.cache_control: Input tag 'forever' found using",
        ),
    ],
)
def test_marks_that_anthropic_would_not_take_are_refused(
    sandbox: SandboxProcess, system: list[dict[str, Any]], message: str
) -> None:
    assert refusal(sandbox.base_url, asking(system=system)).startswith(message)
