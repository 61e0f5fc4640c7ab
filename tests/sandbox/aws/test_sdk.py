"""AWS's SDK against the sandbox, and its signer as the oracle of the sandbox's own."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.eventstream import ChecksumMismatch
from botocore.exceptions import ClientError, EventStreamError
from hypothesis import given
from hypothesis import strategies as st

from tests.sandbox.wire import KEY_ID, SECRET
from tokenrouter.sandbox.aws.errors import AwsError
from tokenrouter.sandbox.aws.sigv4 import AccessKey, check
from tokenrouter.sandbox.server import Request
from tokenrouter.testing.processes import SandboxProcess

HELLO: Any = [{"role": "user", "content": [{"text": "hello"}]}]
TOOLS: Any = {
    "tools": [
        {
            "toolSpec": {
                "name": "get_weather",
                "inputSchema": {
                    "json": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
                },
            }
        }
    ]
}
UNRESERVED = "ABCXYZabcxyz0189-_.~"
MakeClient = Callable[..., Any]


@pytest.fixture
def make_client(sandbox: SandboxProcess) -> MakeClient:
    """A function that makes a client without retries."""

    def make(**more: object) -> Any:
        keys: dict[str, Any] = {"aws_access_key_id": KEY_ID, "aws_secret_access_key": SECRET}
        return boto3.client(
            "bedrock-runtime",
            endpoint_url=sandbox.base_url.removesuffix("/v1"),
            config=Config(retries={"total_max_attempts": 1}),
            **{"region_name": "us-east-1", **keys, **more},
        )

    return make


@pytest.fixture
def client(make_client: MakeClient) -> Any:
    return make_client()


def test_the_same_words_arrive_whole_and_streamed(client: Any) -> None:
    whole = client.converse(modelId="lorem-9", messages=HELLO)
    events = list(client.converse_stream(modelId="lorem-9", messages=HELLO)["stream"])

    text = "".join(event["contentBlockDelta"]["delta"]["text"] for event in events if "contentBlockDelta" in event)
    assert [{"text": text}] == whole["output"]["message"]["content"]
    assert events[-1]["metadata"]["usage"] == whole["usage"]


@pytest.mark.parametrize("model", ["echo", "thinker", "thinker-open"])
def test_a_turn_with_tools_comes_round(client: Any, model: str) -> None:
    asked = [{"role": "user", "content": [{"text": "use tool"}]}]
    said = client.converse(modelId=model, messages=asked, toolConfig=TOOLS)
    use = said["output"]["message"]["content"][-1]["toolUse"]
    result = {
        "toolResult": {"toolUseId": use["toolUseId"], "content": [{"json": {"degrees": 21}}], "status": "success"}
    }

    history = [*asked, said["output"]["message"], {"role": "user", "content": [result]}]
    answer = client.converse(modelId=model, messages=history, toolConfig=TOOLS)

    assert said["stopReason"] == "tool_use"
    assert answer["output"]["message"]["content"][-1]["text"] == 'The tool answered: {"degrees": 21}'


def test_images_and_documents_are_taken(client: Any) -> None:
    content = [
        {"text": "look"},
        {"image": {"format": "png", "source": {"bytes": b"png"}}},
        {"document": {"format": "pdf", "name": "a paper", "source": {"bytes": b"pdf"}}},
    ]

    assert (
        client.converse(modelId="echo", messages=[{"role": "user", "content": content}])["usage"]["inputTokens"] > 2000
    )


def test_tokens_are_counted(client: Any) -> None:
    assert client.count_tokens(modelId="echo", input={"converse": {"messages": HELLO}})["inputTokens"] == 8


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        ("fault/429", "ThrottlingException"),
        ("fault/503", "ServiceUnavailableException"),
        ("fault/400", "ValidationException"),
        ("nobody", "ValidationException"),
    ],
)
def test_failures_raise_their_exception(client: Any, model: str, kind: str) -> None:
    with pytest.raises(getattr(client.exceptions, kind)):
        client.converse_stream(modelId=model, messages=HELLO)


def test_an_error_inside_a_stream_raises(client: Any) -> None:
    with pytest.raises(EventStreamError, match="modelStreamErrorException"):
        list(client.converse_stream(modelId="fault/error-midstream", messages=HELLO)["stream"])


def test_a_broken_frame_is_noticed_by_its_checksum(client: Any) -> None:
    with pytest.raises(ChecksumMismatch):
        list(client.converse_stream(modelId="fault/malformed-chunk", messages=HELLO)["stream"])


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"aws_secret_access_key": "another"}, "InvalidSignatureException"),
        ({"aws_access_key_id": "AKIAANOTHER"}, "UnrecognizedClientException"),
        ({"aws_session_token": "unknown"}, "UnrecognizedClientException"),
        ({"region_name": "eu-west-1"}, "InvalidSignatureException"),
    ],
)
def test_who_signs_otherwise_is_not_let_in(make_client: MakeClient, changed: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientError) as caught:
        make_client(**changed).converse(modelId="echo", messages=HELLO)

    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


SEGMENTS = st.lists(
    st.text(UNRESERVED + "%2F", max_size=8).filter(lambda text: "%" not in text) | st.just("a%2Fb%20c"), max_size=5
)
WORDS = st.text(UNRESERVED, min_size=1, max_size=8) | st.sampled_from(["%2F", "a%20b", "%C3%A4"])
QUERIES = st.lists(st.tuples(WORDS, WORDS | st.just("")), max_size=4)
NAMES = st.text("abcxyz-", min_size=1, max_size=8).map(lambda name: f"x-amz-{name}")
VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20)


@given(
    method=st.sampled_from(["GET", "POST", "PUT"]),
    segments=SEGMENTS,
    query=QUERIES,
    headers=st.dictionaries(NAMES, VALUES, max_size=4),
    body=st.binary(max_size=50),
    token=st.none() | st.just("session/token+="),
)
def test_what_botocore_signs_is_good_and_anything_changed_is_not(
    method: str,
    segments: list[str],
    query: list[tuple[str, str]],
    headers: dict[str, str],
    body: bytes,
    token: str | None,
) -> None:
    asked = "&".join(f"{name}={value}" for name, value in query)
    url = f"http://sandbox:9000/{'/'.join(segments)}" + (f"?{asked}" if asked else "")
    sent = AWSRequest(method=method, url=url, data=body, headers=headers)
    SigV4Auth(Credentials(KEY_ID, SECRET, token), "bedrock", "us-east-1").add_auth(sent)
    wire = {"host": "sandbox:9000", **{name.lower(): str(value) for name, value in sent.headers.items()}}
    received = Request(method, urlsplit(url).path, asked, wire, body, keep_alive=True, may_chunk=True)
    key = AccessKey(KEY_ID, SECRET, token)

    check(received, key, "us-east-1", "bedrock", datetime.now(UTC))

    received.headers["x-amz-date"] = received.headers["x-amz-date"][:-2] + "xZ"
    with pytest.raises(AwsError):
        check(received, key, "us-east-1", "bedrock", datetime.now(UTC))
