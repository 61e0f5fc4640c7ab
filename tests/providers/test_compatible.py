from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrouter import __version__
from tokenrouter.domain.catalog import Provider
from tokenrouter.domain.errors import ProviderRefused
from tokenrouter.providers import OPENAI_COMPATIBLE, CompatibleAdapter, Origin, Quirks, adapter, known_kinds
from tokenrouter.providers.presets import Preset, preset

ACME = Provider("acme", "openai-compatible", "https://api.acme.example/v1", secret="sk-acme-1")


def headers_of(head: bytes | None) -> dict[str, str]:
    assert head is not None
    assert head.endswith(b"\r\n")
    lines = head.decode("latin-1").removesuffix("\r\n").split("\r\n")[1:]
    return dict(line.split(": ", 1) for line in lines)


def test_a_head_is_ready_but_for_its_length_and_the_blank_line() -> None:
    assert adapter(ACME).head("chat") == (
        b"POST /v1/chat/completions HTTP/1.1\r\n"
        b"host: api.acme.example\r\n"
        b"authorization: Bearer sk-acme-1\r\n"
        b"accept-encoding: identity\r\n"
        b"user-agent: tokenrouter/" + __version__.encode() + b"\r\n"
        b"content-type: application/json\r\n"
    )


def test_each_operation_has_its_path_and_a_missing_one_none() -> None:
    generic, chat_only = adapter(ACME), adapter(Provider("b", "baseten", "", secret="k"))

    targets = [(generic.head(o) or b"").split()[1] for o in ("chat", "completions", "embeddings")]

    assert targets == [b"/v1/chat/completions", b"/v1/completions", b"/v1/embeddings"]
    assert generic.head("responses") is None
    assert chat_only.head("chat")
    assert chat_only.head("embeddings") is None


def test_the_origin_is_the_key_of_a_pool() -> None:
    assert adapter(ACME).origin == Origin("https", "api.acme.example", 443)
    assert adapter(replace(ACME, name="other")).origin == adapter(ACME).origin


def test_a_provider_without_a_secret_sends_no_credentials() -> None:
    for secret in (None, ""):
        assert "authorization" not in headers_of(adapter(replace(ACME, secret=secret)).head("chat"))


@pytest.mark.parametrize(
    ("kind", "more", "lacks"),
    [
        ("openai", {}, True),
        ("openai", {"base_url": "https://api.openai.com/v1"}, True),
        ("openai", {"secret": "sk-1"}, False),
        ("openai", {"headers": {"authorization": "Bearer sk-1"}}, False),
        ("openai", {"base_url": "http://127.0.0.1:9/v1"}, False),
        ("ollama", {}, False),
        ("openai-compatible", {"base_url": "http://127.0.0.1:9/v1"}, False),
    ],
)
def test_a_vendor_lacks_its_key_where_nobody_is_answered_without(kind: str, more: dict[str, Any], lacks: bool) -> None:
    assert adapter(Provider("p", kind, **{"base_url": "", **more})).lacks_key == lacks


@pytest.mark.parametrize(
    ("kind", "base_url", "name", "value"),
    [
        ("openai", "", "authorization", "Bearer k"),
        ("azure", "https://r.openai.azure.com/openai/v1", "api-key", "k"),
        ("anthropic", "", "x-api-key", "k"),
        ("google-gemini", "", "x-goog-api-key", "k"),
    ],
)
def test_the_secret_stands_where_the_vendor_looks_for_it(kind: str, base_url: str, name: str, value: str) -> None:
    row = preset(kind)
    assert row is not None
    headers = headers_of(adapter(Provider("p", kind, base_url, secret="k")).head(row.operations[0], "m"))

    assert headers[name] == value
    assert len([header for header in headers.values() if header.endswith("k")]) == 1


def test_a_model_in_the_path_is_escaped_and_a_stream_may_have_a_path_of_its_own() -> None:
    built = adapter(Provider("p", "google-gemini", "", secret="k"))

    whole = built.head("generate_content", "tuned/ü:1?")
    stream = built.head("generate_content", "m", stream=True)

    assert (whole or b"").startswith(b"POST /v1beta/models/tuned%2F%C3%BC%3A1%3F:generateContent HTTP/1.1\r\n")
    assert (stream or b"").startswith(b"POST /v1beta/models/m:streamGenerateContent?alt=sse HTTP/1.1\r\n")


def test_a_local_server_that_ignores_keys_gets_none() -> None:
    assert "k" not in headers_of(adapter(Provider("p", "ollama", "", secret="k")).head("chat")).values()


def test_the_model_list_may_want_the_secret_elsewhere() -> None:
    built = adapter(Provider("p", "anthropic", "", secret="k"))
    listing = built.models_request()

    assert listing is not None
    path, head = listing
    assert path == "/v1/models?limit=1000"
    assert head.startswith(b"GET /v1/models?limit=1000 HTTP/1.1\r\n")
    assert headers_of(head)["x-api-key"] == "k"
    assert headers_of(head)["anthropic-version"] == "2023-06-01"
    assert "authorization" not in headers_of(head)
    assert "content-type" not in headers_of(head)
    assert built.models_url == "https://api.anthropic.com/v1/models?limit=1000"
    assert {"host": "api.anthropic.com", **built.models_headers} == headers_of(head)


def test_a_vendor_without_a_model_list_is_not_asked_for_one() -> None:
    built = adapter(Provider("p", "perplexity", "", secret="k"))

    assert built.models_request() is None
    assert built.models_url is None


def test_a_query_in_the_base_url_follows_every_path() -> None:
    built = adapter(replace(ACME, base_url="https://api.acme.example/openai?api-version=2024-10-21"))

    assert (built.head("chat") or b"").split()[1] == b"/openai/chat/completions?api-version=2024-10-21"
    assert built.models_url == "https://api.acme.example/openai/models?api-version=2024-10-21"


def test_the_operators_own_headers_win() -> None:
    own = {"User-Agent": "lab/1", "Authorization": "Api-Key other", "X-Org": "physics"}
    headers = headers_of(adapter(replace(ACME, headers=own)).head("chat"))

    assert headers["user-agent"] == "lab/1"
    assert headers["authorization"] == "Api-Key other"
    assert headers["x-org"] == "physics"


@pytest.mark.parametrize("name", ["Content-Length", "host", "Transfer-Encoding", "connection", "Accept-Encoding", "te"])
def test_a_header_that_frames_the_message_cannot_be_set(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name.lower()}.*acme"):
        adapter(replace(ACME, headers={name: "x"}))


def smuggle(text: str) -> list[Provider]:
    return [
        replace(ACME, secret=text),
        replace(ACME, headers={"x-org": text}),
        replace(ACME, headers={text: "x"}),
        replace(ACME, base_url=f"https://api.acme.example/{text}"),
        replace(ACME, base_url=f"https://{text}/v1"),
        replace(ACME, base_url=f"https://api.acme.example/v1?a={text}"),
    ]


@given(st.text(max_size=10), st.sampled_from(["\r", "\n", "\r\n", "\0", "\u0100", "\u560a"]), st.text(max_size=10))
def test_nothing_that_is_configured_can_add_a_line_to_the_head(before: str, breaker: str, after: str) -> None:
    for provider in smuggle(before + breaker + after):
        with pytest.raises(ValueError, match=r"base_url|header"):
            adapter(provider)


@given(st.text(max_size=30))
def test_a_head_always_has_as_many_lines_as_it_was_given(text: str) -> None:
    for provider in smuggle(text):
        try:
            head = adapter(provider).head("chat")
        except ValueError:
            continue
        names = [line.split(":")[0] for line in (head or b"").decode("latin-1").split("\r\n")[1:-1]]
        assert {"host", "content-type", "user-agent", "accept-encoding"} <= set(names)
        assert len(names) == len(set(names)) <= 6


def test_quirks_are_the_rows() -> None:
    assert adapter(ACME).quirks == Quirks("include_usage", "max_tokens", "")
    assert adapter(Provider("p", "fireworks", "")).quirks.stream_usage == "always"
    assert adapter(Provider("p", "openai", "")).quirks.max_tokens_field == "max_completion_tokens"


def test_models_are_listed_without_the_vendors_prefix() -> None:
    body = b'{"data":[{"id":"models/gemini-x"}]}'

    assert adapter(Provider("p", "google-gemini", "")).parse_models(body) == ("gemini-x",)
    assert adapter(ACME).parse_models(body) == ("models/gemini-x",)


def test_no_error_repeats_the_secret() -> None:
    built = adapter(ACME)
    body = b'{"error":{"message":"key sk-acme-1 is over its quota","code":429}}'
    answered, streamed = built.read_error(429, {}, body), built.error_in_stream(body)

    for error in (answered, streamed):
        assert isinstance(error, ProviderRefused)
        assert error.status == 429
        assert error.message == str(error)
        assert "sk-acme-1" not in str(error)
        assert "is over its quota" in str(error)


def test_an_ordinary_event_and_a_success_are_no_errors() -> None:
    assert adapter(ACME).error_in_stream(b'{"choices":[]}') is None
    assert adapter(ACME).read_error(200, {}, b"{}") is None


def test_an_unknown_kind_is_refused_with_the_nearest_known_one() -> None:
    with pytest.raises(ValueError, match="did you mean 'mistral'"):
        adapter(replace(ACME, kind="mistrall"))
    with pytest.raises(ValueError, match="'openai-compatible' and a base_url"):
        adapter(replace(ACME, kind="zzzzzz"))


def test_every_kind_is_known_once_and_the_generic_one_first() -> None:
    assert known_kinds()[0] == OPENAI_COMPATIBLE.name
    assert len(known_kinds()) == len(set(known_kinds()))
    assert {"openai", "poe", "ollama"} <= set(known_kinds())


def test_the_secret_is_in_no_repr() -> None:
    row = Preset("x", "X", "https://x.example/v1")

    assert "sk-acme-1" not in repr(CompatibleAdapter(ACME, row))
