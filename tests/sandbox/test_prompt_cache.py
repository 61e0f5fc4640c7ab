"""The cached share of a prompt."""

from tokenrouter.sandbox.prompt_cache import KEPT_S, MAX_PREFIXES, PromptCache

PROMPT = bytes(range(256)) * 32


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_repeated_prompt_is_cached_in_steps_of_128_tokens() -> None:
    cache = PromptCache()

    assert cache.cached_tokens("a", PROMPT[:5000], 4.0) == 0
    assert cache.cached_tokens("a", PROMPT[:5000], 4.0) == 1152
    assert cache.cached_tokens("a", PROMPT, 4.0) == 1152
    assert cache.cached_tokens("a", PROMPT, 4.0) == 2048


def test_a_short_prompt_is_never_cached() -> None:
    cache = PromptCache()

    assert [cache.cached_tokens("a", PROMPT[:4095], 4.0) for _ in range(2)] == [0, 0]


def test_another_owner_sees_nothing_of_it() -> None:
    cache = PromptCache()
    cache.cached_tokens("a", PROMPT, 4.0)

    assert cache.cached_tokens("b", PROMPT, 4.0) == 0


def test_a_change_at_the_beginning_makes_all_of_it_new() -> None:
    cache = PromptCache()
    cache.cached_tokens("a", PROMPT, 4.0)

    assert cache.cached_tokens("a", b"x" + PROMPT[1:], 4.0) == 0


def test_it_is_forgotten_after_five_minutes() -> None:
    clock = Clock()
    cache = PromptCache(clock)
    cache.cached_tokens("a", PROMPT, 4.0)
    clock.now += KEPT_S

    assert cache.cached_tokens("a", PROMPT, 4.0) == 0


def test_it_forgets_the_oldest_when_it_is_full() -> None:
    cache = PromptCache()
    cache.cached_tokens("first", PROMPT[:4096], 4.0)
    for number in range(MAX_PREFIXES):
        cache.cached_tokens(str(number), PROMPT[:4096], 4.0)

    assert cache.cached_tokens("first", PROMPT[:4096], 4.0) == 0
