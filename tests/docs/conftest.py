"""One gateway for the snippets of all documents."""

from collections.abc import Iterator

import pytest

from tests.docs.stage import Stage, configuration
from tokenrouter.testing.processes import GatewayProcess, SandboxProcess, make_home


@pytest.fixture(scope="package")
def stage(sandbox: SandboxProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    home = make_home(tmp_path_factory.mktemp("docs"))
    with GatewayProcess(home, configuration(sandbox.base_url)) as gateway:
        yield Stage(gateway, tmp_path_factory.mktemp("work"))
