"""Reading `[alerts]`: when to tell that something needs looking at, and whom."""

import re
from collections.abc import Callable
from typing import Final, cast

from tokenrouter.config.settings import AlertSettings, EmailSetting, SmtpSecurity, WebhookSetting
from tokenrouter.config.table import Table
from tokenrouter.providers.urls import split_base_url

MIN_SECRET_CHARS: Final = 16
"""A shorter secret could be found by whoever has one signed request."""
MAX_WEBHOOKS: Final = 16
MAX_RECIPIENTS: Final = 50
_MAILBOX: Final = re.compile(r"[!#-'*+\-./0-9=?A-Z^_`a-z{|}~]{1,64}@[0-9A-Za-z.-]{1,255}")
"""An address as almost all are (RFC 5321, 4.1.2), without comments, quotes and, above all, line ends."""
_PORTS: Final = {"starttls": 587, "tls": 465, "none": 25}

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
        journal_lag_s=table.seconds("journal_lag_s", usual.journal_lag_s, least=1.0),
        webhooks=tuple(_webhook(hook, resolve) for hook in hooks[:MAX_WEBHOOKS]),
        email=_email(table.table("email"), resolve) if table.has("email") else None,
    )
    table.finish()
    return read


def _email(table: Table, resolve: Resolve) -> EmailSetting:
    security = cast(SmtpSecurity, table.choice("security", tuple(_PORTS), "starttls"))
    read = EmailSetting(
        host=table.text("host"),
        port=table.count("port", _PORTS[security], least=1, most=65535),
        sender=table.text("from"),
        recipients=table.texts("to"),
        security=security,
        user=table.text("user"),
        password=resolve(table, "password"),
        kinds=table.texts("kinds"),
        ca_file=table.text("ca_file"),
    )
    if not read.host:
        table.problem("host", "is missing")
    if not read.recipients or len(read.recipients) > MAX_RECIPIENTS:
        table.problem("to", f"must have 1 to {MAX_RECIPIENTS} addresses")
    for key, address in (("from", read.sender), *(("to", one) for one in read.recipients)):
        if _MAILBOX.fullmatch(address) is None:
            table.problem(key, f"{address!r} is not an address, like alerts@example.org")
    if read.password and security == "none":
        table.problem("security", "a password is not sent in the clear", 'use "starttls" or "tls"')
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
