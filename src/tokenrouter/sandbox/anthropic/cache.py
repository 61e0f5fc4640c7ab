"""Anthropic's prompt cache: prefixes that end at a `cache_control` mark, written once and read again.

From the guide "Prompt caching" (platform.claude.com, as of 2026-11): the prompt is tools, then system, then messages; a
prefix is written at a mark and read at a mark or up to 20 blocks before one; five minutes or an hour, prolonged by each
reading; prefixes shorter than the model's least are not cached. `input_tokens` counts what comes after the last mark.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from tokenrouter.sandbox.models import Model

LOOKBACK: Final = 20
MAX_PREFIXES: Final = 20_000
"""Digests remembered; the oldest go first."""

_KEPT_S: Final = {"5m": 300.0, "1h": 3600.0}


@dataclass(frozen=True, slots=True)
class Segment:
    """One block of a prompt: all that makes it another one, what it weighs, how long it asks to be kept, if at all."""

    content: bytes
    tokens: int
    ttl: str | None = None


@dataclass(frozen=True, slots=True)
class CacheUse:
    """Tokens of one prompt that were read from the cache, and written to it."""

    read: int = 0
    written_5m: int = 0
    written_1h: int = 0

    @property
    def written(self) -> int:
        return self.written_5m + self.written_1h


@dataclass(frozen=True, slots=True)
class _Prefix:
    digest: bytes
    tokens: int
    ttl: str | None


class BreakpointCache:
    """Remembers digests of marked prefixes, never the prompts."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: OrderedDict[bytes, tuple[float, str]] = OrderedDict()

    def use(self, owner: str, model: Model, segments: Sequence[Segment], prompt_tokens: int) -> CacheUse:
        """What a prompt of `prompt_tokens` reads and writes; then its marked prefixes are remembered for `owner`."""
        prefixes = _prefixes(f"{owner}\n{model.name}", segments, prompt_tokens)
        marked = [n for n, each in enumerate(prefixes) if each.ttl and each.tokens >= model.caches_from]
        read = self._read(prefixes, marked)
        for number in marked:
            self._keep(prefixes[number].digest, str(prefixes[number].ttl))
        hour = max(_end(prefixes, marked, "1h") - read, 0)
        return CacheUse(read, max(_end(prefixes, marked, "5m") - read - hour, 0), hour)

    def _read(self, prefixes: Sequence[_Prefix], marked: Sequence[int]) -> int:
        near = {n for mark in marked for n in range(max(0, mark - LOOKBACK + 1), mark + 1)}
        for number in sorted(near, reverse=True):
            expires, ttl = self._kept.get(prefixes[number].digest, (0.0, ""))
            if expires > self._clock():
                self._keep(prefixes[number].digest, ttl)
                return prefixes[number].tokens
        return 0

    def _keep(self, digest: bytes, ttl: str) -> None:
        until, _ = self._kept.get(digest, (0.0, ""))
        self._kept[digest] = (max(until, self._clock() + _KEPT_S[ttl]), ttl)
        self._kept.move_to_end(digest)
        while len(self._kept) > MAX_PREFIXES:
            self._kept.popitem(last=False)


def _end(prefixes: Sequence[_Prefix], marked: Sequence[int], ttl: str) -> int:
    """Where the longest prefix with that lifetime ends, in tokens."""
    return max((prefixes[number].tokens for number in marked if prefixes[number].ttl == ttl), default=0)


def _prefixes(owner: str, segments: Sequence[Segment], prompt_tokens: int) -> list[_Prefix]:
    digest = blake2b(owner.encode(), digest_size=16)
    tokens = 0
    found = []
    for segment in segments:
        digest.update(len(segment.content).to_bytes(8, "big") + segment.content)
        tokens += segment.tokens
        found.append(_Prefix(digest.digest(), min(tokens, prompt_tokens), segment.ttl))
    return found
