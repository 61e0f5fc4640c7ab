from fastapi.testclient import TestClient

from tests.admin.installation import ALICE, MASTER, ROOT, Installation
from tokenrouter.store.users import NewUser, create_user

STATS = "/admin/api/stats"


def test_without_a_key_it_is_one_line_of_text(client: TestClient) -> None:
    answer = client.get(STATS)

    assert (answer.status_code, answer.text) == (401, "unauthorized\n")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert client.get(STATS, headers={"Authorization": "Bearer wrong"}).status_code == 401


def test_keys_of_other_roles_are_known_and_refused(client: TestClient) -> None:
    for headers in (ALICE, MASTER):
        answer = client.get(STATS, headers=headers)
        assert (answer.status_code, answer.headers["content-type"]) == (403, "text/plain; charset=utf-8")


def test_nobody_is_let_in_for_where_they_come_from(client: TestClient) -> None:
    for header in ("x-forwarded-for", "x-real-ip"):
        assert client.get(STATS, headers={header: "127.0.0.1"}).status_code == 401


def test_a_key_in_the_address_opens_nothing(client: TestClient) -> None:
    key = ROOT["Authorization"].removeprefix("Bearer ")

    assert client.get(f"{STATS}?key={key}").status_code == 401
    assert client.get(STATS, headers={"cookie": f"opp_admin_session={key}"}).status_code == 401


def test_where_the_operator_wants_it_a_key_in_the_address_counts_as_one_in_the_header(
    client: TestClient, installation: Installation
) -> None:
    installation.declare(admin_key_in_query=True)
    key = ROOT["Authorization"].removeprefix("Bearer ")

    assert client.get(f"{STATS}?key={key}").status_code == 200
    assert client.get(f"{STATS}?key={key}", headers=ALICE).status_code == 403
    assert client.get(f"{STATS}?key=wrong").status_code == 401
    assert client.get(f"/api/v1/keys?key={key}").status_code == 401


def test_where_nobody_can_administer_it_says_so(client: TestClient, installation: Installation) -> None:
    keys = tuple(key for key in installation.settings.keys if key.role != "admin")
    installation.declare(keys=keys, admin_password="")

    answer = client.get(STATS)

    assert (answer.status_code, answer.text) == (503, "admin setup required\n")

    create_user(installation.store, NewUser("ann", role="member"), now_s=1.0)
    assert client.get(STATS).status_code == 503
    create_user(installation.store, NewUser("bea", role="owner"), now_s=1.0)
    assert client.get(STATS).status_code == 401


def test_what_is_wrong_with_a_request_is_400_in_words(client: TestClient) -> None:
    missing = client.delete("/admin/api/model-aliases/none", headers=ROOT)
    assert (missing.status_code, missing.text) == (400, "model alias not found\n")

    broken = client.put("/admin/api/settings/security", headers=ROOT, content=b"{")
    assert (broken.status_code, broken.text) == (400, "invalid json\n")


def test_a_path_or_method_that_is_not_there_stays_so(client: TestClient) -> None:
    assert client.get("/admin/api/nothing", headers=ROOT).status_code == 404
    wrong = client.delete(STATS, headers=ROOT)
    assert (wrong.status_code, wrong.headers["content-type"]) == (405, "text/plain; charset=utf-8")


def test_everything_below_admin_names_the_process_that_answers(client: TestClient, installation: Installation) -> None:
    for path in ("/admin", STATS, "/admin/api/version", "/admin/api/nothing"):
        assert client.get(path, headers=ROOT).headers["x-opp-instance-id"] == installation.state.instance_id
    assert "x-opp-instance-id" not in client.get("/api/v1/version", headers=ROOT).headers


def test_errors_elsewhere_are_problem_documents(client: TestClient) -> None:
    assert client.get("/api/v1/providers").headers["content-type"] == "application/problem+json"
