import json
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tokenrouter.domain.catalog import Provider
from tokenrouter.domain.ledger import Operation
from tokenrouter.providers import adapter
from tokenrouter.providers.endpoints import Endpoint
from tokenrouter.providers.vertex import publisher_of

URL = "https://us-central1-aiplatform.googleapis.com/v1/projects/p/locations/us-central1"
CLOUD = Provider("gcp", "google-vertex-ai", URL, secret="ya29.token")


def endpoint(operation: Operation, model: str, provider: Provider = CLOUD) -> Endpoint:
    found = adapter(provider).endpoint(operation, model)
    assert found is not None
    return found


def paths(found: Endpoint) -> list[str]:
    base = "/v1/projects/p/locations/us-central1/"
    return [head.split()[1].decode().removeprefix(base) for head in (found.head, found.stream_head)]


@pytest.mark.parametrize(
    ("model", "publisher", "name"),
    [
        ("gemini-3-pro", "google", "gemini-3-pro"),
        ("google/gemini-3-pro", "google", "gemini-3-pro"),
        ("claude-opus-5", "anthropic", "claude-opus-5"),
        ("anthropic/claude-opus-5@20260101", "anthropic", "claude-opus-5@20260101"),
        ("meta/llama-4", "", "meta/llama-4"),
    ],
)
def test_a_models_name_tells_its_publisher(model: str, publisher: str, name: str) -> None:
    assert publisher_of(model) == (publisher, name)


def test_each_publishers_models_are_asked_in_their_own_dialect() -> None:
    google = "publishers/google/models/gemini-3-pro"
    claude = "publishers/anthropic/models/claude-opus-5%402026"

    assert paths(endpoint("generate_content", "gemini-3-pro")) == [
        f"{google}:generateContent",
        f"{google}:streamGenerateContent?alt=sse",
    ]
    assert paths(endpoint("messages", "claude-opus-5@2026")) == [f"{claude}:rawPredict", f"{claude}:streamRawPredict"]
    assert paths(endpoint("chat", "meta/llama-4")) == ["endpoints/openapi/chat/completions"] * 2
    assert adapter(CLOUD).endpoint("messages", "gemini-3-pro") is None
    assert adapter(CLOUD).endpoint("generate_content", "claude-opus-5") is None


def test_a_body_for_claude_has_the_clouds_version_and_no_model() -> None:
    found = endpoint("messages", "claude-opus-5")

    assert found.drops == {"model"}
    assert json.loads(found.adds["anthropic_version"]) == "vertex-2023-10-16"


@pytest.mark.parametrize(
    ("model", "operation"), [("gemini-3", "generate_content"), ("claude-5", "messages"), ("meta/llama", "chat")]
)
def test_conversations_are_translated_to_the_models_own_dialect(model: str, operation: str) -> None:
    assert tuple(adapter(CLOUD).conversations(model)) == (operation,)


def test_a_token_is_sent_as_it_is_and_an_account_trades_for_one() -> None:
    key = generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    account = {"type": "service_account", "client_email": "a@p.iam", "private_key": key.decode()}

    plain = endpoint("generate_content", "m")
    traded = endpoint("generate_content", "m", replace(CLOUD, secret=json.dumps(account)))

    assert b"authorization: Bearer ya29.token\r\n" in plain.head
    assert plain.tokens is None
    assert b"authorization" not in traded.head
    assert traded.tokens is not None
    assert traded.tokens.provider == "gcp"


def test_the_address_of_the_open_endpoint_means_its_location() -> None:
    found = endpoint("generate_content", "m", replace(CLOUD, base_url=f"{URL}/endpoints/openapi"))

    assert paths(found)[0] == "publishers/google/models/m:generateContent"
