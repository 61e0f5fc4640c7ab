"""A tool reaches the server past proxies."""

import pytest

from tokenrouter.cli.wrapping.reaching import past_proxies


@pytest.mark.parametrize(
    ("environ", "excepted"),
    [
        ({}, None),
        ({"NO_PROXY": "a"}, None),
        ({"HTTPS_PROXY": "http://p"}, "host"),
        ({"http_proxy": "http://p", "NO_PROXY": "a, b"}, "a,b,host"),
        ({"ALL_PROXY": "http://p", "no_proxy": "host,b"}, "host,b"),
    ],
)
def test_the_server_is_excepted_from_proxies_where_there_are_some(
    environ: dict[str, str], excepted: str | None
) -> None:
    told = past_proxies("http://host:1/prefix", environ)

    assert told == ({} if excepted is None else {"NO_PROXY": excepted, "no_proxy": excepted})
