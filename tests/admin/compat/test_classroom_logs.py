import pytest
from fastapi.testclient import TestClient

from tests.admin.installation import ADMIN_PASSWORD, ALICE, Installation
from tests.observe.test_log_reader import line
from tokenrouter.admin.logs import log_folder

PASSWORD = {"X-Admin-Password": ADMIN_PASSWORD}
LOGS = "/admin/server-logs"


@pytest.fixture(autouse=True)
def _kept(installation: Installation) -> None:
    folder = log_folder(installation.state)
    folder.mkdir(parents=True)
    (folder / "0001-control-7.jsonl").write_bytes(line(1_000_000, "begun") + line(2_000_000, "it is so", why="ä"))
    (folder / "0002-data-8.jsonl").write_bytes(line(3_000_000, "served"))
    (folder / "notes.txt").write_text("not a log")


def test_files_are_listed_newest_first(client: TestClient) -> None:
    files = client.get(LOGS, headers=PASSWORD).json()

    assert [one["filename"] for one in files] == ["0002-data-8.log", "0001-control-7.log"]
    assert set(files[0]) == {"filename", "size", "modified"}


def test_a_file_is_shown_as_lines_of_text_oldest_first(client: TestClient) -> None:
    answer = client.get(f"{LOGS}/0001-control-7.log", headers=PASSWORD)

    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.text.splitlines() == [
        "1970-01-01T00:00:01 info    data       begun",
        '1970-01-01T00:00:02 info    data       it is so why="ä"',
    ]


@pytest.mark.parametrize("name", ["notes.txt", "notes.log", "..%2f..%2fsecret.key", "0001-control-7.jsonl", "%00"])
def test_no_name_leads_anywhere_else(client: TestClient, name: str) -> None:
    answer = client.get(f"{LOGS}/{name}", headers=PASSWORD)

    assert answer.status_code == 404
    assert set(answer.json()) == {"detail"}


def test_only_administrators_read_them(client: TestClient) -> None:
    assert client.get(LOGS).status_code == 401
    assert client.get(LOGS, headers=ALICE).status_code == 403
    assert client.get(f"{LOGS}/0001-control-7.log", headers={"X-Admin-Password": "admin123"}).status_code == 401
