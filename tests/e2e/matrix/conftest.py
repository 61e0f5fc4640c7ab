"""One gateway for all of the matrix, with a provider for each dialect and cloud; all of them are the sandbox."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.sandbox.google.asking import new_key, pem
from tokenrouter.testing.processes import GatewayProcess, SandboxProcess, make_home

PROVIDERS = {
    "chat": 'provider_type = "openai-compatible"\nbase_url = "{root}/v1"',
    "responses": 'provider_type = "openai"\noperations = ["responses"]\nbase_url = "{root}/v1"',
    "messages": 'provider_type = "anthropic"\nbase_url = "{root}"',
    "gemini": 'provider_type = "google-gemini"\nbase_url = "{root}/v1beta"',
}
"""By the dialect that the provider speaks."""
CLOUDS = {
    "azure": 'provider_type = "azure-deployments"\nbase_url = "{root}/openai?api-version=2024-10-21"',
    "bedrock": 'provider_type = "amazon-bedrock"\nbase_url = "{root}"',
    "vertex": 'provider_type = "google-vertex-ai"\nbase_url = "{root}/v1/projects/p/locations/us-central1"',
}
"""Vendors with their own paths and authentication."""
KEYS = {
    "bedrock": "AKIAIOSFODNN7EXAMPLE:wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "vertex": "file:{account}",
}
"""The pair is the one in AWS's documentation; other providers take any key."""


PRICES = """
[[prices]]
provider = "{name}"
model = "*"
input_per_1m = 3
output_per_1m = 15
cached_input_per_1m = 0.3
cache_write_per_1m = 3.75
cache_write_1h_per_1m = 6
"""


@dataclass(frozen=True)
class Judge:
    """The sandbox behind all providers, and what a service account of Google's needs to be let in."""

    sandbox: SandboxProcess
    account: Path


@pytest.fixture(scope="session")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judge]:
    """One sandbox for all of the matrix."""
    folder = tmp_path_factory.mktemp("judge")
    key = new_key()
    (folder / "public.pem").write_text(pem(key))
    args = ["--google-public-key", str(folder / "public.pem")]
    with SandboxProcess(folder, env=make_home(folder).env, args=args) as sandbox:
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        token_uri = sandbox.base_url.removesuffix("/v1") + "/token"
        account = {"type": "service_account", "client_email": "a@p.iam", "token_uri": token_uri, "private_key": private}
        (folder / "account.json").write_text(json.dumps(account))
        yield Judge(sandbox, folder / "account.json")


@pytest.fixture(scope="session")
def crossroads(judge: Judge, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """A gateway whose providers are named after the dialect they speak."""
    root = judge.sandbox.base_url.removesuffix("/v1")
    config = "".join(
        f'[[providers]]\nname = "{name}"\napi_key = "{KEYS.get(name, "k").format(account=judge.account)}"\n'
        f"{lines.format(root=root)}\n{PRICES.format(name=name)}"
        for name, lines in {**PROVIDERS, **CLOUDS}.items()
    )
    with GatewayProcess(make_home(tmp_path_factory.mktemp("gateway")), config) as running:
        yield running
