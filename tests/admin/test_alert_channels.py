from fastapi.testclient import TestClient

from tests.admin.installation import ALICE, ROOT, Installation
from tokenrouter.config.settings import AlertSettings, EmailSetting, WebhookSetting

ALERTS = "/api/v1/alerts"


def test_who_is_told_is_shown_without_what_is_secret(client: TestClient, installation: Installation) -> None:
    hook = WebhookSetting("https://hooks.test/services/very-secret", "signing-secret-0123456789")
    email = EmailSetting(
        "smtp.test", 587, "a@test.org", ("ops@test.org",), password="mail-secret", kinds=("provider.*",)
    )
    installation.declare(alerts=AlertSettings(webhooks=(hook,), email=email))

    answer = client.get(ALERTS, headers=ROOT)

    told = answer.json()
    assert told["webhooks"] == [{"host": "hooks.test", "allow_private": False}]
    assert (told["email"]["host"], told["email"]["recipients"], told["email"]["with_password"]) == (
        "smtp.test",
        ["ops@test.org"],
        True,
    )
    assert not [one for one in ("very-secret", "signing-secret", "mail-secret") if one in answer.text]


def test_where_nobody_is_told_the_kinds_are_named_all_the_same(client: TestClient) -> None:
    told = client.get(ALERTS, headers=ROOT).json()

    assert (told["webhooks"], told["email"], told["file"]) == ([], None, "")
    assert {"kind": "provider.offline", "about": "a provider cannot be used"} in told["kinds"]


def test_only_administrators_see_who_is_told(client: TestClient) -> None:
    assert client.get(ALERTS, headers=ALICE).status_code == 403
