"""`toro version`."""

import json

import pytest

from tests.cli.terminal.conftest import Toro
from tokenrouter import __version__
from tokenrouter.testing.processes import free_port

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("toro")]


def test_it_says_its_own_version_and_asks_nobody(alone: Toro) -> None:
    assert alone("version", TOKENROUTER_URL="no address").output == f"toro {__version__}\n"


def test_the_servers_is_told_when_it_is_asked_for(alice: Toro) -> None:
    told = json.loads(alice("version", "--server", "--json").output)

    assert alice("version", "--server").output == f"toro {__version__}\nTokenRouter {__version__} at {alice.url}\n"
    assert told["server"] == {"url": alice.url, "version": __version__}


def test_without_a_server_its_own_is_told_all_the_same(alone: Toro) -> None:
    done = alone("version", "--server", "--url", f"http://127.0.0.1:{free_port()}")

    assert (done.exit_code, done.stdout) == (3, f"toro {__version__}\n")
