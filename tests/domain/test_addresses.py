import pytest

from tokenrouter.domain.addresses import covers, read_networks


@pytest.mark.parametrize(
    ("address", "is_in"),
    [
        ("192.0.2.7", True),
        ("192.0.2.8", False),
        ("198.51.100.200", True),
        ("::ffff:192.0.2.7", True),
        ("2001:db8::1", True),
        ("2001:db9::1", False),
        ("", False),
        ("unknown", False),
    ],
)
def test_an_address_is_where_its_network_is(address: str, is_in: bool) -> None:
    networks = read_networks(["192.0.2.7", "198.51.100.17/24", "2001:db8::/32"])

    assert covers(networks, address) is is_in


@pytest.mark.parametrize("text", ["", "300.1.1.1", "192.0.2.0/33", "example.org", "192.0.2.7; drop"])
def test_what_is_no_network_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="is no address"):
        read_networks([text])
