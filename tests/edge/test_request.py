import pytest

from tokenrouter.domain.errors import MalformedHttp
from tokenrouter.edge.request import RequestHead


@pytest.mark.parametrize(
    ("name", "value", "key"),
    [
        (b"Authorization", b"Bearer tr_x", b"tr_x"),
        (b"authorization", b"bearer   tr_x ", b"tr_x"),
        (b"X-Api-Key", b"tr_x", b"tr_x"),
        (b"x-goog-api-key", b"tr_x", b"tr_x"),
        (b"api-key", b" tr_x", b"tr_x"),
        (b"Authorization", b"Basic dXNlcg==", b""),
        (b"Accept", b"x", b""),
    ],
)
def test_the_key_is_found_where_clients_put_it(name: bytes, value: bytes, key: bytes) -> None:
    head = RequestHead()
    head.add_header(name, value)

    assert head.keys == ((key,) if key else ())


def test_googles_clients_may_put_it_into_the_query() -> None:
    assert RequestHead(query=b"alt=sse&key=tr%5Fx").keys == (b"tr_x",)
    assert RequestHead(query=b"monkey=1").keys == ()


def test_two_different_keys_are_both_looked_at() -> None:
    head = RequestHead(headers={b"authorization": b"Bearer a", b"x-api-key": b"b", b"x-goog-api-key": b"a"})

    assert head.keys == (b"a", b"b")


def test_a_repeated_header_is_joined_unless_it_must_be_single() -> None:
    head = RequestHead()
    head.add_header(b"Accept", b"a")
    head.add_header(b"accept", b"b")
    assert head.headers[b"accept"] == b"a, b"

    head.add_header(b"Authorization", b"Bearer a")
    with pytest.raises(MalformedHttp, match="authorization"):
        head.add_header(b"authorization", b"Bearer b")
