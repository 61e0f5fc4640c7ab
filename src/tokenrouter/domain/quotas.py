"""What is left of what a provider allows us: its rates, its plan, its credit.

Providers say it in the headers of their answers, or where they are asked for it; both become the same values here. What
was told holds until its window ends: after that the provider has begun to count anew, and whatever was left before
says nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, Literal

QuotaStatus = Literal["ok", "error", "loading", "disabled"]
"""TokenRouter-Go's words: told; the last question failed; nothing was told yet; nobody looks."""
TOTAL: Final = "total"
"""The window of what is not given anew, such as credit."""
WINDOW_S: Final = {"1m": 60, "1h": 3600, "1d": 86_400, "7d": 7 * 86_400, "30d": 30 * 86_400}
"""Names of windows, as TokenRouter-Go has them, and their lengths in seconds."""
WINDOWLESS_S: Final = 900.0
"""How long a metric is believed that says neither how long its window is nor when it ends."""


@dataclass(frozen=True, slots=True)
class QuotaMetric:
    """One thing that a provider counts.

    Attributes:
        key: names it within its provider, such as `requests_1d`.
        metered_feature: what is counted: `requests`, `tokens`, `input-tokens`, `credits`, …
        window: a name such as `1m`, `1d` or `total`; "" where nobody says.
        window_seconds: its length; 0 where nobody says, or where it never begins anew.
        left_percent: what is left, from 0 to 100; None where only an amount is known.
        unit: what the values count: `requests`, `tokens`, `USD`, …
        reset_at_s: when it begins anew, in seconds since the epoch; None where nobody says.
        told_at_s: when it was told, in seconds since the epoch.
    """

    key: str
    metered_feature: str
    unit: str
    window: str = ""
    window_seconds: int = 0
    left_percent: float | None = None
    used_value: float | None = None
    remaining_value: float | None = None
    limit_value: float | None = None
    reset_at_s: float | None = None
    told_at_s: float = 0.0

    @property
    def length_s(self) -> float | None:
        """How long the window is, as far as that can be told; None where it cannot, infinite for what never ends."""
        if self.window == TOTAL:
            return float("inf")
        if self.window_seconds:
            return float(self.window_seconds)
        return None if self.reset_at_s is None else self.reset_at_s - self.told_at_s

    @property
    def ends_at_s(self) -> float:
        """When what was told says nothing any more."""
        if self.reset_at_s is not None:
            return self.reset_at_s
        if self.window == TOTAL:
            return float("inf")
        return self.told_at_s + (self.window_seconds or WINDOWLESS_S)

    def at(self, now_s: float) -> "QuotaMetric":
        """Return it as it is now: whole again when its window has ended since it was told."""
        if now_s < self.ends_at_s:
            return self
        left = None if self.left_percent is None else 100.0
        used = None if self.used_value is None else 0.0
        return replace(self, left_percent=left, used_value=used, remaining_value=self.limit_value, reset_at_s=None)


@dataclass(frozen=True, slots=True)
class QuotaSnapshot:
    """What is known of one provider.

    Attributes:
        reader: who told: `headers`, or the name of the question that was asked.
        plan_type: the provider's word for the account's plan, or "".
        checked_at_s: when anything was told last, in seconds since the epoch; 0 for never.
        error: why the last question was not answered, or ""; `metrics` are then the last that were told.
    """

    provider: str
    kind: str
    display_name: str
    reader: str
    status: QuotaStatus
    plan_type: str = ""
    error: str = ""
    checked_at_s: float = 0.0
    metrics: tuple[QuotaMetric, ...] = ()

    @property
    def scarcest(self) -> QuotaMetric | None:
        """The metric of which the smallest share is left."""
        return scarcest(self.metrics)

    @property
    def is_used_up(self) -> bool:
        """Whether nothing is left of anything that has a share."""
        shares = [one.left_percent for one in self.metrics if one.left_percent is not None]
        return bool(shares) and max(shares) <= 0


def scarcest(metrics: Iterable[QuotaMetric]) -> QuotaMetric | None:
    """Return the metric of which the smallest share is left, or None where no share is known."""
    with_share = [(one.left_percent, place, one) for place, one in enumerate(metrics) if one.left_percent is not None]
    return min(with_share)[2] if with_share else None


def measured(
    key: str,
    feature: str,
    unit: str,
    *,
    now_s: float,
    window: str = "",
    limit: float | None = None,
    remaining: float | None = None,
    used: float | None = None,
    reset_at_s: float | None = None,
) -> QuotaMetric:
    """Return a metric told at `now_s`, with what follows from two of limit, remaining and used."""
    if limit is None and used is not None and remaining is not None:
        limit = used + remaining
    if remaining is None and limit is not None and used is not None:
        remaining = max(0.0, limit - used)
    if used is None and limit is not None and remaining is not None:
        used = max(0.0, limit - remaining)
    return QuotaMetric(
        key=key,
        metered_feature=feature,
        unit=unit,
        window=window,
        window_seconds=WINDOW_S.get(window) or _seconds_of(window),
        left_percent=_percent(remaining, limit),
        used_value=used,
        remaining_value=remaining,
        limit_value=limit,
        reset_at_s=reset_at_s,
        told_at_s=now_s,
    )


def window_name(seconds: int) -> str:
    """Return the name of a window of any length: `5m`, `1d`, `90s`."""
    for unit, length in (("d", 86_400), ("h", 3600), ("m", 60)):
        if seconds % length == 0:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"


def _seconds_of(window: str) -> int:
    lengths = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
    number, unit = window[:-1], window[-1:]
    return int(number) * lengths[unit] if unit in lengths and number.isdecimal() else 0


def _percent(remaining: float | None, limit: float | None) -> float | None:
    if remaining is None or limit is None or limit <= 0:
        return 0.0 if remaining is not None and remaining <= 0 else None
    return round(min(100.0, max(0.0, remaining / limit * 100)), 2)
