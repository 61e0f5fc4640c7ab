"""`/api/v1/sign-in`: by which ways people come in, as file and environment say it.

Identity providers and sign-up are the operator's to declare: whoever administers the gateway cannot open it to others
than the operator lets in.
"""

from typing import Annotated, Final

from fastapi import APIRouter
from pydantic import BaseModel

from tokenrouter.admin.callers import Grant, needs
from tokenrouter.admin.state import State
from tokenrouter.config.settings import GroupRights, OidcSetting
from tokenrouter.signin.passwords import MIN_PASSWORD_CHARS

router: Final = APIRouter(prefix="/api/v1/sign-in", tags=["settings"])


class ShownGroup(BaseModel):
    """What members of a group at an identity provider are here."""

    group: str
    team: str
    role: str
    team_admin: bool


class ShownIdentityProvider(BaseModel):
    """An identity provider; `callback` is the redirect address to register there, unless `redirect_uri` is another."""

    name: str
    title: str
    issuer: str
    client_id: str
    with_secret: bool
    scopes: list[str]
    groups_claim: str
    groups: list[ShownGroup]
    allowed_domains: list[str]
    auto_create: bool
    session_s: float
    callback: str
    redirect_uri: str
    declared_at: str


class ShownSignUp(BaseModel):
    """Whether people may make an account without an invitation, and whose."""

    enabled: bool
    by_code: bool
    email_domains: list[str]


class SignInRules(BaseModel):
    """By which ways people come in. `file` is where that is changed, "" where there is none yet.

    `admin_password`: there is a password that opens the pages without an account.
    """

    file: str
    identity_providers: list[ShownIdentityProvider]
    least_password_chars: int
    admin_password: bool
    sign_up: ShownSignUp


@router.get("")
def read(state: State, _grant: Annotated[Grant, needs("settings.read")]) -> SignInRules:
    """Return by which ways people come in."""
    settings = state.settings
    file, sign_up = settings.paths.config_file, settings.sign_up
    return SignInRules(
        file=file.name if file else "",
        identity_providers=[_identity_provider(one) for one in settings.oidc],
        least_password_chars=MIN_PASSWORD_CHARS,
        admin_password=bool(settings.admin_password),
        sign_up=ShownSignUp(
            enabled=sign_up.enabled, by_code=sign_up.by_code, email_domains=list(sign_up.email_domains)
        ),
    )


def _identity_provider(one: OidcSetting) -> ShownIdentityProvider:
    return ShownIdentityProvider(
        name=one.name,
        title=one.title or one.name,
        issuer=one.issuer,
        client_id=one.client_id,
        with_secret=bool(one.client_secret),
        scopes=list(one.scopes),
        groups_claim=one.groups_claim,
        groups=[_group(group, rights) for group, rights in sorted(one.group_teams.items())],
        allowed_domains=list(one.allowed_domains),
        auto_create=one.auto_create,
        session_s=one.session_s,
        callback=f"/admin/oidc/{one.name}/callback",
        redirect_uri=one.redirect_uri,
        declared_at=one.origin,
    )


def _group(group: str, rights: GroupRights) -> ShownGroup:
    return ShownGroup(group=group, team=rights.team, role=rights.role, team_admin=rights.team_admin)
