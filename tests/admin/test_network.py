from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from starlette.requests import Request

from tests.admin.installation import ALICE, ROOT, Installation
from tests.tls.certificates import issued
from tokenrouter.admin.network_move import visitors_url
from tokenrouter.jobs.listener_desk import CannotMove, ListenerDesk, OpenListener, PendingMove
from tokenrouter.jobs.tls_keeper import TlsState
from tokenrouter.store.errors import StoreError
from tokenrouter.store.schema import tr_audit
from tokenrouter.tls.pair import read_pair
from tokenrouter.tls.self_signed import own_addresses

PATH = "/api/v1/network"


def shown(client: TestClient) -> dict[str, Any]:
    answer = client.get(PATH, headers={**ROOT, "x-forwarded-for": "192.0.2.7", "x-forwarded-proto": "https"})
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def codes(client: TestClient) -> list[str]:
    return [one["code"] for one in shown(client)["warnings"]]


def test_what_listens_where_is_shown(client: TestClient, installation: Installation) -> None:
    installation.declare(workers=3, public_url="https://ai.example/v1", trusted_proxies=("10.0.0.0/8",))

    told = shown(client)

    assert told["listeners"] == [
        {
            "serves": "clients",
            "setting": "listen_addr",
            "address": "127.0.0.1:8080",
            "host": "127.0.0.1",
            "port": 8080,
            "reach": "this_machine",
            "tls": "off",
            "workers": 3,
        }
    ]
    assert (told["public_url"], told["trusted_proxies"]) == ("https://ai.example/v1", ["10.0.0.0/8"])
    assert (told["urls"], told["warnings"]) == (["http://127.0.0.1:8080"], [])
    assert told["no_auth"] == {"localhost": False, "host_docker_internal": False}


def test_the_asker_sees_how_they_came_in(client: TestClient) -> None:
    assert shown(client)["visit"] == {"address": "192.0.2.7", "host": "gateway.test", "https": True}


def test_where_an_address_is_declared_is_told(client: TestClient, installation: Installation) -> None:
    installation.declare(listen_addr="127.0.0.1:9999", origins={"settings.listen_addr": "torod.toml:1"})

    told = shown(client)

    assert (told["declared"]["listen_addr"], told["declared"]["declared_at"]) == ("127.0.0.1:9999", "torod.toml:1")
    assert told["declared"]["config_file"] == str(installation.settings.paths.default_config_file)
    assert (told["declared"]["differs"], codes(client)) == (True, ["restart_needed"])


@pytest.mark.parametrize(
    ("address", "reach", "warned"),
    [
        ("127.0.0.2:80", "this_machine", False),
        ("localhost:80", "this_machine", False),
        ("[::1]:80", "this_machine", False),
        (":80", "this_machine", False),
        ("192.0.2.9:80", "one_address", True),
        ("0.0.0.0:80", "every_address", True),
        ("[::]:80", "every_address", True),
    ],
)
def test_listening_beyond_this_machine_without_tls_is_warned_of(
    client: TestClient, installation: Installation, address: str, reach: str, warned: bool
) -> None:
    installation.declare(listen_addr=address)
    installation.state.address = f"http://{address}"

    assert shown(client)["listeners"][0]["reach"] == reach
    assert codes(client) == (["readable_on_the_network"] if warned else [])


def test_metrics_that_everybody_may_read_are_warned_of(client: TestClient, installation: Installation) -> None:
    installation.declare(metrics_addr="0.0.0.0:9100")

    told = shown(client)

    assert [(one["serves"], one["reach"]) for one in told["listeners"]] == [
        ("clients", "this_machine"),
        ("metrics", "every_address"),
    ]
    assert codes(client) == ["metrics_for_everybody"]


def test_where_it_listens_everywhere_each_own_address_is_a_way_in(
    client: TestClient, installation: Installation
) -> None:
    installation.state = replace(installation.state, address="http://0.0.0.0:8080")
    with TestClient(installation.app(), base_url="http://gateway.test") as beside:
        assert len(shown(beside)["urls"]) == 1 + len(own_addresses())


def test_only_administrators_are_told(client: TestClient) -> None:
    assert client.get(PATH, headers=ALICE).status_code == 403


def test_the_certificate_is_shown_and_what_is_wrong_with_it(
    client: TestClient, installation: Installation, tmp_path: Path
) -> None:
    assert shown(client)["https"] is None
    facts = read_pair(issued("ai.test"), 0.0)
    installation.state.tls = lambda: TlsState("pem", tmp_path, facts, problem="the key is another one's")
    installation.state.clock = lambda: facts.not_after_s

    told = shown(client)

    assert (told["https"]["names"], told["https"]["fingerprint"]) == (["ai.test"], facts.fingerprint)
    assert codes(client) == ["certificate_refused", "certificate_over"]
    assert "the key is another one's" in told["warnings"][0]["message"]


@pytest.mark.parametrize(
    ("wanted", "status"),
    [
        ({}, 422),
        ({"listen_addr": "127.0.0.1:1", "tls_listen_addr": "127.0.0.1:2"}, 422),
        ({"listen_addr": "nowhere"}, 422),
        ({"listen_addr": "127.0.0.1:0"}, 422),
        ({"address": "127.0.0.1:1"}, 422),
        ({"listen_addr": "127.0.0.1:9"}, 409),
    ],
)
def test_an_address_that_cannot_be_moved_to_is_refused(client: TestClient, wanted: dict[str, str], status: int) -> None:
    assert client.put(PATH, headers=ROOT, json=wanted).status_code == status


def test_there_is_nothing_to_decide_before_something_is_moved(client: TestClient) -> None:
    answer = client.post(f"{PATH}/confirm", headers=ROOT, json={"switch_id": "x", "probe_ok": True})

    assert (answer.status_code, answer.json()["code"]) == (404, "switch_not_found")
    assert client.delete(f"{PATH}/override", headers=ROOT).json() == []


class Desk(ListenerDesk):
    """A move that waits for a word, and what was said; `is_over`: the supervisor has undone it meanwhile."""

    def __init__(self, *, is_over: bool = False) -> None:
        super().__init__(Path("nowhere"))
        old = OpenListener(1, "http", "listen_addr", "127.0.0.1:8080")
        self.pending = PendingMove("m", old, OpenListener(2, "http", "listen_addr", "127.0.0.1:9"), 1e11)
        self.said: list[bool] = []
        self.is_over = is_over

    async def move(self, setting: str, host: str, port: int) -> PendingMove:
        assert self.pending is not None
        return self.pending

    async def end(self, move_id: str, *, keep: bool) -> None:
        self.said.append(keep)
        if self.is_over:
            raise CannotMove("it has been undone")


def confirmed(client: TestClient) -> int:
    return client.post(f"{PATH}/confirm", headers=ROOT, json={"switch_id": "m", "probe_ok": True}).status_code


def audited(installation: Installation) -> list[str]:
    """Return to where listeners were moved, as the audit log has it, the oldest first."""
    with installation.store.read() as connection:
        of = tr_audit.c
        rows = connection.execute(select(of.after).where(of.subject_id == "listen_addr").order_by(of.number))
        return [str(after) for (after,) in rows]


def test_while_the_database_is_away_nothing_is_moved(
    client: TestClient, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    installation.state.listeners = desk = Desk()

    def away(*_: object) -> None:
        raise StoreError("away")

    monkeypatch.setattr("tokenrouter.admin.network_move.note_move", away)

    assert (confirmed(client), desk.said) == (503, [])


def test_a_move_that_was_undone_meanwhile_is_not_in_the_audit_log_as_the_last_word(
    client: TestClient, installation: Installation
) -> None:
    installation.state.listeners = Desk(is_over=True)

    assert confirmed(client) == 404
    assert "8080" in audited(installation)[-1]

    installation.state.listeners = Desk()
    assert confirmed(client) == 200
    assert ":9" in audited(installation)[-1]


def test_what_comes_back_to_a_name_is_where_the_configuration_says(
    client: TestClient, installation: Installation
) -> None:
    installation.declare(listen_addr="127.0.0.1:9", moved={"listen_addr": "localhost:8080"})
    installation.state.listeners = Desk()
    kept: list[tuple[str, str]] = []
    installation.state.keep_moved = lambda name, address: kept.append((name, address))

    assert client.delete(f"{PATH}/override", headers=ROOT).status_code == 200
    assert kept == [("listen_addr", "localhost:8080")]


def test_anybody_may_ask_who_answers(client: TestClient, installation: Installation) -> None:
    answer = client.get(f"{PATH}/probe", headers={"origin": "http://other:1"})

    assert answer.json() == {"ok": True, "instance": installation.state.instance_id}
    assert answer.headers["access-control-allow-origin"] == "http://other:1"


@pytest.mark.parametrize(
    ("host", "address", "url"),
    [
        ("gateway.test:8080", "0.0.0.0:9", "http://gateway.test:9"),
        ("[fd00::2]:8080", "[::]:9", "http://[fd00::2]:9"),
        ("gateway.test", "192.0.2.1:9", "http://192.0.2.1:9"),
        ("x; script-src *", "0.0.0.0:9", "http://127.0.0.1:9"),
    ],
)
def test_a_visitor_reaches_a_new_address_by_the_name_that_they_came_by(host: str, address: str, url: str) -> None:
    new = OpenListener(2, "http", "listen_addr", address)
    request = Request({"type": "http", "headers": [(b"host", host.encode())]})

    assert visitors_url(request, PendingMove("m", new, new, 0.0)) == url
