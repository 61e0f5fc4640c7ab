"""Where vendors tell what is left for the asking, with the ordinary key and without a cost, and what they answer.

One row for each vendor whose documentation has such an address (read 2026-11). A path that begins with a slash is one
of the whole host, any other one is relative to the base URL. Amounts of credit have no share: nobody says how much
"full" is, unless the answer has what was used as well.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import Any, Final

import msgspec

from tokenrouter.domain.errors import ProviderProtocolError
from tokenrouter.domain.quotas import TOTAL, QuotaMetric, measured
from tokenrouter.providers.base import request_head
from tokenrouter.providers.compatible import CompatibleAdapter
from tokenrouter.providers.quota_values import read_reset

MAX_PLAN_CHARS: Final = 64
_UNREADABLE: Final = (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError)
"""What looking for a field in JSON of another shape may raise; msgspec's DecodeError is a ValueError."""
_CURRENCIES: Final = 4
"""Most currencies of one balance that are kept."""


@dataclass(frozen=True, slots=True)
class QuotaReading:
    """What an answer says. `plan_type` is the vendor's word for the account's plan, or ""."""

    metrics: tuple[QuotaMetric, ...]
    plan_type: str = ""


@dataclass(frozen=True, slots=True)
class QuotaQuestion:
    """How one vendor is asked. `name` is shown as the reader; `source` is the vendor's page."""

    name: str
    path: str
    read: Callable[[Any, float], QuotaReading]
    source: str

    def request(self, spoken: CompatibleAdapter) -> bytes:
        """Return the whole question to a provider that `spoken` speaks to."""
        target = self.path if self.path.startswith("/") else f"{spoken.base_path}/{self.path}"
        return request_head("GET", target, {"host": spoken.origin.authority, **spoken.models_headers}) + b"\r\n"

    def answer(self, provider: str, body: bytes, now_s: float) -> QuotaReading:
        """Return what `body` says.

        Raises:
            ProviderProtocolError: it is not what the vendor documents.
        """
        try:
            return self.read(msgspec.json.decode(body), now_s)
        except _UNREADABLE as error:
            raise ProviderProtocolError(
                f"Provider {provider!r} answered the question for its quota with something else than it documents.",
                provider=provider,
            ) from error


def quota_question(kind: str) -> QuotaQuestion | None:
    """Return how providers of this kind are asked what is left, or None where there is no such question."""
    return _QUESTIONS.get(kind)


def quota_questions() -> Mapping[str, QuotaQuestion]:
    """Return all of them by the kind of provider."""
    return _QUESTIONS


def _openrouter(answer: Any, now_s: float) -> QuotaReading:
    """A key's own limit of credits in US dollars, or only what it has used; `rate_limit` there is deprecated."""
    key = answer["data"]
    window, reset_at_s = _calendar(key.get("limit_reset"), now_s)
    metric = measured(
        "credits",
        "credits",
        "USD",
        now_s=now_s,
        window=window,
        limit=_amount(key.get("limit")),
        remaining=_amount(key.get("limit_remaining")),
        used=_amount(key.get("usage")) if key.get("limit") is None else None,
        reset_at_s=reset_at_s,
    )
    return QuotaReading((metric,), "free" if key.get("is_free_tier") else "paid")


def _deepseek(answer: Any, now_s: float) -> QuotaReading:
    """A balance in each currency; `is_available` says whether it is enough for requests."""
    is_enough = answer["is_available"]
    balances = ((each["currency"], each["total_balance"]) for each in answer["balance_infos"][:_CURRENCIES])
    return QuotaReading(tuple(_balance(*each, now_s, is_enough=is_enough is not False) for each in balances))


def _moonshot(answer: Any, now_s: float) -> QuotaReading:
    """Cash and vouchers together: US dollars at the international host, yuan at the Chinese one."""
    return QuotaReading((_balance("credit", answer["data"]["available_balance"], now_s),))


def _poe(answer: Any, now_s: float) -> QuotaReading:
    """Points of the plan and such that were bought."""
    return QuotaReading((_balance("points", answer["current_point_balance"], now_s),))


def _venice(answer: Any, now_s: float) -> QuotaReading:
    """US dollars and DIEM, which are given anew each epoch."""
    data = answer["data"]
    is_enough = data.get("accessPermitted") is not False
    reset_at_s = read_reset(str(data.get("nextEpochBegins") or ""), now_s)
    metrics = tuple(
        _balance(
            unit, data["balances"][unit], now_s, is_enough=is_enough, reset_at_s=reset_at_s if unit == "DIEM" else None
        )
        for unit in ("USD", "DIEM")
        if data["balances"].get(unit) is not None
    )
    plan = (data.get("apiTier") or {}).get("id")
    return QuotaReading(metrics, plan[:MAX_PLAN_CHARS] if isinstance(plan, str) else "")


def _vercel(answer: Any, now_s: float) -> QuotaReading:
    """Credit that is left, and all that was ever used."""
    left, used = _amount(answer["balance"]), _amount(answer.get("total_used"))
    return QuotaReading((measured("credits", "credits", "USD", now_s=now_s, window=TOTAL, remaining=left, used=used),))


_QUESTIONS: Final[Mapping[str, QuotaQuestion]] = {
    "openrouter": QuotaQuestion(
        "openrouter_key", "key", _openrouter, "https://openrouter.ai/docs/api-reference/limits"
    ),
    "deepseek": QuotaQuestion(
        "deepseek_balance", "/user/balance", _deepseek, "https://api-docs.deepseek.com/api/get-user-balance"
    ),
    "moonshotai": QuotaQuestion(
        "moonshot_balance", "users/me/balance", _moonshot, "https://platform.moonshot.ai/docs/api/balance"
    ),
    "poe": QuotaQuestion(
        "poe_points", "/usage/current_balance", _poe, "https://creator.poe.com/docs/resources/usage-api"
    ),
    "venice": QuotaQuestion(
        "venice_rate_limits",
        "api_keys/rate_limits",
        _venice,
        "https://docs.venice.ai/api-reference/endpoint/api_keys/rate_limits",
    ),
    "vercel-ai-gateway": QuotaQuestion(
        "vercel_credits", "credits", _vercel, "https://vercel.com/docs/ai-gateway/observability-and-spend/usage"
    ),
}
"""By the name of the vendor's row in `presets.toml`."""


def _balance(
    unit: str, amount: object, now_s: float, *, is_enough: bool = True, reset_at_s: float | None = None
) -> QuotaMetric:
    """Return an amount of credit; without a share, unless it is used up."""
    left = _amount(amount)
    if left is None:
        raise ValueError("no amount")
    unit = unit[:MAX_PLAN_CHARS]
    remaining = left if is_enough else 0.0
    name = f"balance_{unit.lower()}"
    return measured(name, "balance", unit, now_s=now_s, window=TOTAL, remaining=remaining, reset_at_s=reset_at_s)


def _amount(value: object) -> float | None:
    """Return a number, which some write as a text; None for null.

    Raises:
        ValueError: it is none.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str) or not isfinite(float(value)):
        raise ValueError("no number")
    return float(value)


def _calendar(word: object, now_s: float) -> tuple[str, float | None]:
    """Return the window that OpenRouter's word names, and its end: all in UTC, weeks begin on Mondays."""
    now = datetime.fromtimestamp(now_s, UTC)
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if word == "hourly":
        return "1h", (now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)).timestamp()
    if word == "daily":
        return "1d", (today + timedelta(days=1)).timestamp()
    if word == "weekly":
        return "7d", (today + timedelta(days=7 - today.weekday())).timestamp()
    if word == "monthly":
        return "30d", (today.replace(day=1) + timedelta(days=32)).replace(day=1).timestamp()
    return TOTAL, None
