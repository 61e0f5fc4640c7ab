"""Which person here somebody is who signed in at an identity provider, and what their groups give them.

An account is found by issuer and subject, which nobody but the provider can choose. By e-mail address only once, for
somebody who was invited, and only when the provider says that the address is verified: whoever can have an address
written into an account elsewhere must not become its owner here.
"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection

from tokenrouter.config.settings import GroupRights, OidcSetting
from tokenrouter.domain.people import Membership, PersonRole, User
from tokenrouter.signin.oidc.client import Identity
from tokenrouter.signin.oidc.errors import SignInRefused
from tokenrouter.store.accounts import link_identity, replace_rights, user_with_email
from tokenrouter.store.engine import Store
from tokenrouter.store.errors import InvalidField, UserTaken
from tokenrouter.store.password_links import is_invited
from tokenrouter.store.sign_ups import is_mentioned
from tokenrouter.store.users import NewUser, add_user, user_of_account

_RANK: Final[tuple[PersonRole, ...]] = ("member", "admin", "owner")


def person_of(
    store: Store, setting: OidcSetting, identity: Identity, *, reserved: frozenset[str], now_s: float
) -> User:
    """Return the person who has signed in, with the rights that their groups give them now.

    `reserved` are names that the file charges to; nobody who comes by themselves gets one of them.

    Raises:
        SignInRefused: nobody here is meant, or they may not come in.
    """
    _check_domain(setting, identity)
    known = user_of_account(store, identity.issuer, identity.subject)
    if known is not None and not known.enabled:
        raise SignInRefused("this account is disabled here; ask an administrator")
    with store.write() as connection:
        user = known or _newcomer(store, connection, setting, identity, reserved, now_s)
        return _with_rights(store, connection, setting, identity, user)


def _check_domain(setting: OidcSetting, identity: Identity) -> None:
    if setting.allowed_domains and identity.email.lower().rpartition("@")[2] not in setting.allowed_domains:
        raise SignInRefused("only verified e-mail addresses of certain domains may sign in here")


def _newcomer(
    store: Store,
    connection: Connection,
    setting: OidcSetting,
    identity: Identity,
    reserved: frozenset[str],
    now_s: float,
) -> User:
    """Return the invited person of this e-mail address, or a new one where that is allowed."""
    invited = user_with_email(connection, identity.email) if identity.email else None
    if invited is not None:
        may_link = invited.enabled and not invited.oidc_subject and is_invited(connection, invited.id, now_s=now_s)
        if not may_link:
            raise SignInRefused("there is an account with this e-mail address; ask an administrator for an invitation")
        return link_identity(store, connection, invited, identity.issuer, identity.subject)
    if not setting.auto_create:
        raise SignInRefused("you have no account here; ask an administrator for an invitation")
    name = identity.email.lower() or _name_without_address(setting, identity)
    if name in reserved or is_mentioned(connection, name):
        raise SignInRefused("there is something by your name here already; ask an administrator for an invitation")
    new = NewUser(
        name,
        identity.email or None,
        comment=f"{identity.name} by {setting.name}".strip(),
        oidc_issuer=identity.issuer,
        oidc_subject=identity.subject,
    )
    try:
        return add_user(store, connection, new, now_s=now_s)
    except (UserTaken, InvalidField):
        raise SignInRefused("no account can be made by this name; ask an administrator for an invitation") from None


def _name_without_address(setting: OidcSetting, identity: Identity) -> str:
    """Return a name from the subject; what a name cannot hold becomes `-`."""
    return f"{setting.name}-" + "".join(char if char.isalnum() or char in "._@-" else "-" for char in identity.subject)


def _with_rights(store: Store, connection: Connection, setting: OidcSetting, identity: Identity, user: User) -> User:
    """Return `user` as their groups make them. Who is told to be in no group is in none."""
    if not setting.groups_claim:
        return user
    rights = [setting.group_teams[group] for group in identity.groups or () if group in setting.group_teams]
    given_by = f"oidc:{setting.name}"
    teams: dict[str, Membership] = {}
    for one in rights:
        if one.team:
            is_admin = one.team_admin or (one.team in teams and teams[one.team].admin)
            teams[one.team] = Membership(one.team, user.name, is_admin, given_by)
    return replace_rights(store, connection, user, _role(setting, rights, user), given_by, teams.values())


def _role(setting: OidcSetting, rights: Sequence[GroupRights], user: User) -> PersonRole:
    """Return the highest role of the groups. Where no group has one, roles are people's to give; owners stay owners."""
    if user.role == "owner" or not any(one.role for one in setting.group_teams.values()):
        return user.role
    return max((one.role or "member" for one in rights), key=_RANK.index, default="member")
