import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.providers.base import Origin, request_head

HEADER_VALUE = st.text(st.characters(codec="latin-1", exclude_categories=["Cc"], exclude_characters=" \x80\x9f"))


@pytest.mark.parametrize(
    ("origin", "authority"),
    [
        (Origin("https", "api.example.com", 443), "api.example.com"),
        (Origin("http", "api.example.com", 80), "api.example.com"),
        (Origin("https", "api.example.com", 80), "api.example.com:80"),
        (Origin("http", "127.0.0.1", 1234), "127.0.0.1:1234"),
        (Origin("https", "::1", 443), "[::1]"),
        (Origin("http", "2001:db8::1", 8080), "[2001:db8::1]:8080"),
    ],
)
def test_the_host_header_has_brackets_around_ipv6_and_no_default_port(origin: Origin, authority: str) -> None:
    assert origin.authority == authority
    assert str(origin) == f"{origin.scheme}://{authority}"


def test_equal_origins_share_a_pool_and_only_they() -> None:
    origin = Origin("https", "api.example.com", 443)

    assert {origin: "pool"}[Origin("https", "api.example.com", 443)] == "pool"
    assert origin != Origin("http", "api.example.com", 443)
    assert origin.tls
    assert not Origin("http", "api.example.com", 80).tls


def test_a_head_is_the_request_line_and_its_headers_without_the_blank_line() -> None:
    head = request_head("POST", "/v1/x?a=b", {"Host": "h", "authorization": "Bearer k"})

    assert head == b"POST /v1/x?a=b HTTP/1.1\r\nhost: h\r\nauthorization: Bearer k\r\n"


@given(st.text(), st.sampled_from("\r\n\0\x0b\x7f\x85\u0100\u2028"), st.text())
def test_no_header_value_can_begin_another_line(before: str, breaker: str, after: str) -> None:
    with pytest.raises(ValueError, match="'x-key'"):
        request_head("POST", "/", {"x-key": before + breaker + after})


@given(HEADER_VALUE.filter(bool))
def test_every_other_latin_1_value_is_sent_as_it_is(value: str) -> None:
    assert (
        request_head("GET", "/", {"x-key": value}) == b"GET / HTTP/1.1\r\nx-key: " + value.encode("latin-1") + b"\r\n"
    )


@pytest.mark.parametrize("value", ["", " k", "k ", "\tk", "k\n"])
def test_an_empty_value_or_one_with_white_space_at_an_end_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="check the key"):
        request_head("POST", "/", {"x-key": value})


@pytest.mark.parametrize("name", ["", "x key", "x:key", "x\r\nkey", "schlüssel", "(x)"])
def test_a_name_that_is_no_token_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not a header name"):
        request_head("POST", "/", {name: "v"})


def test_a_refusal_never_shows_the_value() -> None:
    with pytest.raises(ValueError, match="line break") as refusal:
        request_head("POST", "/", {"authorization": "Bearer sk-very-secret\n"})

    assert "very-secret" not in str(refusal.value)
