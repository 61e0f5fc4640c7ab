import json
from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from tests.admin.installation import ALICE, MASTER, PROVIDER_SECRET, ROOT, ROOT_KEY, Installation
from tokenrouter.config.keyring import KeyRing
from tokenrouter.domain.catalog import Provider
from tokenrouter.jobs.model_question import Look
from tokenrouter.jobs.provider_status import ProviderStatus
from tokenrouter.store.audit import AuditFilter, audit_page
from tokenrouter.store.providers import list_providers

PROVIDERS = "/api/v1/providers"
KEY = "sk-very-secret-0123456789"
HEADER = "header-secret-0123456789"


def make(client: TestClient, **fields: Any) -> Response:
    said = {"name": "vendor", "base_url": "https://vendor.test/v1", "api_key": KEY, **fields}
    return client.post(PROVIDERS, headers=ROOT, json={name: value for name, value in said.items() if value is not ...})


def made(client: TestClient, **fields: Any) -> dict[str, Any]:
    answer = make(client, **fields)
    assert answer.status_code == 201, answer.text
    provider: dict[str, Any] = answer.json()
    return provider


def counting(installation: Installation, name: str) -> Provider:
    return next(one for one in installation.catalog().providers if one.name == name)


def test_a_provider_that_is_made_counts_and_its_secrets_come_out_nowhere(
    client: TestClient, installation: Installation
) -> None:
    answer = make(
        client, headers={"x-key": HEADER}, api_keys=["sk-second-0123456789"], models=["big"], comment="spring"
    )

    shown = answer.json()
    assert (answer.status_code, shown["origin"], shown["enabled"], shown["comment"]) == (
        201,
        "database",
        True,
        "spring",
    )
    assert shown["secrets"] == {"api_key": "…6789", "api_keys.0": "…6789", "headers.x-key": "…6789"}
    provider = counting(installation, "vendor")
    assert (provider.secret, provider.other_secrets, provider.headers) == (
        KEY,
        ("sk-second-0123456789",),
        {"x-key": HEADER},
    )
    assert installation.told_of_changes == 1
    everything = [
        answer.text,
        client.get(PROVIDERS, headers=ROOT).text,
        client.get(f"{PROVIDERS}/vendor", headers=ROOT).text,
        client.get("/api/v1/secrets", headers=ROOT).text,
        client.get("/api/v1/audit", headers=ROOT).text,
        client.patch(f"{PROVIDERS}/vendor", headers=ROOT, json={"models": []}).text,
        client.delete(f"{PROVIDERS}/vendor", headers=ROOT).text,
        repr(audit_page(installation.store, AuditFilter(), limit=100)),
    ]
    assert not [one for one in everything for secret in (KEY, HEADER, "sk-second", PROVIDER_SECRET) if secret in one]


def test_a_known_vendor_needs_a_key_and_nothing_else(client: TestClient, installation: Installation) -> None:
    made(client, name="groq", base_url=...)

    assert counting(installation, "groq").base_url == "https://api.groq.com/openai/v1"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": "Vendor"}, "name: 'Vendor' is not usable"),
        ({"base_url": "http://10.0.0.1/v1"}, "base_url: is a private address"),
        ({"base_url": "http://169.254.169.254/v1"}, "base_url: is an address that is never asked"),
        ({"base_url": "http://127.0.0.1:8080/v1"}, "base_url: is this gateway's own address"),
        ({"api_key": ROOT_KEY}, "api_key: is a key of this gateway"),
        ({"api_key": "env:HOME"}, "api_key: begins with env: or file:"),
        ({"api_key": "file:/etc/hostname"}, "api_key: begins with env: or file:"),
        ({"api_key": "two\nlines"}, "api_key"),
        ({"headers": {"x": "file:/etc/hostname"}}, "headers.x: begins with env: or file:"),
        ({"provider_type": "opnai"}, 'did you mean "openai"'),
        ({"provider_typ": "openai"}, 'did you mean "provider_type"'),
        ({"api_keys": [KEY]}, "api_keys[0]: is the same key as api_key"),
        ({"timeouts": {"total_s": -1}}, "timeouts.total_s"),
        ({"quota_probe_model": "x"}, "quota_probe_model"),
    ],
)
def test_what_cannot_be_is_refused_by_field_and_nothing_is_kept(
    client: TestClient, installation: Installation, fields: dict[str, Any], words: str
) -> None:
    answer = make(client, **fields)

    assert answer.status_code == 422, answer.text
    assert words in answer.json()["detail"]
    assert not [secret for secret in (KEY, ROOT_KEY) if secret in answer.text]
    assert not list_providers(installation.store, installation.ring)


def test_private_addresses_are_taken_where_the_file_allows_them(client: TestClient, installation: Installation) -> None:
    installation.declare(allow_private_providers=True)

    made(client, base_url="http://10.0.0.1/v1")
    assert counting(installation, "vendor").allow_private


def test_those_of_the_file_are_changed_there_only(client: TestClient) -> None:
    for answer in (
        make(client, name="acme"),
        client.patch(f"{PROVIDERS}/acme", headers=ROOT, json={"models": ["x"]}),
        client.delete(f"{PROVIDERS}/acme", headers=ROOT),
        client.post(f"{PROVIDERS}/acme/test", headers=ROOT, json={"base_url": "https://evil.test"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "declared_elsewhere")
        assert "torod.toml:1" in answer.json()["detail"]


def test_blank_secrets_stay_and_go_nowhere_else(client: TestClient, installation: Installation) -> None:
    made(client, headers={"x-key": HEADER})

    def change(**fields: Any) -> Response:
        return client.patch(f"{PROVIDERS}/vendor", headers=ROOT, json=fields)

    assert change(api_key="", headers={"x-key": ""}, base_url="https://vendor.test/v2").status_code == 200
    provider = counting(installation, "vendor")
    assert (provider.secret, provider.headers, provider.base_url) == (KEY, {"x-key": HEADER}, "https://vendor.test/v2")

    for elsewhere in ("https://evil.test/v1", "http://vendor.test/v2", "https://vendor.test:8443/v2"):
        refused = change(base_url=elsewhere)
        assert refused.status_code == 422
        assert [one["field"] for one in refused.json()["errors"]] == ["api_key", "headers"]
    assert counting(installation, "vendor").base_url == "https://vendor.test/v2"
    moved = change(base_url="https://evil.test/v1", api_key="mine-0123456789", headers=None)
    assert moved.status_code == 200
    provider = counting(installation, "vendor")
    assert (provider.base_url, provider.secret, provider.headers) == ("https://evil.test/v1", "mine-0123456789", {})


def test_two_who_change_the_same_provider_do_not_overwrite_each_other(client: TestClient) -> None:
    made(client)
    etag = client.get(f"{PROVIDERS}/vendor", headers=ROOT).headers["etag"]
    seen = {**ROOT, "if-match": etag}

    first = client.patch(f"{PROVIDERS}/vendor", headers=seen, json={"models": ["a"], "comment": "mine"})
    second = client.patch(f"{PROVIDERS}/vendor", headers=seen, json={"comment": "theirs"})

    assert (first.status_code, second.status_code, second.json()["code"]) == (200, 412, "changed_meanwhile")
    assert client.delete(f"{PROVIDERS}/vendor", headers=seen).status_code == 412
    assert client.delete(f"{PROVIDERS}/vendor", headers={**ROOT, "if-match": first.headers["etag"]}).status_code == 200


def test_how_a_provider_is_does_not_change_its_etag(client: TestClient, installation: Installation) -> None:
    etag = made(client) and client.get(f"{PROVIDERS}/vendor", headers=ROOT).headers["etag"]
    installation.provider_statuses = (ProviderStatus("vendor", "openai-compatible", "database", "offline", "away"),)

    again = client.get(f"{PROVIDERS}/vendor", headers=ROOT)

    assert (again.headers["etag"], again.json()["problem"], again.json()["status"]) == (etag, "away", "offline")


def test_a_declared_provider_is_switched_over_the_file_and_that_is_undone(
    client: TestClient, installation: Installation
) -> None:
    off = client.put(f"{PROVIDERS}/acme/enabled", headers=ROOT, json={"enabled": False}).json()
    assert (off["enabled"], off["overridden"], off["declared_at"]) == (False, True, "torod.toml:1")
    assert not counting(installation, "acme").enabled

    on = client.delete(f"{PROVIDERS}/acme/enabled", headers=ROOT).json()
    assert (on["enabled"], on["overridden"]) == (True, False)


def test_one_of_the_database_is_simply_switched(client: TestClient, installation: Installation) -> None:
    made(client, enabled=False)
    assert not counting(installation, "vendor").enabled

    shown = client.put(f"{PROVIDERS}/vendor/enabled", headers=ROOT, json={"enabled": True}).json()
    assert (shown["enabled"], shown["overridden"], counting(installation, "vendor").enabled) == (True, False, True)
    assert client.delete(f"{PROVIDERS}/vendor/enabled", headers=ROOT).status_code == 409
    assert client.put(f"{PROVIDERS}/gone/enabled", headers=ROOT, json={"enabled": True}).status_code == 404


def test_one_that_the_file_has_too_is_shown_as_shadowed_and_can_be_removed(
    client: TestClient, installation: Installation
) -> None:
    made(client)
    named = replace(installation.declared.providers[0], name="vendor")
    installation.declare(providers=(*installation.declared.providers, named))

    rows = client.get(PROVIDERS, headers=ROOT, params={"q": "vendor"}).json()["data"]
    assert [(one["origin"], one["shadowed"]) for one in rows] == [("file", False), ("database", True)]
    assert client.delete(f"{PROVIDERS}/vendor", headers=ROOT).json()["origin"] == "database"
    assert len(client.get(PROVIDERS, headers=ROOT, params={"q": "vendor"}).json()["data"]) == 1


def test_a_secret_that_cannot_be_decrypted_is_told_and_everything_else_goes_on(
    client: TestClient, installation: Installation
) -> None:
    made(client)
    made(client, name="open", base_url="https://open.test", api_key=...)
    installation.state.ring = installation.ring = KeyRing(lambda: [b"x" * 32])
    installation.follow()

    rows = {one["name"]: one for one in client.get(PROVIDERS, headers=ROOT).json()["data"]}
    assert "cannot be decrypted" in rows["vendor"]["problem"]
    assert (rows["vendor"]["enabled"], rows["open"]["enabled"], rows["open"]["problem"]) == (False, True, "")
    secrets = client.get("/api/v1/secrets", headers=ROOT).json()
    assert (secrets["unreadable"], secrets["data"][0]["status"]) == (1, "cannot decrypt")

    refused = client.patch(f"{PROVIDERS}/vendor", headers=ROOT, json={"models": ["x"]})
    assert "api_key: is needed again, since it cannot be decrypted" in refused.json()["detail"]
    assert client.patch(f"{PROVIDERS}/vendor", headers=ROOT, json={"api_key": KEY}).status_code == 200
    assert counting(installation, "vendor").enabled


def test_a_provider_is_tried_before_it_is_kept_and_after(client: TestClient, installation: Installation) -> None:
    asked: list[Provider] = []

    async def ask(provider: Provider) -> Look:
        asked.append(provider)
        return Look("online", models=("a", "b")) if provider.secret == KEY else Look("auth problem", "refused")

    installation.state.ask_models = ask
    said = {"name": "vendor", "base_url": "https://vendor.test/v1", "api_key": KEY}

    tried = client.post(f"{PROVIDERS}/test", headers=ROOT, json=said).json()
    assert tried.pop("response_ms") >= 0
    assert tried == {"ok": True, "status": "online", "model_count": 2, "error": "", "models": ["a", "b"]}
    assert not list_providers(installation.store, installation.ring)
    wrong = client.post(f"{PROVIDERS}/test", headers=ROOT, json={**said, "api_key": "wrong"}).json()
    assert (wrong["ok"], wrong["error"]) == (False, "refused")

    made(client)
    assert client.post(f"{PROVIDERS}/vendor/test", headers=ROOT).json()["ok"]
    assert client.post(f"{PROVIDERS}/vendor/test", headers=ROOT, json={"api_key": "", "models": []}).json()["ok"]
    elsewhere = client.post(f"{PROVIDERS}/vendor/test", headers=ROOT, json={"base_url": "https://evil.test"})
    assert (elsewhere.status_code, "is needed again" in elsewhere.json()["detail"]) == (422, True)
    private = client.post(f"{PROVIDERS}/test", headers=ROOT, json={**said, "base_url": "http://10.0.0.1"})
    assert private.status_code == 422
    assert {one.base_url for one in asked} == {"https://vendor.test/v1"}
    assert client.post(f"{PROVIDERS}/acme/test", headers=ROOT).json()["error"] == "refused"
    assert client.post(f"{PROVIDERS}/gone/test", headers=ROOT).status_code == 404


def test_a_refresh_asks_now_and_tells_what_came_of_it(client: TestClient, installation: Installation) -> None:
    asked = []

    async def refresh(name: str) -> None:
        asked.append(name)
        row = ProviderStatus("acme", "openai-compatible", "file", "online", model_count=3)
        installation.provider_statuses = (row,)

    installation.state.refresh_models = refresh

    assert client.post(f"{PROVIDERS}/acme/refresh", headers=ROOT).json()["model_count"] == 3
    assert client.post(f"{PROVIDERS}/gone/refresh", headers=ROOT).status_code == 404
    assert asked == ["acme"]


def test_only_admins_see_and_change_providers(client: TestClient) -> None:
    for who in (ALICE, MASTER):
        for answer in (
            client.get(PROVIDERS, headers=who),
            client.post(PROVIDERS, headers=who, json={"name": "x"}),
            client.post(f"{PROVIDERS}/test", headers=who, json={"name": "x"}),
            client.get("/api/v1/secrets", headers=who),
        ):
            assert answer.status_code == 403


def test_what_is_kept_is_what_was_said(client: TestClient, installation: Installation) -> None:
    made(client, timeouts={"total_s": 9}, model_mapping={"a": "b"}, on_disconnect="drain", operations=["chat"])

    (kept,) = list_providers(installation.store, installation.ring)
    assert json.loads(json.dumps(dict(kept.values))) == {
        "name": "vendor",
        "base_url": "https://vendor.test/v1",
        "api_key": KEY,
        "timeouts": {"total_s": 9},
        "model_mapping": {"a": "b"},
        "on_disconnect": "drain",
        "operations": ["chat"],
    }


def test_why_a_declared_provider_lists_no_models_is_told(client: TestClient, installation: Installation) -> None:
    refusing = ProviderStatus("acme", "openai-compatible", "file", "auth problem", "it refuses the key")
    installation.provider_statuses = (refusing,)

    shown = client.get(PROVIDERS, headers=ROOT).json()["data"][0]
    assert (shown["problem"], shown["is_default"], shown["has_secret"]) == ("it refuses the key", True, True)
    assert shown["declared_at"] == "torod.toml:1"


def test_a_provider_that_cannot_be_used_says_why_and_not_its_password(
    client: TestClient, installation: Installation
) -> None:
    broken = Provider(name="broken", kind="openai-compatible", base_url="https://me:hunter2@example.com/v1?key=hunter2")
    installation.declare(providers=(broken,))

    answer = client.get(PROVIDERS, headers=ROOT)

    assert answer.json()["data"][0]["base_url"] == "https://example.com/v1"
    assert answer.json()["data"][0]["problem"]
    assert "hunter2" not in answer.text


def test_lists_come_in_pages_filtered_and_as_a_file(client: TestClient) -> None:
    for number in range(4):
        made(client, name=f"p{number}", headers={"x": HEADER})

    page = client.get(PROVIDERS, headers=ROOT, params={"limit": 3}).json()
    client.delete(f"{PROVIDERS}/p0", headers=ROOT)
    rest = client.get(PROVIDERS, headers=ROOT, params={"limit": 3, "after": page["next"]}).json()

    assert [one["name"] for one in page["data"] + rest["data"]] == ["acme", "p0", "p1", "p2", "p3"]
    assert rest["next"] is None
    own = client.get(PROVIDERS, headers=ROOT, params={"origin": "database", "format": "csv"}).text
    assert [line.partition(",")[0] for line in own.splitlines()] == ["name", "p1", "p2", "p3"]
    assert HEADER not in own
