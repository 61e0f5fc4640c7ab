"""One gateway in front of one programmable upstream, which it takes for a provider of each dialect."""

from collections.abc import Iterator

import pytest

from tests.e2e.hostile.asking import Asker
from tests.e2e.hostile.upstream import Upstream
from tokenrouter.testing.processes import GatewayProcess, make_home

PROVIDERS = {
    "chat": 'provider_type = "openai-compatible"\nbase_url = "{root}/v1"',
    "responses": 'provider_type = "openai"\noperations = ["responses"]\nbase_url = "{root}/v1"',
    "messages": 'provider_type = "anthropic"\nbase_url = "{root}"',
    "gemini": 'provider_type = "google-gemini"\nbase_url = "{root}/v1beta"',
    "converse": 'provider_type = "amazon-bedrock"\nbase_url = "{root}"',
}
AWS_KEY = "AKIAIOSFODNN7EXAMPLE:wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
"""The pair of AWS's documentation; the other providers take any key."""


@pytest.fixture(scope="session")
def upstream() -> Iterator[Upstream]:
    """What stands behind all providers."""
    with Upstream() as running:
        yield running


@pytest.fixture(scope="session")
def standing(tmp_path_factory: pytest.TempPathFactory, upstream: Upstream) -> Iterator[GatewayProcess]:
    """A gateway whose providers are named after the dialect they speak; it must have met no fault of its own."""
    config = "".join(
        f'[[providers]]\nname = "{name}"\napi_key = "{AWS_KEY}"\n{lines.format(root=upstream.origin)}\n'
        for name, lines in PROVIDERS.items()
    )
    config += f'[[providers]]\nname = "resting"\nbase_url = "{upstream.origin}"\nenabled = false\n'
    with GatewayProcess(make_home(tmp_path_factory.mktemp("hostile")), config) as running:
        yield running
        assert "Traceback" not in running.log()


@pytest.fixture(scope="session")
def asker(standing: GatewayProcess) -> Iterator[Asker]:
    """Sends requests in any dialect over one connection."""
    asking = Asker(standing.address, standing.key)
    yield asking
    asking.close()
