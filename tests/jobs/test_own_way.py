from dataclasses import replace
from pathlib import Path

import pytest

from tests.tls.certificates import settings
from tokenrouter.config.settings import HttpMode
from tokenrouter.jobs.own_way import OwnWay
from tokenrouter.tls.prepare import prepare_certificate


@pytest.mark.parametrize(
    ("mode", "address"),
    [
        ("enabled", "http://127.0.0.1:8080"),
        ("redirect", "https://127.0.0.1:8443"),
        ("disabled", "https://127.0.0.1:8443"),
    ],
)
def test_plain_http_is_taken_while_it_serves_everything(tmp_path: Path, mode: HttpMode, address: str) -> None:
    ours = replace(settings(tmp_path, mode="self_signed", listen_addr="0.0.0.0:8443"), http_mode=mode)

    assert OwnWay(lambda: ours).address() == address


def test_the_certificates_that_were_served_are_trusted_and_no_others(tmp_path: Path) -> None:
    ours = settings(tmp_path, mode="self_signed")
    assert OwnWay(lambda: ours).tls.cert_store_stats()["x509"] == 0
    first = prepare_certificate(ours)
    way = OwnWay(lambda: ours)
    first.path.unlink()
    way.trust(prepare_certificate(ours).path)

    assert way.tls.cert_store_stats()["x509"] == 2
