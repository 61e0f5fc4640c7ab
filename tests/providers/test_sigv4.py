from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import quote

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from tests.sandbox.program import running
from tests.sandbox.wire import KEY_ID, SECRET, send
from tokenrouter.providers.sigv4 import (
    AwsCredentials,
    BedrockApiKey,
    Signer,
    canonical_request,
    canonical_target,
    read_aws_secret,
    region_of,
)

AT = datetime(2026, 11, 21, 7, 5, 9, tzinfo=UTC)
HOST = "bedrock-runtime.us-east-1.amazonaws.com"
UNRESERVED = "ABCXYZabcxyz0189-_.~"

models = st.text(min_size=1, max_size=20).map(lambda model: quote(model, safe="")) | st.sampled_from(
    ["anthropic.claude-opus-5-v1%3A0", "arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fx", ".", "..", ""]
)
paths = st.lists(models, max_size=5).map(lambda segments: "/" + "/".join(segments))
words = st.text(UNRESERVED, min_size=1, max_size=8) | st.sampled_from(["%2F", "a%20b", "%C3%A4"])
queries = st.lists(st.tuples(words, words | st.just("")), max_size=4)
header_names = st.text("abcxyz-", min_size=1, max_size=8).map(lambda name: f"x-{name}")
header_values = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20)


def by_botocore(
    method: str, url: str, headers: dict[str, str], body: bytes, token: str, at: datetime
) -> tuple[str, str]:
    """The canonical request and the `authorization` header that AWS's SDK makes of the same request."""
    auth = SigV4Auth(Credentials(KEY_ID, SECRET, token or None), "bedrock", "us-east-1")
    request = AWSRequest(method=method, url=url, data=body, headers=headers)
    request.context["timestamp"] = at.strftime("%Y%m%dT%H%M%SZ")
    request.headers["X-Amz-Date"] = request.context["timestamp"]
    if token:
        request.headers["X-Amz-Security-Token"] = token
    canonical = auth.canonical_request(request)
    signature = auth.signature(auth.string_to_sign(request, canonical), request)
    auth._inject_signature_to_request(request, signature)
    return canonical, request.headers["Authorization"]


def lines(signed: bytes) -> dict[str, str]:
    return dict(line.split(": ", 1) for line in signed.decode().splitlines())


@given(
    method=st.sampled_from(["GET", "POST"]),
    path=paths,
    query=queries,
    headers=st.dictionaries(header_names, header_values, max_size=4),
    body=st.binary(max_size=50),
    token=st.sampled_from(["", "session/token+="]),
    at=st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),
)
def test_it_signs_as_aws_sdk_does(
    method: str,
    path: str,
    query: list[tuple[str, str]],
    headers: dict[str, str],
    body: bytes,
    token: str,
    at: datetime,
) -> None:
    asked = "&".join(f"{name}={value}" for name, value in query)
    target = f"{path}?{asked}" if asked else path
    canonical, authorization = by_botocore(method, f"http://{HOST}{target}", headers, body, token, at)

    told = lines(
        Signer(AwsCredentials(KEY_ID, SECRET, token), "us-east-1").sign(method, target, HOST, body, at, headers)
    )

    assert told["authorization"] == authorization
    assert told["x-amz-date"] == at.strftime("%Y%m%dT%H%M%SZ")
    assert told.get("x-amz-security-token", "") == token
    own = {"host": HOST, "x-amz-date": told["x-amz-date"], **headers}
    assert (
        canonical_request(
            method, canonical_target(target), own | ({"x-amz-security-token": token} if token else {}), body
        )
        == canonical
    )


def test_the_time_may_be_told_in_any_zone() -> None:
    signer = Signer(AwsCredentials(KEY_ID, SECRET), "us-east-1")
    elsewhere = AT.astimezone(timezone(timedelta(hours=13)))

    assert signer.sign("POST", "/", HOST, b"", elsewhere) == signer.sign("POST", "/", HOST, b"", AT)


def test_the_key_of_yesterday_does_not_sign_today() -> None:
    signer = Signer(AwsCredentials(KEY_ID, SECRET), "us-east-1")
    tomorrow = AT + timedelta(days=1)
    signer.sign("POST", "/", HOST, b"", AT)

    fresh = Signer(AwsCredentials(KEY_ID, SECRET), "us-east-1")
    assert signer.sign("POST", "/", HOST, b"", tomorrow) == fresh.sign("POST", "/", HOST, b"", tomorrow)


def test_the_model_of_the_last_request_does_not_sign_the_next() -> None:
    signer = Signer(AwsCredentials(KEY_ID, SECRET), "us-east-1")
    signer.sign("POST", "/model/a/converse", HOST, b"", AT)

    fresh = Signer(AwsCredentials(KEY_ID, SECRET), "us-east-1")
    assert signer.sign("POST", "/model/b/converse", HOST, b"", AT) == fresh.sign(
        "POST", "/model/b/converse", HOST, b"", AT
    )


def test_the_sandbox_lets_in_who_signed_for_its_region_with_a_temporary_key() -> None:
    path, body = f"/model/{quote('echo', safe='')}/converse", b'{"messages":[{"role":"user","content":[{"text":"x"}]}]}'
    with running("--aws-access-key", f"{KEY_ID}:secret:session", "--aws-region", "eu-west-1") as program:
        host = program.base_url.removeprefix("http://").removesuffix("/v1")

        def status(credentials: AwsCredentials, region: str) -> int:
            signed = Signer(credentials, region).sign("POST", path, host, body, datetime.now(UTC))
            return send(program.base_url, path, body, lines(signed)).status

        assert status(AwsCredentials(KEY_ID, "secret", "session"), "eu-west-1") == 200
        assert status(AwsCredentials(KEY_ID, "secret", "session"), "us-east-1") == 403
        assert status(AwsCredentials(KEY_ID, "secret"), "eu-west-1") == 403


@pytest.mark.parametrize(
    ("secret", "meant"),
    [
        (f"{KEY_ID}:{SECRET}", AwsCredentials(KEY_ID, SECRET)),
        (f" {KEY_ID}:{SECRET}\n", AwsCredentials(KEY_ID, SECRET)),
        (f"{KEY_ID}:{SECRET}:FwoGZXIvYXdzE+/=", AwsCredentials(KEY_ID, SECRET, "FwoGZXIvYXdzE+/=")),
        ("ABSKQmVkcm9ja0FQSUtleS1h+/=", BedrockApiKey("ABSKQmVkcm9ja0FQSUtleS1h+/=")),
        ("bedrock-api-key-YmVkcm9jay5hbWF6b24", BedrockApiKey("bedrock-api-key-YmVkcm9jay5hbWF6b24")),
    ],
)
def test_a_secret_is_a_key_pair_or_an_api_key(secret: str, meant: Any) -> None:
    assert read_aws_secret(secret) == meant


@pytest.mark.parametrize(
    ("secret", "why"),
    [
        ("", "neither"),
        ("two words", "neither"),
        (KEY_ID, "access key id alone"),
        ("akia:hush-hush", "first part"),
        (f"{KEY_ID}:", "secret access key is empty"),
        (f"{KEY_ID}:hush hush", "secret access key"),
        (f"{KEY_ID}:hush-hush:", "session token is empty"),
        (f"{KEY_ID}:hush-hush:x:y", "three parts"),
    ],
)
def test_a_wrong_secret_is_told_without_showing_it(secret: str, why: str) -> None:
    with pytest.raises(ValueError, match=why) as caught:
        read_aws_secret(secret)

    assert "hush" not in str(caught.value)
    assert not secret or secret not in str(caught.value)


def test_credentials_do_not_show_themselves() -> None:
    shown = repr(read_aws_secret(f"{KEY_ID}:{SECRET}:session")) + repr(BedrockApiKey("hush"))

    assert SECRET not in shown
    assert "session='" not in shown
    assert "hush" not in shown


@pytest.mark.parametrize("region", ["", "us east", "us-east-1/x", "US-EAST-1"])
def test_a_region_must_have_a_regions_name(region: str) -> None:
    with pytest.raises(ValueError, match="not the name of an AWS region"):
        Signer(AwsCredentials(KEY_ID, SECRET), region)


@pytest.mark.parametrize(
    ("host", "region"),
    [
        ("bedrock-runtime.us-east-1.amazonaws.com", "us-east-1"),
        ("bedrock-runtime-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
        ("bedrock-runtime.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        ("bedrock-runtime.eu-west-1.api.aws", "eu-west-1"),
        ("vpce-1-x.bedrock-runtime.eu-west-1.vpce.amazonaws.com", "eu-west-1"),
        ("bedrock-runtime.us-east-1.amazonaws.com.evil.example", ""),
        ("127.0.0.1", ""),
    ],
)
def test_the_region_is_in_the_hosts_name(host: str, region: str) -> None:
    assert region_of(host) == region
