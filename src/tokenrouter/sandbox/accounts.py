"""Pages on which vendors tell a caller what is left of its account.

From their documentation, read 2026-11: OpenRouter's `/key`, DeepSeek's and Moonshot's balance, Vercel's credits, Poe's
points, Venice's rate limits. An account has had 100 dollars; what is left of them the key says, as in `quotas`, else
all.
"""

from collections.abc import Callable, Mapping
from typing import Final

from tokenrouter.sandbox.errors import ApiError
from tokenrouter.sandbox.operations import Page
from tokenrouter.sandbox.quotas import key_of, share_left
from tokenrouter.sandbox.server import Request

_FULL: Final = 100.0


class AccountRoutes:
    """With `api_keys`, others get 401; without, any key and none will do."""

    def __init__(self, api_keys: frozenset[str]) -> None:
        self._api_keys = api_keys

    def __call__(self, request: Request) -> Page | None:
        make = _PAGES.get(request.path)
        if make is None or request.method != "GET":
            return None
        return Page(lambda: make(self._left(request)), lambda error: error)

    def _left(self, request: Request) -> float:
        if self._api_keys and key_of(request) not in self._api_keys:
            raise ApiError(401, "Incorrect API key provided.", code="invalid_api_key")
        share = share_left(request)
        return _FULL if share is None else _FULL * share


def _openrouter(left: float) -> object:
    key = {
        "label": "sk-or-v1-sandbox",
        "limit": _FULL,
        "limit_reset": "daily",
        "limit_remaining": left,
        "include_byok_in_limit": False,
        "usage": _FULL - left,
        "is_free_tier": False,
        "rate_limit": {"requests": -1, "interval": "10s", "note": "This field is deprecated and safe to ignore."},
    }
    return {"data": key}


def _deepseek(left: float) -> object:
    text = f"{left:.2f}"
    balance = {"currency": "USD", "total_balance": text, "granted_balance": "0.00", "topped_up_balance": text}
    return {"is_available": left > 0, "balance_infos": [balance]}


def _moonshot(left: float) -> object:
    data = {"available_balance": left, "voucher_balance": 0.0, "cash_balance": left}
    return {"code": 0, "data": data, "scode": "0x0", "status": True}


def _vercel(left: float) -> object:
    return {"balance": f"{left:.2f}", "total_used": f"{_FULL - left:.2f}"}


def _poe(left: float) -> object:
    return {"current_point_balance": int(left)}


def _venice(left: float) -> object:
    data = {
        "accessPermitted": left > 0,
        "apiTier": {"id": "paid", "isCharged": True},
        "balances": {"USD": left, "DIEM": 0},
        "keyExpiration": None,
        "nextEpochBegins": None,
        "rateLimits": [],
    }
    return {"data": data}


_PAGES: Final[Mapping[str, Callable[[float], object]]] = {
    "/v1/key": _openrouter,
    "/user/balance": _deepseek,
    "/v1/users/me/balance": _moonshot,
    "/v1/credits": _vercel,
    "/usage/current_balance": _poe,
    "/v1/api_keys/rate_limits": _venice,
}
