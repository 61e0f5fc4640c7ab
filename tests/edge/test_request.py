import pytest

from tokenrouter.domain.errors import MalformedHttp
from tokenrouter.edge.request import RequestHead


@pytest.mark.parametrize(
    ("name", "value", "key"),
    [
        (b"Authorization", b"Bearer tr_x", b"tr_x"),
        (b"authorization", b"bearer   tr_x ", b"tr_x"),
        (b"X-Api-Key", b"tr_x", b"tr_x"),
        (b"Authorization", b"Basic dXNlcg==", b""),
        (b"Accept", b"x", b""),
    ],
)
def test_the_key_is_found_where_clients_put_it(name: bytes, value: bytes, key: bytes) -> None:
    head = RequestHead()
    head.add_header(name, value)

    assert head.key == key


def test_a_repeated_header_is_joined_unless_it_must_be_single() -> None:
    head = RequestHead()
    head.add_header(b"Accept", b"a")
    head.add_header(b"accept", b"b")
    assert head.headers[b"accept"] == b"a, b"

    head.add_header(b"Authorization", b"Bearer a")
    with pytest.raises(MalformedHttp, match="authorization"):
        head.add_header(b"authorization", b"Bearer b")
