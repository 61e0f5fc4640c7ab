"""Pages of a list, as all of OpenAI's lists have them: `after`, `limit`, `order`.

From OpenAI's API reference ("List files", "List batches", "List input items", read 2026-11).
"""

from collections.abc import Sequence
from typing import Final
from urllib.parse import parse_qs

from tokenrouter.sandbox.errors import ApiError
from tokenrouter.sandbox.server import Request

USUAL: Final = 20
ORDERS: Final = ("asc", "desc")

Json = dict[str, object]


def listing(oldest_first: Sequence[Json], request: Request, most: int, usual: int = USUAL) -> Json:
    """One page, the newest first unless asked otherwise; `most` and `usual` bound its length. Raises: ApiError 400."""
    query = {name: values[0] for name, values in parse_qs(request.query).items()}
    order = query.get("order", "desc")
    if order not in ORDERS:
        raise ApiError(400, f"Invalid value: '{order}'. Supported values are: 'asc' and 'desc'.", param="order")
    items = list(oldest_first if order == "asc" else reversed(oldest_first))
    start = _start(items, query.get("after"))
    page = items[start : start + _limit(query, most, usual)]
    return {
        "object": "list",
        "data": page,
        "first_id": page[0]["id"] if page else None,
        "last_id": page[-1]["id"] if page else None,
        "has_more": start + len(page) < len(items),
    }


def _start(items: Sequence[Json], after: str | None) -> int:
    if after is None:
        return 0
    names = [item["id"] for item in items]
    if after not in names:
        raise ApiError(400, f"Invalid 'after': no item with id '{after}' found.", param="after")
    return names.index(after) + 1


def _limit(query: dict[str, str], most: int, usual: int) -> int:
    text = query.get("limit", str(usual))
    if not text.isdecimal() or not 1 <= int(text) <= most:
        message = f"Invalid 'limit': expected an integer from 1 to {most}, but got '{text[:20]}' instead."
        raise ApiError(400, message, param="limit", code="invalid_value")
    return int(text)
