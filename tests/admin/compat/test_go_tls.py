from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from tests.admin.certificates import NEW, Orders, acme_of
from tests.admin.installation import ROOT, Installation
from tokenrouter.admin import tls as tls_module
from tokenrouter.config.settings import TlsSettings
from tokenrouter.jobs.acme_asking import CertificateRefused
from tokenrouter.jobs.acme_question import Refusal

TLS = "/admin/api/settings/tls"
PATHS = ("test-certificate", "renew")


@pytest.fixture
def orders(installation: Installation) -> Orders:
    state = installation.state
    state.settings = replace(state.settings, tls=TlsSettings(enabled=True, domains=("a.example",)))
    orders = Orders(NEW)
    state.acme = acme_of(installation, orders)
    return orders


@pytest.mark.parametrize("path", PATHS)
def test_without_an_authority_it_is_said_what_to_do(client: TestClient, path: str) -> None:
    refused = client.post(f"{TLS}/{path}", headers=ROOT)

    assert refused.status_code == 400
    assert "letsencrypt" in refused.text


@pytest.mark.parametrize("path", PATHS)
def test_its_fields_are_answered(client: TestClient, orders: Orders, path: str) -> None:
    answer = client.post(f"{TLS}/{path}", headers=ROOT)

    assert answer.status_code == 200
    assert answer.json().keys() == {"status", "message", "not_after", "cache_dir"}
    assert (answer.json()["status"], answer.json()["not_after"]) == ("ok", "1970-04-01T00:00:00Z")


@pytest.mark.parametrize("path", PATHS)
def test_what_the_authority_says_is_an_error_of_502(client: TestClient, orders: Orders, path: str) -> None:
    orders.ending = CertificateRefused(Refusal("connection", "nobody answers at a.example"))

    refused = client.post(f"{TLS}/{path}", headers=ROOT)

    assert refused.status_code == 502
    assert "nobody answers at a.example" in refused.text


def test_an_order_that_takes_longer_goes_on(
    client: TestClient, orders: Orders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tls_module, "WAITED_S", 0.01)
    orders.ending = None

    answer = client.post(f"{TLS}/renew", headers=ROOT)

    assert (answer.status_code, answer.json()["not_after"]) == (202, "")
