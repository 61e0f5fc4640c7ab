"""Reading `[[oidc]]` and `[sign_up]`: where people may sign in, and who may make an account."""

import re
from collections.abc import Callable
from typing import Final, Literal, cast
from urllib.parse import urlsplit

from tokenrouter.config.settings import GroupRights, OidcSetting, SignUpSettings
from tokenrouter.config.table import Table
from tokenrouter.domain.people import PERSON_ROLES

MAX_PROVIDERS: Final = 16
MAX_SESSION_S: Final = 7 * 24 * 3600.0
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,40}")
_DOMAIN: Final = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")
_ON_THIS_MACHINE: Final = ("127.0.0.1", "::1", "localhost")

Resolve = Callable[[Table, str], str]
"""Returns the secret that a key of a table holds or points to."""


def read_oidc(top: Table, resolve: Resolve) -> tuple[OidcSetting, ...]:
    """Read every `[[oidc]]` table; mistakes are noted."""
    tables = top.tables("oidc")
    if len(tables) > MAX_PROVIDERS:
        top.problem("oidc", f"there are {len(tables)} of them; {MAX_PROVIDERS} are the most")
    read: list[OidcSetting] = []
    for table in tables[:MAX_PROVIDERS]:
        setting = _read_one(table, resolve)
        if setting.name in [other.name for other in read]:
            table.problem("name", f"{setting.name!r} stands twice in [[oidc]]")
        read.append(setting)
    return tuple(read)


def read_sign_up(table: Table) -> SignUpSettings:
    """Read `[sign_up]`; it is off where nothing is said."""
    read = SignUpSettings(
        enabled=table.flag("enabled", False),
        by_code=table.flag("by_code", True),
        email_domains=_domains(table, "email_domains"),
    )
    if read.enabled and not read.by_code and not read.email_domains:
        table.problem("email_domains", "is missing", "without access codes, say whose addresses may sign up")
    table.finish()
    return read


def _read_one(table: Table, resolve: Resolve) -> OidcSetting:
    name = table.text("name")
    if _NAME.fullmatch(name) is None:
        table.problem("name", f"{name!r} is not usable", "use lower-case letters, digits and '-'")
    groups_claim, rights = table.text("groups_claim"), _rights(table.table("group_teams"))
    if rights and not groups_claim:
        table.problem("groups_claim", "is missing", 'it says where groups are told, such as "groups"')
    setting = OidcSetting(
        name=name,
        issuer=_address(table, "issuer", required=True),
        client_id=_required(table, "client_id"),
        client_secret=resolve(table, "client_secret"),
        title=table.text("title"),
        scopes=_scopes(table),
        groups_claim=groups_claim,
        group_teams=rights,
        allowed_domains=_domains(table, "allowed_domains"),
        auto_create=table.flag("auto_create", False),
        session_s=_session_s(table),
        redirect_uri=_address(table, "redirect_uri", plain=True),
        allow_private=table.flag("allow_private", False),
        origin=table.where(),
    )
    table.finish()
    return setting


def _required(table: Table, key: str) -> str:
    value = table.text(key)
    if not value:
        table.problem(key, "is missing")
    return value


def _address(table: Table, key: str, *, required: bool = False, plain: bool = False) -> str:
    """Return an address; `plain`: HTTP will do, as for our own, which the provider has to accept."""
    url = _required(table, key) if required else table.text(key)
    if not url:
        return ""
    try:
        parts = urlsplit(url)
        is_plain = parts.scheme == "http" and (plain or parts.hostname in _ON_THIS_MACHINE)
        usable = (parts.scheme == "https" or is_plain) and bool(parts.hostname) and parts.username is None
    except ValueError:
        usable = False
    if not usable or not url.isascii() or not url.isprintable() or "#" in url or "?" in url:
        table.problem(key, f"{url!r} must be an https:// address, without '?' and '#'")
    return url


def _scopes(table: Table) -> tuple[str, ...]:
    if not table.has("scopes"):
        return ("openid", "email", "profile")
    scopes = table.texts("scopes")
    if "openid" not in scopes:
        table.problem("scopes", 'must hold "openid"')
    return scopes


def _session_s(table: Table) -> float:
    usual_s = 12 * 3600.0
    session_s = table.seconds("session_s", usual_s, least=60.0)
    if session_s > MAX_SESSION_S:
        table.problem("session_s", f"{session_s:g} is too long; use at most {MAX_SESSION_S:g} (seven days)")
        return usual_s
    return session_s


def _rights(table: Table) -> dict[str, GroupRights]:
    """Return what each group is here: `"group" = "team"`, or a table with `team`, `team_admin` and `role`."""
    rights: dict[str, GroupRights] = {}
    for group in table.names():
        if isinstance(table.raw(group), str):
            rights[group] = GroupRights(team=table.text(group))
            continue
        said = table.table(group)
        role = said.choice("role", ("", *PERSON_ROLES), "")
        one = GroupRights(
            said.text("team"), cast(Literal["", "owner", "admin", "member"], role), said.flag("team_admin", False)
        )
        if one.team_admin and not one.team:
            said.problem("team_admin", "is of no team", "set team")
        rights[group] = one
        said.finish()
    return rights


def _domains(table: Table, key: str) -> tuple[str, ...]:
    domains = tuple(one.lower() for one in table.texts(key))
    for one in domains:
        if _DOMAIN.fullmatch(one) is None:
            table.problem(key, f"{one!r} is not a domain, like example.org")
    return domains
