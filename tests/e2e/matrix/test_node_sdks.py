"""The vendors' SDKs for Node, unchanged but for base URL and key, through the same matrix; see tests/sdk_node/*.mjs.

Where a vendor has a helper that does a thing (streams put together, tools run, answers parsed), the scripts use it.
"""

import itertools
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.e2e.matrix.conftest import PROVIDERS
from tests.e2e.matrix.talks import TALKS
from tokenrouter.testing.processes import GatewayProcess, wait_until

FOLDER = Path(__file__).parents[2] / "sdk_node"

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.xdist_group("matrix"),
    pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not installed"),
    pytest.mark.skipif(
        not (FOLDER / "node_modules" / ".installed").exists(), reason="`make test` installs the SDKs for Node"
    ),
]


@pytest.mark.parametrize(("client", "provider"), list(itertools.product(TALKS, PROVIDERS)))
def test_a_node_sdk_does_all_that_it_does_with_its_vendor(
    crossroads: GatewayProcess, client: str, provider: str
) -> None:
    def lists_the_model() -> bool:
        return f'"{provider}/echo"'.encode() in crossroads.call("GET", "/v1/models").body

    wait_until("the provider's models are known", lists_the_model)
    done = subprocess.run(
        ["node", f"{client}.mjs"],
        cwd=FOLDER,
        env={**crossroads.home.env, "ORIGIN": crossroads.origin, "KEY": crossroads.key, "PROVIDER": provider},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.stdout.strip() == "all good", done.stderr
