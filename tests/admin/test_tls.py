from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from tests.admin.certificates import FACTS, NEW, Orders, acme_of
from tests.admin.installation import ALICE, ROOT, Installation
from tokenrouter.admin import tls as tls_module
from tokenrouter.config.settings import TlsSettings
from tokenrouter.jobs.acme_asking import CertificateRefused
from tokenrouter.jobs.acme_books import NotNow
from tokenrouter.jobs.acme_question import Refusal
from tokenrouter.jobs.tls_keeper import TlsState

PATH = "/api/v1/network/tls"
CERTIFICATE = {
    "names": ["a.example"],
    "issuer": "an authority",
    "self_signed": False,
    "not_before": "1970-01-01T00:00:00Z",
    "not_after": "1970-04-01T00:00:00Z",
    "fingerprint": "AB:CD",
}


@pytest.fixture
def orders(installation: Installation) -> Orders:
    state = installation.state
    state.settings = replace(state.settings, tls=TlsSettings(enabled=True, domains=("a.example",)))
    state.tls = lambda: TlsState("letsencrypt", Path("letsencrypt.pem"), FACTS, problem="it is rate limited")
    orders = Orders(NEW)
    state.acme = acme_of(installation, orders)
    return orders


def test_without_https_there_is_nothing_to_show_and_nothing_to_order(client: TestClient) -> None:
    shown = client.get(PATH, headers=ROOT).json()
    refused = client.post(f"{PATH}/renew", headers=ROOT)

    assert shown == {"enabled": False, "mode": None, "certificate": None, "problem": "", "authority": None}
    assert (refused.status_code, refused.json()["code"]) == (409, "no_certificate_authority")
    assert 'mode = "letsencrypt"' in refused.json()["detail"]


def test_certificate_and_authority_are_shown(client: TestClient, orders: Orders) -> None:
    shown = client.get(PATH, headers=ROOT).json()

    assert (shown["enabled"], shown["mode"], shown["problem"]) == (True, "letsencrypt", "it is rate limited")
    assert shown["certificate"] == CERTIFICATE
    assert shown["authority"]["directory_url"] == "https://acme-v02.api.letsencrypt.org/directory"
    assert shown["authority"]["orders_today"] == 0


def test_an_order_is_made_in_the_name_of_whoever_wants_it(client: TestClient, orders: Orders) -> None:
    tried = client.post(f"{PATH}/test", headers=ROOT)
    renewed = client.post(f"{PATH}/renew", headers=ROOT)

    told = {"status": "issued", "directory_url": NEW.directory_url, "certificate": CERTIFICATE}
    assert (tried.status_code, tried.json()) == (renewed.status_code, renewed.json()) == (200, told)
    assert orders.asked == [("trial", ""), ("order", "root")]
    assert "the key" not in renewed.text


@pytest.mark.parametrize("path", ["test", "renew"])
def test_why_there_is_none_is_told(client: TestClient, orders: Orders, path: str) -> None:
    orders.ending = NotNow("another order is under way", 20.0)
    busy = client.post(f"{PATH}/{path}", headers=ROOT)
    orders.ending = CertificateRefused(Refusal("connection", "nobody answers at a.example"))
    refused = client.post(f"{PATH}/{path}", headers=ROOT)

    assert (busy.status_code, busy.json()["code"], busy.headers["retry-after"]) == (429, "too_many_orders", "20")
    assert (refused.status_code, refused.json()["code"]) == (502, "certificate_refused")
    assert refused.json()["detail"] == "nobody answers at a.example"


def test_nobody_waits_longer_than_answers_are_waited_for(
    client: TestClient, orders: Orders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tls_module, "WAITED_S", 0.01)
    orders.ending = None

    answer = client.post(f"{PATH}/test", headers=ROOT)

    assert (answer.status_code, answer.json()["status"]) == (202, "running")


def test_certificates_are_not_everybodys(client: TestClient, orders: Orders) -> None:
    assert client.get(PATH, headers=ALICE).status_code == 403
    assert client.post(f"{PATH}/renew", headers=ALICE).status_code == 403
    assert orders.asked == []
