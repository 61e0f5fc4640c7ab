from fastapi.testclient import TestClient

from tests.admin.installation import ADMIN_PASSWORD, ALICE, ROOT, Installation
from tokenrouter.config.settings import GroupRights, OidcSetting, SignUpSettings

SIGN_IN = "/api/v1/sign-in"


def test_the_ways_in_are_shown_without_what_is_secret(client: TestClient, installation: Installation) -> None:
    corp = OidcSetting(
        "corp",
        "https://idp.test",
        "tokenrouter",
        client_secret="client-secret-0123456789",
        group_teams={"staff": GroupRights("physics", team_admin=True)},
        origin="torod.toml:40",
    )
    installation.declare(oidc=(corp,), sign_up=SignUpSettings(enabled=True, email_domains=("uni.test",)))

    answer = client.get(SIGN_IN, headers=ROOT)

    told = answer.json()
    [shown] = told["identity_providers"]
    assert (shown["title"], shown["with_secret"], shown["callback"]) == ("corp", True, "/admin/oidc/corp/callback")
    assert shown["groups"] == [{"group": "staff", "team": "physics", "role": "", "team_admin": True}]
    assert told["sign_up"] == {"enabled": True, "by_code": True, "email_domains": ["uni.test"]}
    assert (told["admin_password"], told["least_password_chars"]) == (True, 10)
    assert not [one for one in ("client-secret", ADMIN_PASSWORD) if one in answer.text]


def test_only_administrators_see_the_ways_in(client: TestClient) -> None:
    assert client.get(SIGN_IN, headers=ALICE).status_code == 403
