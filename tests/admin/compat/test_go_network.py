import pytest
from fastapi.testclient import TestClient

from tests.admin.installation import ROOT, Installation

NETWORK = "/admin/api/settings/network"
TLS = "/admin/api/settings/tls"
HERE = {"bind_mode": "localhost", "custom_bind": "", "port": 8080, "http_mode": "enabled"}


def test_where_the_gateway_listens_is_shown(client: TestClient) -> None:
    shown = client.get(NETWORK, headers=ROOT).json()

    assert (shown["bind_mode"], shown["port"], shown["listen_addr"]) == ("localhost", 8080, "127.0.0.1:8080")
    assert (shown["active"], shown["pending"], shown["http_mode"]) == (["127.0.0.1:8080"], None, "enabled")


def test_what_is_so_already_is_fine(client: TestClient) -> None:
    answer = client.post(f"{NETWORK}/apply", headers=ROOT, json=HERE)

    assert (answer.status_code, answer.json()["status"], answer.json()["new_addr"]) == (200, "ok", "127.0.0.1:8080")


def test_another_address_is_moved_to_and_another_mode_is_refused_with_what_to_write_where(
    client: TestClient, installation: Installation
) -> None:
    moved = client.post(f"{NETWORK}/apply", headers=ROOT, json={**HERE, "bind_mode": "all"})
    answer = client.post(f"{NETWORK}/apply", headers=ROOT, json={**HERE, "http_mode": "disabled"})

    assert (moved.status_code, "the supervisor does not answer" in moved.text) == (400, True)
    assert answer.status_code == 400
    assert 'http_mode = "disabled"' in answer.text
    assert str(installation.settings.paths.default_config_file) in answer.text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"port": 0}, "port must be"),
        ({"bind_mode": "some"}, "bind_mode must be"),
        ({"bind_mode": "custom"}, "custom bind host"),
    ],
)
def test_an_address_that_is_none_is_refused(client: TestClient, change: dict[str, object], words: str) -> None:
    answer = client.post(f"{NETWORK}/apply", headers=ROOT, json=HERE | change)

    assert answer.status_code == 400
    assert words in answer.text


def test_there_is_nothing_to_confirm(client: TestClient) -> None:
    answer = client.post(f"{NETWORK}/confirm", headers=ROOT, json={"switch_id": "x", "probe_ok": True})

    assert (answer.status_code, answer.text) == (400, "switch not found\n")


def test_any_page_may_ask_which_process_answers(client: TestClient, installation: Installation) -> None:
    answer = client.get("/admin/api/network/probe", headers={"origin": "http://other:8080"})

    assert answer.json() == {"ok": True, "instance": installation.state.instance_id}
    assert answer.headers["access-control-allow-origin"] == "http://other:8080"
    assert client.options("/admin/api/network/probe").status_code == 204


def test_https_is_shown_and_is_the_files_to_change(client: TestClient) -> None:
    assert client.get(TLS, headers=ROOT).json()["enabled"] is False
    assert client.put(TLS, headers=ROOT, json={"enabled": False}).json() == {"status": "ok"}
    assert client.put(TLS, headers=ROOT, json={"enabled": True, "mode": "pem"}).status_code == 400
