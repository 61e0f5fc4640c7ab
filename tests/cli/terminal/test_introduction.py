"""Who answers at an address."""

import pytest

from tests.cli.answering import Answering
from tests.cli.terminal.conftest import Toro
from tokenrouter import __version__
from tokenrouter.cli.client import NoAnswer, Refused, Server
from tokenrouter.cli.terminal.introduction import introduce
from tokenrouter.testing.processes import SandboxProcess

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("toro")]


def test_a_gateway_says_who_it_is_and_who_one_is(toro: Toro) -> None:
    known = introduce(Server(toro.url, toro.key))

    assert (known.version, known.name, known.role) == (__version__, "test-admin", "admin")
    assert known.models > 10


def test_a_provider_is_no_gateway(sandbox: SandboxProcess) -> None:
    with pytest.raises(NoAnswer, match="is no TokenRouter"):
        introduce(Server(sandbox.base_url.removesuffix("/v1"), "sandbox"))


def test_a_key_that_is_none_is_refused(toro: Toro) -> None:
    with pytest.raises(Refused) as caught:
        introduce(Server(toro.url, "tr_nobodys-0123456789-0123456789"))

    assert caught.value.status == 401


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"data": 1}', b'{"data": []}', b'{"object": "list"'])
def test_something_else_is_no_gateway(body: bytes) -> None:
    with Answering(200, body) as server, pytest.raises(NoAnswer):
        introduce(Server(server.url))
