from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.admin.installation import ADMIN_PASSWORD, ALICE, METRICS_TOKEN, ROOT, Installation
from tokenrouter.store.settings import changed_settings

SETTINGS = "/api/v1/settings"


def listed(client: TestClient) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in client.get(SETTINGS, headers=ROOT).json()["data"]}


def test_every_setting_is_shown_with_its_origin_and_no_secret(client: TestClient, installation: Installation) -> None:
    installation.declare(origins={"settings.drain_s": "torod.toml:7"})

    answer = client.get(SETTINGS, headers=ROOT)
    shown = listed(client)

    assert (shown["drain_s"]["value"], shown["drain_s"]["origin"]) == (30.0, "torod.toml:7")
    assert (shown["metrics_token"]["value"], shown["keep_alive_s"]["origin"]) == ("set", "default")
    assert not [secret for secret in (ADMIN_PASSWORD, METRICS_TOKEN) if secret in answer.text]


def test_a_setting_says_what_it_is_and_what_it_may_be(client: TestClient) -> None:
    shown = listed(client)

    unpriced, wait, alerts = shown["unpriced"], shown["max_concurrent_wait_s"], shown["soft_limit_alerts"]
    assert (unpriced["group"], unpriced["kind"], unpriced["choices"]) == ("money", "choice", ["allow", "deny"])
    assert (wait["kind"], wait["unit"], wait["least"], wait["most"]) == ("seconds", "s", 0, None)
    assert (alerts["kind"], alerts["unit"], alerts["least"], alerts["most"]) == ("wholes", "percent", 1, 1000)
    assert "turn" in wait["about"]


def test_settings_are_changed_while_it_runs_and_undone_one_by_one(
    client: TestClient, installation: Installation
) -> None:
    installation.declare(origins={"settings.unpriced": "torod.toml:8"})
    changes = {"unpriced": "deny", "cache.ttl_s": 5, "ledger_retention_days": 40}

    changed = client.patch(SETTINGS, headers=ROOT, json=changes).json()["data"]

    assert {one["name"]: one["value"] for one in changed} == changes
    unpriced = listed(client)["unpriced"]
    assert (unpriced["origin"], unpriced["overridden"], unpriced["declared"]) == ("database", True, "allow")
    assert unpriced["declared_at"] == "torod.toml:8"
    policy = installation.catalog().policy
    assert (policy.unpriced, policy.cache.ttl_s, installation.settings.ledger_retention_days) == ("deny", 5.0, 40)

    undone = client.delete(f"{SETTINGS}/unpriced", headers=ROOT).json()
    assert (undone["value"], undone["overridden"], undone["origin"]) == ("allow", False, "torod.toml:8")
    client.patch(SETTINGS, headers=ROOT, json={"cache.ttl_s": None})
    assert changed_settings(installation.store) == {"ledger_retention_days": 40}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"unpriced": "maybe", "keep_alive_s": 3}, "unpriced"),
        ({"listen_addr": ":1"}, "listen_addr"),
        ({"allow_private_providers": True}, "allow_private_providers"),
        ({"default_provider": "acne"}, "default_provider"),
        ({"soft_limit_alerts": {"a": 1}}, "soft_limit_alerts"),
        ({"metrics_token": "x"}, "metrics_token"),
    ],
)
def test_what_cannot_be_changed_is_named_and_nothing_is(
    client: TestClient, installation: Installation, changes: dict[str, Any], field: str
) -> None:
    answer = client.patch(SETTINGS, headers=ROOT, json=changes)

    assert (answer.status_code, [one["field"] for one in answer.json()["errors"]]) == (422, [field])
    assert changed_settings(installation.store) == {}


def test_there_is_nothing_to_undo_of_what_is_no_setting(client: TestClient) -> None:
    assert client.delete(f"{SETTINGS}/no_such", headers=ROOT).json()["code"] == "setting_not_found"
    assert client.delete(f"{SETTINGS}/unpriced", headers=ROOT).status_code == 200


def test_only_admins_see_and_change_settings(client: TestClient) -> None:
    assert client.get(SETTINGS, headers=ALICE).status_code == 403
    assert client.patch(SETTINGS, headers=ALICE, json={"unpriced": "deny"}).status_code == 403
