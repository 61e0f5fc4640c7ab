from fastapi.testclient import TestClient

from tests.admin.installation import ROOT, Installation

PATH = "/admin/api/settings/security"


def test_the_switches_are_shown(client: TestClient) -> None:
    assert client.get(PATH, headers=ROOT).json() == {
        "allow_localhost_no_auth": False,
        "allow_host_docker_internal_no_auth": False,
        "auto_enable_public_free_models": False,
        "auto_detect_local_servers": True,
        "auto_remove_expired_tokens": True,
        "auto_remove_empty_quota_tokens": False,
    }


def test_what_is_so_already_can_be_put_back_and_keys_are_cleaned_up(
    client: TestClient, installation: Installation
) -> None:
    cleaned = []

    async def clean() -> None:
        cleaned.append("now")

    installation.state.clean_keys = clean
    now = client.get(PATH, headers=ROOT).json()

    assert client.put(PATH, headers=ROOT, json=now).json() == {"status": "ok", **now}
    assert cleaned


def test_a_switch_that_is_put_otherwise_is_changed_until_that_is_undone(client: TestClient) -> None:
    now = client.get(PATH, headers=ROOT).json()

    changed = client.put(PATH, headers=ROOT, json={**now, "auto_remove_empty_quota_tokens": True}).json()

    assert changed["auto_remove_empty_quota_tokens"] is True
    settings = {one["name"]: one for one in client.get("/api/v1/settings", headers=ROOT).json()["data"]}
    assert settings["auto_remove_empty_quota_tokens"]["origin"] == "database"
    assert settings["auto_remove_expired_tokens"]["origin"] != "database"


def test_nobody_can_be_let_in_without_a_key(client: TestClient) -> None:
    now = client.get(PATH, headers=ROOT).json()

    for name in ("allow_localhost_no_auth", "allow_host_docker_internal_no_auth"):
        refused = client.put(PATH, headers=ROOT, json={**now, name: True})
        assert refused.status_code == 400
        assert name in refused.text
