from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.admin.installation import MASTER, ROOT, Installation
from tokenrouter.domain.catalog import Provider
from tokenrouter.jobs.model_question import Look

PATH = "/admin/api/providers"
SECRET = "sk-lab-secret-0123456789"
LAB = {"name": "lab", "provider_type": "openai-compatible", "base_url": "https://lab.example/v1", "api_key": SECRET}


def provider(installation: Installation, name: str = "lab") -> Provider | None:
    return next((one for one in installation.catalog().providers if one.name == name), None)


def made(client: TestClient, **said: Any) -> None:
    answer = client.post(PATH, headers=ROOT, json=LAB | said)
    assert (answer.status_code, answer.json()) == (201, {"status": "ok"}), answer.text


def test_a_provider_is_made_changed_and_removed(client: TestClient, installation: Installation) -> None:
    made(client, timeout_seconds=30, refresh_token="", account_id="x")
    kept = provider(installation)
    assert kept is not None
    assert (kept.base_url, kept.secret, kept.enabled, kept.timeouts.first_byte_s) == (
        "https://lab.example/v1",
        SECRET,
        True,
        30,
    )

    said = {"name": "other", "api_key": "", "base_url": "", "timeout_seconds": 40, "enabled": False}
    changed = client.put(f"{PATH}/lab", headers=ROOT, json=said)
    assert changed.json() == {"status": "ok"}
    kept = provider(installation)
    assert kept is not None
    assert (kept.base_url, kept.secret, kept.enabled, kept.timeouts.first_byte_s) == (
        "https://lab.example/v1",
        SECRET,
        False,
        40,
    )

    assert client.delete(f"{PATH}/lab", headers=ROOT).json() == {"status": "ok"}
    assert provider(installation) is None


def test_an_auth_token_is_a_key_where_there_is_none(client: TestClient, installation: Installation) -> None:
    made(client, api_key="", auth_token=SECRET)

    kept = provider(installation)
    assert kept is not None
    assert kept.secret == SECRET


def test_no_answer_has_the_secret_in_it(client: TestClient) -> None:
    made(client)

    rows = client.get(PATH, headers=ROOT)
    assert "lab" in rows.text
    assert SECRET not in rows.text
    again = client.post(PATH, headers=ROOT, json=LAB)
    assert (again.status_code, SECRET in again.text) == (400, False)


@pytest.mark.parametrize(
    "said",
    [
        {"name": ""},
        {"name": "acme"},
        {"base_url": ""},
        {"base_url": "https://{resource}.example/v1"},
        {"base_url": "http://169.254.169.254/v1"},
        {"base_url": "http://127.0.0.1:9/v1"},
        {"api_key": "env:HOME"},
    ],
)
def test_what_may_not_be_is_refused_in_words(
    client: TestClient, installation: Installation, said: dict[str, Any]
) -> None:
    refused = client.post(PATH, headers=ROOT, json=LAB | said)

    assert (refused.status_code, refused.headers["content-type"]) == (400, "text/plain; charset=utf-8")
    assert provider(installation) is None


def test_another_address_needs_the_secret_again(client: TestClient, installation: Installation) -> None:
    made(client)

    refused = client.put(f"{PATH}/lab", headers=ROOT, json={"base_url": "https://thief.example/v1"})

    assert refused.status_code == 400
    kept = provider(installation)
    assert kept is not None
    assert kept.base_url == "https://lab.example/v1"


def test_what_is_not_there_or_is_the_files_is_400(client: TestClient) -> None:
    for name in ("none", "acme"):
        assert client.put(f"{PATH}/{name}", headers=ROOT, json={"enabled": False}).status_code == 400
        assert client.delete(f"{PATH}/{name}", headers=ROOT).status_code == 400


def test_a_provider_is_tried_out_before_it_is_kept(client: TestClient, installation: Installation) -> None:
    looks = [Look("online", models=("a", "b")), Look("auth problem", "its key is not good")]

    async def ask(_provider: Provider) -> Look:
        return looks.pop(0)

    installation.state.ask_models = ask

    said = {name: value for name, value in LAB.items() if name != "name"}
    assert client.post(f"{PATH}/test", headers=ROOT, json=said).json() == {"ok": True, "model_count": 2}
    failed = client.post(f"{PATH}/test", headers=ROOT, json=said)
    assert (failed.status_code, failed.json()) == (400, {"ok": False, "error": "its key is not good"})
    assert provider(installation) is None


def test_only_administrators_write(client: TestClient) -> None:
    for method, path in (("POST", PATH), ("POST", f"{PATH}/test"), ("PUT", f"{PATH}/lab"), ("DELETE", f"{PATH}/lab")):
        assert client.request(method, path, headers=MASTER, json=LAB if method != "DELETE" else None).status_code == 403
