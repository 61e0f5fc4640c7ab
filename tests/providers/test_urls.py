import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter.providers.base import Origin
from tokenrouter.providers.urls import path_of_template, shown_url, split_base_url

SEGMENT = st.text("abcXYZ012-._~%", min_size=1, max_size=8)


def address(url: str, path: str = "chat/completions", default_path: str = "/v1") -> str:
    base = split_base_url(url, default_path=default_path, operation_paths=("chat/completions", "completions"))
    return f"{base.origin}{base.target(path)}"


@pytest.mark.parametrize(
    ("base_url", "chat"),
    [
        ("https://api.openai.com", "https://api.openai.com/v1/chat/completions"),
        ("https://api.openai.com/", "https://api.openai.com/v1/chat/completions"),
        ("https://api.openai.com/v1", "https://api.openai.com/v1/chat/completions"),
        ("https://api.openai.com/v1/", "https://api.openai.com/v1/chat/completions"),
        ("https://api.openai.com//v1//", "https://api.openai.com//v1/chat/completions"),
        ("http://lab:9000/llm", "http://lab:9000/llm/chat/completions"),
        ("http://lab:9000/v1/chat/completions", "http://lab:9000/v1/chat/completions"),
        ("http://lab:9000/v1/chat/completions/", "http://lab:9000/v1/chat/completions"),
        ("http://lab:9000/v1/completions", "http://lab:9000/v1/chat/completions"),
        ("https://x.example/openai?api-version=1", "https://x.example/openai/chat/completions?api-version=1"),
        ("https://x.example?api-version=1", "https://x.example/v1/chat/completions?api-version=1"),
        ("HTTPS://API.Example.COM:443/V1", "https://api.example.com/V1/chat/completions"),
        ("http://[::1]:11434/v1", "http://[::1]:11434/v1/chat/completions"),
        ("http://[2001:DB8:0::1]/v1", "http://[2001:db8::1]/v1/chat/completions"),
        ("http://my_service:80/v1", "http://my_service/v1/chat/completions"),
        ("http://host:/v1", "http://host/v1/chat/completions"),
    ],
)
def test_a_base_url_and_an_operation_make_an_address(base_url: str, chat: str) -> None:
    assert address(base_url) == chat


def test_two_queries_become_one() -> None:
    assert address("https://x/v1?a=1", "models?limit=9") == "https://x/v1/models?limit=9&a=1"


@given(st.lists(SEGMENT, min_size=1, max_size=4))
def test_a_path_of_ones_own_is_left_alone(segments: list[str]) -> None:
    path = "/" + "/".join(segments)

    assert address(f"http://lab{path}", "embeddings") == f"http://lab{path}/embeddings"


@given(st.lists(SEGMENT, max_size=3), st.integers(0, 3))
def test_slashes_at_the_end_change_nothing(segments: list[str], slashes: int) -> None:
    url = "http://lab/" + "/".join(segments)

    assert address(url.rstrip("/") + "/" * slashes) == address(url)


@pytest.mark.parametrize(
    ("base_url", "why"),
    [
        ("", "visible ASCII"),
        ("api.openai.com/v1", "http://"),
        ("ftp://host/v1", "http://"),
        ("file:///etc/passwd", "http://"),
        ("https://", "no usable host"),
        ("https:///v1", "no usable host"),
        ("https://user:secret@host/v1", "user name"),
        ("https://host/v1#frag", "# part"),
        ("https://host/v1#", "# part"),
        ("https://ho st/v1", "visible ASCII"),
        ("https://host/v1\r\nx: y", "visible ASCII"),
        ("https://host\t/v1", "visible ASCII"),
        ("https://höst/v1", "visible ASCII"),
        ("https://host:0/v1", "port 0"),
        ("https://host:65536/v1", "port"),
        ("https://host:http/v1", "port"),
        ("https://-/v1", "no usable host"),
        ("https://a..b/v1", "no usable host"),
        ("https://host\\@evil/v1", "user name"),
        ("https://host\\evil/v1", "no usable host"),
        ("https://[::1/v1", "cannot be read"),
        ("https://[fe80::1%25eth0]/v1", "IPv6"),
        ("https://[::1]x:80/v1", "IPv6"),
        ("https://[1.2.3.4]/v1", "brackets"),
        ("https://{resource_name}.openai.azure.com/openai/v1", "{resource_name}"),
    ],
)
def test_what_is_no_plain_address_is_refused_with_words(base_url: str, why: str) -> None:
    with pytest.raises(ValueError, match="base_url") as refusal:
        split_base_url(base_url)

    assert why in str(refusal.value)
    assert "secret" not in str(refusal.value)


@given(st.text())
def test_whatever_is_written_is_split_or_refused(text: str) -> None:
    try:
        base = split_base_url(text)
    except ValueError:
        return

    assert isinstance(base.origin, Origin)
    assert not set("\r\n\t \0") & set(base.target("chat/completions") + base.origin.authority)


@pytest.mark.parametrize(
    ("template", "path"),
    [
        ("https://api.example.com/v1", "/v1"),
        ("https://api.example.com", ""),
        ("https://{resource}.example.com/openai/v1", "/openai/v1"),
        ("https://api.example.com/accounts/{id}/v1", ""),
        ("{url}/v2/deployments/{id}", ""),
    ],
)
def test_only_a_path_that_is_the_same_for_everybody_is_a_default(template: str, path: str) -> None:
    assert path_of_template(template) == path


def test_what_is_shown_of_an_address_has_nothing_that_could_be_a_key() -> None:
    assert shown_url("https://user:sk-secret@host:8443/v1?key=sk-secret#x") == "https://host:8443/v1"
    assert shown_url("http://[::1") == "(unreadable)"
