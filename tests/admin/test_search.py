import pytest
from fastapi.testclient import TestClient

from tests.admin.installation import ROOT, Installation
from tests.admin.world import MARK, World, make_world
from tokenrouter.admin.search import MOST


@pytest.fixture
def world(installation: Installation) -> World:
    return make_world(installation)


def found(client: TestClient, words: str, headers: dict[str, str] = ROOT) -> list[tuple[str, str]]:
    client.cookies.clear()
    answer = client.get("/api/v1/search", headers=headers, params={"q": words})
    assert answer.status_code == 200, answer.text
    return [(one["kind"], one["name"]) for one in answer.json()["data"]]


def test_whatever_has_a_name_is_found_by_a_part_of_it(client: TestClient, world: World) -> None:
    everything = found(client, "red-")
    assert [kind for kind, _ in everything] == ["key"] * 3 + ["user"] * 2 + ["alias"] * 2
    assert {name for _, name in everything} == {
        *("red-master", "red-pupil", "red-laptop", "red-head", "red-member", "red-alias", "red-own-alias"),
    }
    assert ("team", "red") in found(client, "RED")
    assert found(client, "acme") == [("provider", "acme"), ("model", "acme/small")]
    assert found(client, "small") == [("model", "acme/small")]
    assert found(client, "nothing like it") == []
    assert found(client, "  ") == []


def test_a_request_is_found_by_its_id(client: TestClient, world: World) -> None:
    assert found(client, "req_red_1") == [("request", "req_red_1")]
    assert found(client, "req_red_") == []


def test_of_many_the_first_few_are_shown(client: TestClient) -> None:
    for number in range(MOST + 2):
        client.post("/api/v1/keys", headers=ROOT, json={"name": f"laptop {number}"})

    assert len(found(client, "laptop")) == MOST


@pytest.mark.parametrize("role", ["team_admin", "member", "keymaster", "inferrer"])
def test_nobody_finds_what_is_not_theirs(client: TestClient, world: World, role: str) -> None:
    headers = world.callers[role]

    for words in ("blue", "blue-laptop", "req_blue_1", MARK, "acme"):
        assert found(client, words, headers) == []
    assert found(client, "red", headers)
