"""What the headers of any answer say of a provider's limits, for nothing.

Nearly all vendors name them in one way, with their words in an order of their own: `x-ratelimit-remaining-tokens`,
`x-ratelimit-remaining-requests-day`, `anthropic-ratelimit-input-tokens-remaining`. So one reader takes the words apart;
what only a vendor's documentation tells (which window a header without one means, which one is not to be believed) is
its `quota` in `presets.toml`. Besides there are the two headers of the IETF's drafts (`RateLimit`, `RateLimit-Policy`),
and `Retry-After`, which says that nothing is left for a while.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from tokenrouter.domain.quotas import QuotaMetric, measured, window_name
from tokenrouter.providers.quota_values import read_count, read_reset

MAX_METRICS: Final = 16
"""Most metrics of one answer; the most known are seven."""
MAX_HEADER_CHARS: Final = 1024
MAX_RETRY_S: Final = 3600.0
"""Longest `Retry-After` that is taken for a limit; beyond it a server is being repaired."""

WINDOWS: Final = {"minute": "1m", "hour": "1h", "day": "1d", "week": "7d", "month": "30d"}
"""Words for windows in headers, and in a row of `presets.toml`, with their names."""
_SAYS: Final = frozenset(("limit", "remaining", "reset", "used"))
_NAME: Final = re.compile(r"(?:[a-z0-9]+-){0,3}ratelimit(bysize)?-([a-z0-9-]{1,60})")
_FEATURES: Final = {"": "requests", "req": "requests"}
_POLICY: Final = re.compile(r'"([^"]{1,40})"((?:\s*;\s*[a-z]{1,8}\s*=\s*[0-9]{1,15})+)')
_PARAMETER: Final = re.compile(r"([a-z]{1,8})\s*=\s*([0-9]{1,15})")
_OLDER_DRAFT: Final = re.compile(r"\b(limit|remaining|reset)=([0-9]{1,15})")


@dataclass(frozen=True, slots=True)
class QuotaHabits:
    """What only a vendor's documentation tells of its limits.

    Attributes:
        windows: by what is counted, the window (`minute`, `hour`, `day`, `week`, `month`) where headers name none.
        ignored: windows whose figures are not to be believed.
        probe_model: a cheap model to ask where the operator wants a probe, or "".
    """

    windows: Mapping[str, str] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    probe_model: str = ""


USUAL: Final = QuotaHabits()


def tells_quota(headers: Mapping[bytes, bytes]) -> bool:
    """Whether any header may be about limits."""
    return b"retry-after" in headers or any(b"ratelimit" in name for name in headers)


def read_quota_headers(headers: Mapping[bytes, bytes], habits: QuotaHabits, now_s: float) -> tuple[QuotaMetric, ...]:
    """Return what `headers` (lower-case names) say at `now_s`: at most `MAX_METRICS`, none where they say nothing."""
    named = list(_named(headers, habits, now_s))
    policies = list(_policies(headers, now_s))
    found = {metric.key: metric for metric in (*policies, *named)}
    if not found and (wait := _wait(headers, now_s)) is not None:
        return (wait,)
    return tuple(found.values())[:MAX_METRICS]


def _named(headers: Mapping[bytes, bytes], habits: QuotaHabits, now_s: float) -> Iterator[QuotaMetric]:
    """Yield the metrics whose values stand in a header each."""
    told: dict[tuple[str, str], dict[str, str]] = {}
    for name, value in headers.items():
        if b"ratelimit" not in name or (parts := _words(name)) is None:
            continue
        feature, window, says = parts
        if (feature, window) in told or len(told) < MAX_METRICS:
            told.setdefault((feature, window), {})[says] = value[:MAX_HEADER_CHARS].decode("latin-1")
    for (feature, word), texts in told.items():
        window = word or habits.windows.get(feature, "")
        metric = None if window in habits.ignored else _metric(feature, window, texts, now_s)
        if metric is not None:
            yield metric


def _metric(feature: str, word: str, texts: Mapping[str, str], now_s: float) -> QuotaMetric | None:
    """Return what the headers of one thing say together; None where they do not say what is left."""
    limit, remaining, used = (read_count(texts.get(says, "")) for says in ("limit", "remaining", "used"))
    if remaining is None and (used is None or limit is None):
        return None
    window = WINDOWS.get(word, "")
    return measured(
        f"{feature}_{window}" if window else feature,
        feature,
        _unit(feature),
        now_s=now_s,
        window=window,
        limit=limit,
        remaining=remaining,
        used=used,
        reset_at_s=read_reset(texts.get("reset", ""), now_s),
    )


def _words(header: bytes) -> tuple[str, str, str] | None:
    """Return what is counted, the window or "", and which value this is; None where the name is of another kind."""
    match = _NAME.fullmatch(header[:MAX_HEADER_CHARS].decode("latin-1"))
    if match is None:
        return None
    words = match[2].split("-")
    says = [word for word in words if word in _SAYS]
    if len(says) != 1:
        return None
    rest = [word for word in words if word not in _SAYS]
    window = rest.pop() if rest and rest[-1] in WINDOWS else ""
    feature = "-".join(rest)
    return ("tokens" if match[1] and not feature else _FEATURES.get(feature, feature)), window, says[0]


def _unit(feature: str) -> str:
    return "tokens" if "token" in feature else "requests"


def _policies(headers: Mapping[bytes, bytes], now_s: float) -> Iterator[QuotaMetric]:
    """Yield what the headers of the IETF's drafts say (draft-ietf-httpapi-ratelimit-headers, -07 and later)."""
    text = _text(headers, b"ratelimit")
    if not text:
        return
    allowed = {name: dict(_PARAMETER.findall(rest)) for name, rest in _items(_text(headers, b"ratelimit-policy"))}
    for name, rest in _items(text):
        told, policy = dict(_PARAMETER.findall(rest)), allowed.get(name, {})
        if "r" not in told:
            continue
        window = window_name(int(policy["w"])) if int(policy.get("w", 0)) else ""
        yield measured(
            f"{name}_{window}" if window else name,
            name,
            "requests",
            now_s=now_s,
            window=window,
            limit=read_count(policy.get("q", "")),
            remaining=read_count(told["r"]),
            reset_at_s=read_reset(told.get("t", ""), now_s),
        )
    older = dict(_OLDER_DRAFT.findall(text))
    if "remaining" in older:
        limit, remaining = read_count(older.get("limit", "")), read_count(older["remaining"])
        reset_at_s = read_reset(older.get("reset", ""), now_s)
        yield measured(
            "requests", "requests", "requests", now_s=now_s, limit=limit, remaining=remaining, reset_at_s=reset_at_s
        )


def _items(text: str) -> list[tuple[str, str]]:
    return [(match[1], match[2]) for match in _POLICY.finditer(text)][:MAX_METRICS]


def _text(headers: Mapping[bytes, bytes], name: bytes) -> str:
    return headers.get(name, b"")[:MAX_HEADER_CHARS].decode("latin-1")


def _wait(headers: Mapping[bytes, bytes], now_s: float) -> QuotaMetric | None:
    """Return what `Retry-After` says (RFC 9110, 10.2.3), in seconds; a date there is not understood."""
    seconds = read_count(_text(headers, b"retry-after"))
    if not seconds or seconds > MAX_RETRY_S:
        return None
    return measured("retry_after", "requests", "requests", now_s=now_s, remaining=0.0, reset_at_s=now_s + seconds)
