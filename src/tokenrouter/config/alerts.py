"""Reading `[alerts]`: when to tell that a provider's quota comes to an end, and whom."""

from collections.abc import Callable
from typing import Final

from tokenrouter.config.settings import AlertSettings, WebhookSetting
from tokenrouter.config.table import Table
from tokenrouter.providers.urls import split_base_url

MIN_SECRET_CHARS: Final = 16
"""A shorter secret could be found by whoever has one signed request."""
MAX_WEBHOOKS: Final = 16

Resolve = Callable[[Table, str], str]
"""Returns the secret that a key of a table holds or points to."""


def read_alerts(table: Table, resolve: Resolve) -> AlertSettings:
    """Return what `table` says; mistakes are noted in its problems."""
    usual = AlertSettings()
    hooks = table.tables("webhooks")
    if len(hooks) > MAX_WEBHOOKS:
        table.problem("webhooks", f"there are {len(hooks)} of them; {MAX_WEBHOOKS} are the most")
    read = AlertSettings(
        quota_thresholds=_thresholds(table, usual.quota_thresholds),
        shortest_window_s=table.seconds("shortest_window_s", usual.shortest_window_s),
        webhooks=tuple(_webhook(hook, resolve) for hook in hooks[:MAX_WEBHOOKS]),
    )
    table.finish()
    return read


def _thresholds(table: Table, usual: tuple[int, ...]) -> tuple[int, ...]:
    """Return at how many percent left it is told; an empty array tells nothing."""
    if not table.has("quota_thresholds"):
        return usual
    named = table.raw("quota_thresholds")
    if not isinstance(named, list) or not all(type(one) is int and 0 <= one < 100 for one in named):
        table.problem("quota_thresholds", "must be an array of whole numbers from 0 to 99, like [20, 5, 0]")
        return ()
    return tuple(sorted(set(named), reverse=True))


def _webhook(table: Table, resolve: Resolve) -> WebhookSetting:
    url, allow_private = resolve(table, "url"), table.flag("allow_private", False)
    if not url:
        table.problem("url", "is missing")
    elif mistake := _url_mistake(url, allow_private=allow_private):
        table.problem("url", mistake)
    secret = resolve(table, "secret")
    if len(secret) < MIN_SECRET_CHARS:
        hint = "make one with `openssl rand -hex 32`"
        table.problem("secret", f"must have at least {MIN_SECRET_CHARS} characters: it signs what is sent", hint)
    table.finish()
    return WebhookSetting(url, secret, allow_private=allow_private)


def _url_mistake(url: str, *, allow_private: bool) -> str:
    """Return what is wrong with an address, or ""; it is not shown, since it is often a secret itself."""
    try:
        origin = split_base_url(url).origin
    except ValueError as error:
        return str(error).removeprefix("base_url ")
    if not origin.tls and not allow_private:
        return "must begin with https://, unless allow_private is true"
    return ""
