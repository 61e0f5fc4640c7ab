from tokenrouter.config.problems import Problem
from tokenrouter.config.proxies import read_proxies


def test_variables_are_found_in_both_spellings_and_lower_case_goes_first() -> None:
    problems: list[Problem] = []
    environ = {"http_proxy": "http://a", "HTTP_PROXY": "http://b", "NO_PROXY": "x,y", "ALL_PROXY": "", "OTHER": "1"}

    assert read_proxies(environ, problems) == {"http_proxy": "http://a", "no_proxy": "x,y"}
    assert not problems


def test_a_proxy_may_have_a_user_and_no_scheme() -> None:
    problems: list[Problem] = []

    read_proxies({"https_proxy": "http://user:pass@[::1]:3128", "http_proxy": "proxy.example:3128"}, problems)

    assert not problems
