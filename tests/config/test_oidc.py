"""`[[oidc]]` and `[sign_up]`, in whole files."""

from pathlib import Path

import pytest

from tokenrouter.config.load import load
from tokenrouter.config.problems import ConfigErrors
from tokenrouter.config.settings import GroupRights, OidcSetting, Settings, SignUpSettings

LEAST = '[[oidc]]\nname = "corp"\nissuer = "https://idp.example"\nclient_id = "gateway"\n'


def read(folder: Path, text: str) -> Settings:
    (folder / "torod.toml").write_text(text)
    return load(config=None, environ={"TOKENROUTER_HOME": str(folder), "OIDC_SECRET": "s3cret"})


def mistakes(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigErrors) as caught:
        read(folder, text)
    return [str(problem) for problem in caught.value.problems]


def test_as_it_is_shipped_nobody_signs_up_and_nobody_signs_in_elsewhere(tmp_path: Path) -> None:
    assert read(tmp_path, "").oidc == ()
    assert not read(tmp_path, "").sign_up.enabled


def test_three_lines_are_enough(tmp_path: Path) -> None:
    (one,) = read(tmp_path, LEAST).oidc

    assert one == OidcSetting("corp", "https://idp.example", "gateway", origin="torod.toml:1")
    assert (one.auto_create, one.scopes) == (False, ("openid", "email", "profile"))


def test_all_of_it_can_be_said(tmp_path: Path) -> None:
    more = (
        'client_secret = "env:OIDC_SECRET"\ntitle = "Corp"\nscopes = ["openid", "groups"]\ngroups_claim = "groups"\n'
        'allowed_domains = ["Example.ORG"]\nauto_create = true\nsession_s = 3600\nallow_private = true\n'
        'redirect_uri = "https://gateway.example/admin/oidc/corp/callback"\n'
        '[oidc.group_teams]\nstudents = "physics"\n"it staff" = { role = "admin" }\n'
        'teachers = { team = "physics", team_admin = true }\n'
    )

    (one,) = read(tmp_path, LEAST + more).oidc

    assert one.group_teams == {
        "students": GroupRights(team="physics"),
        "it staff": GroupRights(role="admin"),
        "teachers": GroupRights(team="physics", team_admin=True),
    }
    assert (one.client_secret, one.allowed_domains, one.session_s) == ("s3cret", ("example.org",), 3600.0)
    assert "s3cret" not in repr(one)


def test_signing_up_is_for_domains_or_codes(tmp_path: Path) -> None:
    text = '[sign_up]\nenabled = true\nby_code = false\nemail_domains = ["school.example"]\n'

    assert read(tmp_path, text).sign_up == SignUpSettings(
        enabled=True, by_code=False, email_domains=("school.example",)
    )
    assert read(tmp_path, "[sign_up]\nenabled = true\n").sign_up == SignUpSettings(enabled=True)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[[oidc]]\nname = "corp"\n', "oidc[0].issuer: is missing"),
        (LEAST.replace("corp", "Corp!"), "is not usable"),
        (LEAST + LEAST, "stands twice in [[oidc]]"),
        (LEAST.replace("https:", "http:"), "must be an https:// address"),
        (LEAST.replace("idp.example", "idp.example/?a=b"), "must be an https:// address"),
        (LEAST + 'scopes = ["email"]\n', 'must hold "openid"'),
        (LEAST + "session_s = 999999\n", "use at most 604800"),
        (LEAST + 'allowed_domains = ["@example.org"]\n', "is not a domain"),
        (LEAST + 'client_secret = "env:NOWHERE"\n', "'NOWHERE' is not set"),
        (LEAST + '[oidc.group_teams]\nstaff = "physics"\n', "groups_claim: is missing"),
        (LEAST + 'groups_claim = "g"\n[oidc.group_teams]\nstaff = { role = "boss" }\n', "'boss' is not known"),
        (LEAST + 'groups_claim = "g"\n[oidc.group_teams]\nstaff = { team_admin = true }\n', "is of no team"),
        (LEAST + 'groups_claim = "g"\n[oidc.group_teams]\nstaff = 7\n', "must be a table"),
        (LEAST + "secret = 1\n", "unknown key"),
        (LEAST * 17, "16 are the most"),
        ("[sign_up]\nenabled = true\nby_code = false\n", "say whose addresses"),
    ],
)
def test_mistakes_are_told_with_their_place(tmp_path: Path, text: str, told: str) -> None:
    assert any(told in mistake for mistake in mistakes(tmp_path, text))
