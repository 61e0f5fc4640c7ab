import pytest

from tokenrouter.redis.address import RedisAddress, parse_redis_url


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("redis://localhost", RedisAddress("localhost")),
        ("redis://10.0.0.1:7000/3", RedisAddress("10.0.0.1", 7000, database=3)),
        ("redis://[::1]:7000", RedisAddress("::1", 7000)),
        ("redis://:p%40ss@cache", RedisAddress("cache", password="p@ss")),
        ("redis://ann:p%3Ass@cache/1", RedisAddress("cache", user="ann", password="p:ss", database=1)),
        ("rediss://cache?ca_file=/ca.pem", RedisAddress("cache", tls=True, ca_file="/ca.pem")),
        ("unix:///run/redis.sock?db=2", RedisAddress("", 0, "/run/redis.sock", database=2)),
    ],
)
def test_an_address_is_read_from_its_url(url: str, address: RedisAddress) -> None:
    assert parse_redis_url(url) == address


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://cache", "'?http'? is no scheme"),
        ("cache:6379", "'?cache'? is no scheme"),
        ("", "is no scheme"),
        ("redis://", "the host is missing"),
        ("redis://cache:0", "the port"),
        ("redis://cache:70000", "the port"),
        ("redis://cache:port", "the port"),
        ("redis://cache/one", "the database 'one' is not a number"),
        ("redis://cache?ca_flie=/ca.pem", "'ca_flie' is not known; known are ca_file"),
        ("redis://cache?ca_file=/ca.pem", "write rediss://"),
        ("unix://", "needs the path of a socket"),
    ],
)
def test_what_is_wrong_with_a_url_is_named(url: str, words: str) -> None:
    with pytest.raises(ValueError, match=f"redis_url: .*{words}"):
        parse_redis_url(url)


@pytest.mark.parametrize(
    "url", ["redis://ann:s3cret@cache:port", "redis://:s3cret@cache/x", "rediss://a:s3cret@c?no=1"]
)
def test_a_password_is_in_no_complaint(url: str) -> None:
    with pytest.raises(ValueError, match="redis_url") as complaint:
        parse_redis_url(url)

    assert "s3cret" not in str(complaint.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://ann:s3cret@cache", "redis://cache:6379/0"),
        ("rediss://:s3cret@[::1]:1/2", "rediss://[::1]:1/2"),
        ("unix://ann:s3cret@/run/redis.sock", "unix:///run/redis.sock"),
    ],
)
def test_an_address_is_shown_without_its_password(url: str, shown: str) -> None:
    address = parse_redis_url(url)

    assert str(address) == shown
    assert "s3cret" not in repr(address)


def test_only_rediss_speaks_tls() -> None:
    assert parse_redis_url("redis://cache").tls_context() is None
    assert parse_redis_url("rediss://cache").tls_context() is not None
