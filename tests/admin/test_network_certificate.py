from pathlib import Path

from fastapi.testclient import TestClient

from tests.admin.installation import ROOT, Installation
from tests.tls.certificates import issued, settings
from tokenrouter.config.settings import TlsSettings
from tokenrouter.jobs.tls_keeper import TlsState
from tokenrouter.tls.pair import read_pair
from tokenrouter.tls.prepare import prepare_certificate


def shown(client: TestClient) -> object:
    return client.get("/api/v1/network", headers=ROOT).json()["https"]


def test_without_https_there_is_no_certificate(client: TestClient) -> None:
    assert shown(client) is None


def test_what_clients_are_to_trust_is_named_where_nobody_else_vouches(
    client: TestClient, installation: Installation, tmp_path: Path
) -> None:
    prepared = prepare_certificate(settings(tmp_path, mode="self_signed"))
    installation.state.tls = lambda: TlsState(prepared.mode, prepared.path, prepared.facts)
    installation.declare(tls=TlsSettings(enabled=True, mode="letsencrypt", domains=("ai.example",)))

    told = shown(client)

    assert isinstance(told, dict)
    assert (told["mode"], told["wanted_mode"], told["self_signed"]) == ("self_signed", "letsencrypt", True)
    assert (told["trust_file"], told["authority"]) == (str(prepared.path.with_suffix(".crt")), None)
    assert Path(told["trust_file"]).read_bytes().startswith(b"-----BEGIN CERTIFICATE-----")
    assert "PRIVATE KEY" not in Path(told["trust_file"]).read_text()


def test_the_files_of_an_operator_are_named(client: TestClient, installation: Installation) -> None:
    facts = read_pair(issued("ai.example"), 1.8e9)
    installation.state.tls = lambda: TlsState("pem", Path("/state/tls/pem.pem"), facts, "the key is another's")
    tls = TlsSettings(enabled=True, mode="pem", cert_file="/etc/ssl/ai.pem", key_file="/etc/ssl/ai.key")
    installation.declare(tls=tls)

    told = shown(client)

    assert isinstance(told, dict)
    assert (told["source_files"], told["trust_file"]) == (["/etc/ssl/ai.pem", "/etc/ssl/ai.key"], "")
    assert (told["names"], told["problem"], told["file"]) == (
        ["ai.example"],
        "the key is another's",
        "/state/tls/pem.pem",
    )
