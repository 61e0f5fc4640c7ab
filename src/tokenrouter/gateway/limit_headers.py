"""What an answer tells of limits, in the words that its client's SDK knows.

OpenAI's and Anthropic's clients read headers (their API references, "Rate limits", read 2026-11); Google has none, so
its clients get OpenAI's. They speak of requests and tokens; the rest is ours. Of several limits the tightest is told.
TokenRouter-Go had its own spellings and a `quota` object in the body: whoever still reads those can have them.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from math import ceil
from typing import Final

import msgspec

from tokenrouter.domain.ledger import Operation
from tokenrouter.domain.limits import LimitState, Metric

_ANTHROPIC: Final[frozenset[Operation]] = frozenset(("messages", "count_tokens"))
_SLOTS: Final[dict[Metric, bytes]] = {
    "requests": b"requests",
    "tokens": b"tokens",
    "input_tokens": b"input-tokens",
    "output_tokens": b"output-tokens",
}
_QUOTAS: Final[tuple[Metric, ...]] = ("requests", "tokens")


def limit_lines(states: Sequence[LimitState], operation: Operation, now_s: float, *, as_quota: bool) -> bytes:
    """Return the header lines of one of the two kinds."""
    return quota_headers(states) if as_quota else limit_headers(states, operation, now_s)


def limit_headers(states: Iterable[LimitState], operation: Operation, now_s: float) -> bytes:
    """Return header lines, each ended by CRLF; `now_s` is seconds since the epoch."""
    tightest = _tightest(states)
    if not tightest:
        return b""
    write = _anthropic if operation in _ANTHROPIC else _openai
    lines = [write(_SLOTS[metric], state, now_s) for metric, state in tightest.items() if metric in _SLOTS]
    if (cost := tightest.get("cost_usd")) is not None:
        lines.append(b"x-tokenrouter-cost-usd-limit: %b\r\n" % _dollars(cost.amount))
        lines.append(b"x-tokenrouter-cost-usd-remaining: %b\r\n" % _dollars(cost.left))
    return b"".join(lines)


def quota_headers(states: Iterable[LimitState]) -> bytes:
    """Return the header lines of TokenRouter-Go, under both its prefixes; times are seconds from now."""
    lines = []
    for metric, state in _quotas(states).items():
        told = [(b"limit", state.amount), (b"remaining", state.left), (b"reset", ceil(state.resets_in_s or 0))]
        for prefix in (b"x-ratelimit", b"ratelimit"):
            named = [(b"%b-%b-%b" % (prefix, word, metric.encode()), value) for word, value in told]
            plain = [(b"%b-%b" % (prefix, word), value) for word, value in told] if metric == "requests" else []
            lines += [b"%b: %d\r\n" % line for line in (*plain, *named)]
    return b"".join(lines)


def quota_object(states: Iterable[LimitState], now_s: float) -> bytes:
    """Return the JSON of TokenRouter-Go's `quota`, empty where no limit speaks of requests or tokens."""
    quotas = {metric: _quota(state, now_s) for metric, state in _quotas(states).items()}
    return msgspec.json.encode(quotas) if quotas else b""


def with_quota(body: bytes, quota: bytes) -> bytes:
    """Return a JSON object with the field `quota` at its end."""
    kept = body.rstrip()
    return b'%b%b"quota":%b}' % (kept[:-1], b"" if kept[:-1].rstrip().endswith(b"{") else b",", quota)


def _tightest(states: Iterable[LimitState]) -> dict[Metric, LimitState]:
    found: dict[Metric, LimitState] = {}
    for state in states:
        metric = state.limit.metric
        if state.limit.mode == "hard" and (metric not in found or state.left < found[metric].left):
            found[metric] = state
    return found


def _quotas(states: Iterable[LimitState]) -> dict[Metric, LimitState]:
    tightest = _tightest(states)
    return {metric: tightest[metric] for metric in _QUOTAS if metric in tightest}


def _quota(state: LimitState, now_s: float) -> dict[str, object]:
    told: dict[str, object] = {"limit": state.amount, "remaining": state.left}
    if state.resets_in_s is not None:
        told["reset_at"] = _moment(now_s + state.resets_in_s).decode()
        told["reset_seconds"] = ceil(state.resets_in_s)
    return told


def _openai(slot: bytes, state: LimitState, now_s: float) -> bytes:
    lines = b"x-ratelimit-limit-%b: %d\r\nx-ratelimit-remaining-%b: %d\r\n" % (slot, state.amount, slot, state.left)
    if state.resets_in_s is None:
        return lines
    return lines + b"x-ratelimit-reset-%b: %b\r\n" % (slot, _duration(state.resets_in_s))


def _anthropic(slot: bytes, state: LimitState, now_s: float) -> bytes:
    name = b"anthropic-ratelimit-" + slot
    lines = b"%b-limit: %d\r\n%b-remaining: %d\r\n" % (name, state.amount, name, state.left)
    if state.resets_in_s is None:
        return lines
    return lines + b"%b-reset: %b\r\n" % (name, _moment(now_s + state.resets_in_s))


def _duration(seconds: float) -> bytes:
    """Return a length of time as OpenAI writes it: `350ms`, `1s`, `6m0s`, `2h0m0s`."""
    if seconds < 1:
        return b"%dms" % max(0, ceil(seconds * 1000))
    whole = ceil(seconds)
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    if hours:
        return b"%dh%dm%ds" % (hours, minutes, left)
    return b"%dm%ds" % (minutes, left) if minutes else b"%ds" % left


def _moment(seconds: float) -> bytes:
    """Return a time in RFC 3339, rounded up to a second."""
    return datetime.fromtimestamp(ceil(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ").encode()


def _dollars(nano: int) -> bytes:
    return b"%d.%09d" % divmod(nano, 10**9)
