from dataclasses import replace

import pytest

from tokenrouter.dialects.bedrock.codec import ConverseCodec
from tokenrouter.domain.catalog import Provider
from tokenrouter.providers import adapter

PAIR = "AKIAIOSFODNN7EXAMPLE:wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
URL = "https://bedrock-runtime.eu-west-3.amazonaws.com"
CLOUD = Provider("aws", "amazon-bedrock", URL, secret=PAIR)
MODEL = "anthropic.claude-sonnet-4-5-20250929-v1:0"


def test_each_body_is_signed_for_the_region_in_the_address() -> None:
    endpoint = adapter(CLOUD).endpoint("converse", MODEL)

    assert endpoint is not None
    assert endpoint.head.startswith(b"POST /model/anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse HTTP/1.1\r\n")
    assert b"/converse-stream HTTP/1.1\r\n" in endpoint.stream_head
    assert b"authorization" not in endpoint.head
    assert isinstance(endpoint.codec, ConverseCodec)
    assert endpoint.sign is not None
    one = endpoint.sign(b"{}", stream=False, now_s=1e9)
    assert b"/20010909/eu-west-3/bedrock/aws4_request" in one
    assert endpoint.sign(b"{}", stream=True, now_s=1e9) != one != endpoint.sign(b"[]", stream=False, now_s=1e9)


def test_an_address_without_a_region_means_the_usual_one() -> None:
    endpoint = adapter(replace(CLOUD, base_url="http://127.0.0.1:9")).endpoint("converse", "m")

    assert endpoint is not None
    assert endpoint.sign is not None
    assert b"/us-east-1/bedrock/" in endpoint.sign(b"", stream=False, now_s=1e9)


def test_an_api_key_is_a_bearer_token_and_nothing_is_signed() -> None:
    endpoint = adapter(replace(CLOUD, secret="ABSKQmVkcm9jazEyMw==")).endpoint("converse", "m")

    assert endpoint is not None
    assert b"authorization: Bearer ABSKQmVkcm9jazEyMw==\r\n" in endpoint.head
    assert endpoint.sign is None


def test_conversations_only_and_only_by_converse() -> None:
    built = adapter(CLOUD)

    assert tuple(built.conversations("m")) == ("converse",)
    assert built.endpoint("chat", "m") is None


@pytest.mark.parametrize("secret", ["AKIAIOSFODNN7EXAMPLE", "a:b:c:d", ""])
def test_a_secret_that_is_none_is_refused_without_being_shown(secret: str) -> None:
    with pytest.raises(ValueError, match="secret") as caught:
        adapter(replace(CLOUD, secret=secret))

    assert not secret or secret not in str(caught.value)
