"""Signatures are recomputed, and each way to get one wrong has its words."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.sandbox.wire import KEY_ID, SECRET, signed
from tokenrouter.sandbox.aws.errors import AwsError
from tokenrouter.sandbox.aws.sigv4 import AccessKey, check
from tokenrouter.sandbox.server import Request

NOW = datetime(2026, 11, 21, 5, 0, 0, tzinfo=UTC)
KEY = AccessKey(KEY_ID, SECRET)
BASE = "http://sandbox:1"
PATH = "/model/fault%2F429/converse"

DOCUMENTED = Request(
    "GET",
    "/",
    "Action=ListUsers&Version=2010-05-08",
    {
        "host": "iam.amazonaws.com",
        "content-type": "application/x-www-form-urlencoded; charset=utf-8",
        "x-amz-date": "20150830T123600Z",
        "authorization": (
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date, "
            "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
        ),
    },
    b"",
    keep_alive=True,
    may_chunk=True,
)
"""The worked example of AWS's documentation."""


def request(**how: object) -> Request:
    headers = signed(BASE, PATH, b"{}", at=NOW, **how)  # type: ignore[arg-type]
    return Request("POST", PATH, "", headers, b"{}", keep_alive=True, may_chunk=True)


def refused(of: Request, key: AccessKey = KEY, now: datetime = NOW) -> AwsError:
    with pytest.raises(AwsError) as caught:
        check(of, key, "us-east-1", "bedrock", now)
    assert caught.value.status == 403
    return caught.value


def test_the_documented_example_is_good() -> None:
    key = AccessKey("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")

    check(DOCUMENTED, key, "us-east-1", "iam", datetime(2015, 8, 30, 12, 36, tzinfo=UTC))


def test_a_path_is_encoded_twice() -> None:
    check(request(), KEY, "us-east-1", "bedrock", NOW)


@pytest.mark.parametrize(
    "changed",
    [{"path": "/model/echo/converse"}, {"query": "a=1"}, {"body": b"{ }"}, {"method": "PUT"}],
)
def test_whatever_is_changed_after_signing_is_noticed(changed: dict[str, object]) -> None:
    error = refused(replace(request(), **changed))  # type: ignore[arg-type]

    assert error.kind == "InvalidSignatureException"
    assert "does not match" in error.message


def test_another_secret_does_not_match() -> None:
    assert "does not match" in refused(request(secret="another")).message


def test_an_unknown_key_is_not_recognised() -> None:
    assert refused(request(), AccessKey("AKIAOTHER", SECRET)).kind == "UnrecognizedClientException"


def test_a_session_token_has_to_be_the_one() -> None:
    key = AccessKey(KEY_ID, SECRET, "session")

    check(request(token="session"), key, "us-east-1", "bedrock", NOW)
    assert refused(request(), key).kind == "UnrecognizedClientException"
    assert refused(request(token="session"), KEY).kind == "UnrecognizedClientException"


def test_the_region_has_to_be_the_one() -> None:
    assert "valid region" in refused(request(region="eu-west-1")).message


@pytest.mark.parametrize(("minutes", "words"), [(6, "Signature expired"), (-6, "not yet current")])
def test_the_clocks_may_differ_by_five_minutes(minutes: int, words: str) -> None:
    check(request(), KEY, "us-east-1", "bedrock", NOW + timedelta(minutes=minutes - minutes // 6 * 2))
    assert words in refused(request(), now=NOW + timedelta(minutes=minutes)).message


def test_every_amz_header_has_to_be_signed() -> None:
    sent = request()
    sent.headers["x-amz-extra"] = "1"

    assert "x-amz-extra" in refused(sent).message


def test_a_claimed_digest_of_the_body_has_to_be_right() -> None:
    sent = request()
    sent.headers["x-amz-content-sha256"] = "0" * 64
    sent.headers["authorization"] = sent.headers["authorization"].replace(
        "SignedHeaders=host;", "SignedHeaders=host;x-amz-content-sha256;"
    )

    assert "x-amz-content-sha256" in refused(sent).message


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("", "MissingAuthenticationTokenException"),
        ("Basic abc", "IncompleteSignatureException"),
        ("AWS4-HMAC-SHA256 Credential=a/b", "IncompleteSignatureException"),
        ("AWS4-HMAC-SHA256 Credential=a, SignedHeaders=host, Signature=b", "IncompleteSignatureException"),
    ],
)
def test_a_broken_claim_is_told_apart(header: str, kind: str) -> None:
    sent = request()
    sent.headers["authorization"] = header

    assert refused(sent).kind == kind
