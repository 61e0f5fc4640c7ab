from pathlib import Path
from typing import Any

import pytest

from tokenrouter.config.problems import InvalidValues
from tokenrouter.config.settings import Paths, Settings
from tokenrouter.domain.catalog import Key
from tokenrouter.domain.keys import key_digest
from tokenrouter.jobs.provider_checks import check_provider
from tokenrouter.jobs.stored_configuration import read_provider_values

PEPPER = b"pepper"
OURS = "tr_0123456789-0123456789-0123456789"
KEYS = (Key("1", "alice", key_digest(OURS, PEPPER)), Key("2", "short", key_digest("short-one", PEPPER)))


def check(*, allow_private: bool = False, **values: Any) -> None:
    paths = Paths(None, Path("x"), Path("x"), Path("x"))
    settings = Settings(paths=paths, listen_addr="127.0.0.1:8080", allow_private_providers=allow_private)
    said = {"name": "acme", "base_url": "https://acme.test/v1", **values}
    check_provider(read_provider_values(said, settings), settings, KEYS, PEPPER)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1:9", "127.1.2.3", "localhost", "a.localhost:9", "localhost.", "10.0.0.1", "172.16.0.1", "192.168.1.1",
        "[::1]:9", "[fd00::1]", "[::ffff:10.0.0.1]",
    ],
)  # fmt: skip
def test_private_addresses_are_for_the_file_and_for_who_allows_them_there(address: str) -> None:
    with pytest.raises(InvalidValues, match=r"base_url: is a private address; declare the provider in torod\.toml"):
        check(base_url=f"http://{address}/v1")
    check(base_url=f"http://{address}/v1", allow_private=True)


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "[fd00:ec2::254]", "100.100.100.200", "[fe80::1]", "0.0.0.0", "[::ffff:169.254.1.1]"]
)
def test_metadata_services_and_link_local_addresses_are_for_nobody(address: str) -> None:
    for allow_private in (True, False):
        with pytest.raises(InvalidValues, match=r"base_url: is an? "):
            check(base_url=f"http://{address}/v1", allow_private=allow_private)


def test_the_gateway_itself_is_no_provider() -> None:
    for host in ("127.0.0.1", "localhost", "[::1]"):
        with pytest.raises(InvalidValues, match="is this gateway's own address"):
            check(base_url=f"http://{host}:8080/v1", allow_private=True)


@pytest.mark.parametrize(
    "values",
    [
        {"api_key": OURS},
        {"api_key": "short-one"},
        {"api_keys": ["fine", OURS]},
        {"headers": {"x-key": OURS}},
        {"headers": {"authorization": f"Bearer {OURS}"}},
        {"provider_type": "openai", "report_key": OURS},
    ],
)
def test_a_key_of_ours_is_no_providers(values: dict[str, Any]) -> None:
    with pytest.raises(InvalidValues, match="is a key of this gateway") as caught:
        check(**values)
    assert OURS not in str(caught.value)


def test_what_cannot_be_asked_is_told() -> None:
    with pytest.raises(InvalidValues, match="base_url: is missing"):
        check(provider_type="azure", base_url="")
    check()
