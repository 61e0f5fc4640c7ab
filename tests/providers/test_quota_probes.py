"""The smallest request there is, for each kind of vendor."""

from tokenrouter.domain.catalog import Provider
from tokenrouter.providers import adapter
from tokenrouter.providers.quota_probes import probe_request


def probe(kind: str, base_url: str = "https://x.example/v1") -> bytes | None:
    return probe_request(adapter(Provider("p", kind, base_url, secret="sk")), "tiny")


def test_it_asks_for_one_token_and_is_whole() -> None:
    request = probe("groq")

    assert request is not None
    head, _, body = request.partition(b"\r\n\r\n")
    assert head.startswith(b"POST /v1/chat/completions HTTP/1.1")
    assert b"content-length: %d" % len(body) in head
    assert body == b'{"model":"tiny","max_tokens":1,"messages":[{"role":"user","content":"hi"}]}'


def test_it_follows_the_vendors_words() -> None:
    assert b'"max_completion_tokens":1' in (probe("cerebras") or b"")
    assert b"anthropic-version: 2023-06-01" in (probe("anthropic") or b"")


def test_vendors_of_other_dialects_cannot_be_probed() -> None:
    assert probe("amazon-bedrock", "https://bedrock-runtime.us-east-1.amazonaws.com") is None
