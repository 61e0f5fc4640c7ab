import ipaddress

import pytest

from tokenrouter.domain.errors import ProviderUnreachable
from tokenrouter.upstream.addresses import AddressBook, may_connect


@pytest.mark.parametrize(
    ("text", "private", "public"),
    [
        ("8.8.8.8", True, True),
        ("2606:4700::1111", True, True),
        ("127.0.0.1", True, False),
        ("10.1.2.3", True, False),
        ("192.168.0.1", True, False),
        ("::1", True, False),
        ("fd00::1", True, False),
        ("169.254.169.254", False, False),
        ("169.254.1.1", False, False),
        ("fe80::1", False, False),
        ("fd00:ec2::254", False, False),
        ("100.100.100.200", False, False),
        ("168.63.129.16", False, False),
        ("::ffff:169.254.169.254", False, False),
        ("::ffff:127.0.0.1", True, False),
        ("0.0.0.0", False, False),
        ("224.0.0.1", False, False),
    ],
)
def test_where_connections_may_go(text: str, private: bool, public: bool) -> None:
    address = ipaddress.ip_address(text)

    assert may_connect(address, allow_private=True) is private
    assert may_connect(address, allow_private=False) is public


async def test_a_name_that_leads_inside_is_refused_unless_allowed() -> None:
    book = AddressBook()

    assert await book.addresses("localhost", 80, allow_private=True)
    with pytest.raises(ProviderUnreachable, match="must not"):
        await book.addresses("localhost", 80, allow_private=False)


async def test_a_name_that_does_not_exist_is_told() -> None:
    with pytest.raises(ProviderUnreachable, match="resolve"):
        await AddressBook().addresses("no-such-host.invalid", 80, allow_private=True)
