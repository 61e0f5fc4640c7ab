"""Lists of what lies in an account, cut down to what belongs to the caller.

The account's list is looked through page by page until enough is found. Places in it are ids, so a page may only begin
at an id of the caller's own.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

from tokenrouter.dialects.base import Dialect
from tokenrouter.domain.errors import InvalidRequest
from tokenrouter.gateway.account.errands import Asking, Errand, path_at
from tokenrouter.gateway.account.roads import Json, Told, ask, silent_head, tell
from tokenrouter.gateway.exchange import Exchange
from tokenrouter.gateway.ownership import Ownership
from tokenrouter.gateway.ports import Upstream

PAGES: Final = {"files": 1000, "batches": 100}
"""Items of one page: few enough to be read at once, and no more than may be asked for."""
MAX_PAGES: Final = 50
"""Pages that are looked through; beyond them a list ends early, in an account full of other people's things."""
MAX_ITEMS: Final = 10_000
"""Most that a caller may ask for, as the vendor has it for files."""
USUAL_ITEMS: Final = {"files": MAX_ITEMS, "batches": 20}

Learn = Callable[[Json], Awaitable[None]]
"""Takes in what an item of the caller's tells."""


def listing(asking: Asking, ownership: Ownership, dialect: Dialect, learn: Learn) -> Errand:
    """Return the errand of a list.

    Raises:
        InvalidRequest, NotFound: the page asked for cannot be.
    """
    entry, query = asking.entry(), dict(asking.asked.query)
    owner, kind, provider = asking.owner, asking.asked.target.kind, entry.provider.name
    path = path_at(entry, dialect)
    wanted = _limit(query.pop("limit", ""), USUAL_ITEMS[dialect.operation])
    if "after" in query:
        ownership.find(owner, kind, query["after"])

    async def road(exchange: Exchange, upstream: Upstream) -> None:
        found: list[Json] = []
        last: Told | None = None
        after = query.get("after")
        for _ in range(MAX_PAGES):
            page_query = {**query, "limit": str(PAGES[dialect.operation])} | ({} if after is None else {"after": after})
            lane = asking.lane(entry, dialect, "GET", path, page_query)
            exchange.lane = replace(exchange.lane, endpoint=lane.endpoint)
            last = await ask(exchange, upstream)
            if last is None:
                return
            items = [item for item in last.get("data") or () if isinstance(item, dict)]
            found += [item for item in items if ownership.known(owner, kind, item.get("id"), provider) is not None]
            before, after = after, _next_place(last, items)
            if len(found) > wanted or after in (None, before):
                break
        shown = found[:wanted]
        for item in shown:
            await learn(item)
        if last is not None:
            tell(exchange, last, _page(last.value, shown, has_more=len(found) > wanted))

    lane = asking.lane(entry, dialect, "GET", path, {})
    return Errand(lane, asking.asked.call, silent_head(), road)


def _next_place(told: Told, items: list[Json]) -> str | None:
    """Return where the next page begins, or None after the last."""
    return str(items[-1].get("id")) if items and told.get("has_more") else None


def _page(told: Json, shown: list[Json], *, has_more: bool) -> Json:
    ends = {"first_id": shown[0].get("id"), "last_id": shown[-1].get("id")} if shown else {}
    return {**told, "data": shown, "first_id": None, "last_id": None, **ends, "has_more": has_more}


def _limit(text: str, usual: int) -> int:
    if not text:
        return usual
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= MAX_ITEMS:
        raise InvalidRequest(f"'limit' must be a number from 1 to {MAX_ITEMS}.", param="limit")
    return int(text)
