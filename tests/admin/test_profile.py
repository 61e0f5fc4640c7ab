from fastapi.testclient import TestClient

from tests.admin.installation import ALICE, MASTER, ROOT, Installation

PROFILE = "/api/v1/settings/active_model_profile"


def test_a_profile_is_chosen_at_run_time_and_the_choice_undone(client: TestClient, installation: Installation) -> None:
    assert client.get(PROFILE, headers=ROOT).json() == {
        "value": "default",
        "declared": "default",
        "declared_at": "",
        "overridden": False,
        "profiles": ["default", "home"],
    }

    chosen = client.put(PROFILE, headers=ROOT, json={"value": "home"}).json()
    assert (chosen["value"], chosen["declared"], chosen["overridden"]) == ("home", "default", True)
    assert installation.catalog().active_profile == "home"
    assert client.get("/api/v1/aliases/fast", headers=ROOT).json()["leads_to"] == ["acme/tiny"]

    undone = client.delete(PROFILE, headers=ROOT).json()
    assert (undone["value"], undone["overridden"]) == ("default", False)
    assert installation.told_of_changes == 2


def test_what_the_file_says_is_told_with_its_place(client: TestClient, installation: Installation) -> None:
    origins = {"active_model_profile": "torod.toml:2"}
    installation.declare(active_model_profile="home", origins=origins)

    shown = client.get(PROFILE, headers=ROOT).json()

    assert (shown["value"], shown["declared_at"], shown["overridden"]) == ("home", "torod.toml:2", False)


def test_a_profile_that_no_alias_has_is_refused(client: TestClient) -> None:
    answer = client.put(PROFILE, headers=ROOT, json={"value": "hom"})

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_field")
    assert 'did you mean "home"?' in answer.json()["detail"]


def test_only_admins_may_look_at_it(client: TestClient) -> None:
    for headers in (ALICE, MASTER):
        assert client.get(PROFILE, headers=headers).status_code == 403
        assert client.put(PROFILE, headers=headers, json={"value": "home"}).status_code == 403
