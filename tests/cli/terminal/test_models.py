"""`toro models`, at a real gateway."""

import json

import pytest

from tests.cli.answering import Answering
from tests.cli.terminal.conftest import Toro
from tokenrouter.cli.client import Refused, Server

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("toro")]


def test_they_are_listed_with_their_prices_and_aliases(alice: Toro) -> None:
    done = alice("models", "--search", "thinker-open", "--provider", "lab")

    assert done.output.splitlines() == [
        "MODEL             IN $/1M  OUT $/1M  ALSO CALLED",
        "lab/thinker-open        1         2  best",
    ]


def test_programs_get_what_the_server_says(alice: Toro) -> None:
    found = json.loads(alice("models", "--json").output)

    assert {"lab/echo", "lab/dense"} < {model["id"] for model in found}
    assert found[0]["input_per_1m"] == "1"


def test_where_none_fits_it_is_said(toro: Toro) -> None:
    done = toro("models", "--search", "zzz")

    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "no model fits\n")


def test_a_server_without_prices_tells_names(toro: Toro, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Server.ask

    def older(self: Server, method: str, path: str, body: object = None) -> object:
        if path.startswith("/api/"):
            raise Refused(404, "no such path")
        return real(self, method, path, body)

    monkeypatch.setattr(Server, "ask", older)

    assert toro("models", "--search", "ECHO").output == "MODEL\nlab/echo\n"


def test_names_cannot_command_the_terminal(toro: Toro) -> None:
    with Answering(200, b'{"data": [{"id": "a\\u001b[31mb"}], "next": null}') as server:
        done = toro("models", "--url", server.url)

    assert done.output == "MODEL\na[31mb\n"
