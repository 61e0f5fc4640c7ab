"""Our own address as other people type it."""

import pytest

from tokenrouter.jobs import shown_address
from tokenrouter.jobs.shown_address import is_for_this_machine_only, url_for_others


@pytest.mark.parametrize(
    ("url", "own", "shown"),
    [
        ("http://0.0.0.0:8000", ["192.0.2.7", "2001:db8::7"], "http://192.0.2.7:8000"),
        ("https://0.0.0.0", ["192.0.2.7"], "https://192.0.2.7"),
        ("http://[::]:8000", ["2001:db8::7"], "http://[2001:db8::7]:8000"),
        ("http://0.0.0.0:8000", [], "http://127.0.0.1:8000"),
        ("http://127.0.0.1:8000", ["192.0.2.7"], "http://127.0.0.1:8000"),
        ("https://ai.example.org", ["192.0.2.7"], "https://ai.example.org"),
    ],
)
def test_all_addresses_are_shown_as_the_one_that_others_reach(
    url: str, own: list[str], shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shown_address, "own_addresses", lambda: own)

    assert url_for_others(url) == shown


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080/v1", "http://[::1]:8080/v1", "https://localhost/v1"])
def test_an_address_of_this_machine_alone_is_known_as_one(url: str) -> None:
    assert is_for_this_machine_only(url)
    assert not is_for_this_machine_only("http://192.0.2.7:8080/v1")
    assert not is_for_this_machine_only("https://ai.example.org/v1")
