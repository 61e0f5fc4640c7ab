"""Every page of the admin UI: where it is, and who sees it. What `ui/src/pages.ts` says, said a second time by hand."""

from dataclasses import dataclass
from typing import Final, Literal, get_args

Role = Literal["owner", "admin", "team_admin", "member"]
ROLES: Final[tuple[Role, ...]] = get_args(Role)
_ADMINS: Final[tuple[Role, ...]] = ("owner", "admin")


@dataclass(frozen=True, slots=True)
class UiPage:
    """One page.

    Attributes:
        path: below `/admin`.
        roles: who has it in their rail, or is led there; others are told that there is no such page.
    """

    name: str
    path: str
    roles: tuple[Role, ...] = ROLES


PAGES: Final = (
    UiPage("me", "/me"),
    UiPage("status", "/status"),
    UiPage("usage", "/usage"),
    UiPage("quota", "/quota"),
    UiPage("requests", "/requests"),
    UiPage("conversations", "/conversations"),
    UiPage("log", "/log", _ADMINS),
    UiPage("models", "/models"),
    UiPage("providers", "/providers", _ADMINS),
    UiPage("access", "/access"),
    UiPage("playground", "/playground"),
    UiPage("network", "/network", _ADMINS),
    UiPage("settings", "/settings", _ADMINS),
    UiPage("account", "/account"),
    UiPage("welcome", "/welcome"),
)
