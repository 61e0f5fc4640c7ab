"""What two vendors' searches of the web have in common: where to look, and where the user is.

A search that may look at some domains only must not become one that looks everywhere, so a vendor's own search that
takes another's place keeps the bound, and does not take its place where it cannot. OpenAI has the domains in `filters`,
Anthropic beside the name, where it can name domains to leave out too; the user's place has one shape at both (API
references, "web search tool", read 2026-11). What reads addresses is bound by the same fields as what searches.
"""

from typing import Any, Final

import msgspec

from tokenrouter.dialects.wire_reading import raw_list, raw_value
from tokenrouter.domain.requests import HostedTool

Wire = dict[str, Any]
_ABSENT: Final = msgspec.Raw()


class _Filters(msgspec.Struct):
    allowed_domains: msgspec.Raw = _ABSENT


class _Search(msgspec.Struct):
    allowed_domains: msgspec.Raw = _ABSENT
    blocked_domains: msgspec.Raw = _ABSENT
    external_web_access: bool | None = None
    filters: _Filters | None = None
    user_location: msgspec.Raw = _ABSENT


_search: Final = msgspec.json.Decoder(_Search)


def search_settings(tool: HostedTool) -> Wire | None:
    """Return `allowed_domains` and `user_location` of a search, as they were written and where they were said.

    None when no other vendor's search may take its place: it names domains to leave out, or is to be kept from the
    network (Codex asks for that), or cannot be read.
    """
    try:
        search = _search.decode(tool.json)
    except (msgspec.DecodeError, RecursionError):
        return None
    if search.external_web_access is False or raw_list(search.blocked_domains) is not None:
        return None
    domains = raw_list(search.filters.allowed_domains if search.filters is not None else search.allowed_domains)
    found = {"allowed_domains": domains, "user_location": raw_value(search.user_location)}
    return {name: msgspec.Raw(raw) for name, raw in found.items() if raw is not None}
