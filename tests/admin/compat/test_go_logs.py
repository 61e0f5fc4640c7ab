from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.admin.installation import MASTER, ROOT, Installation
from tokenrouter.admin.logs import log_folder
from tokenrouter.observe.log_files import LogBounds, LogFiles

PATH = "/admin/api/logs"


@pytest.fixture(autouse=True)
def _said(installation: Installation) -> None:
    log = LogFiles(log_folder(installation.state), "data", LogBounds())
    for number in range(30):
        log.write({"event": f"line {number}", "level": "info", "provider": "acme"})
    log.write({"event": "it is broken", "level": "error"})
    log.close()


def page(client: TestClient, query: str = "") -> dict[str, Any]:
    told: dict[str, Any] = client.get(f"{PATH}{query}", headers=ROOT).json()
    return told


def test_pages_have_numbers_and_a_total_and_the_newest_line_is_first(client: TestClient) -> None:
    first, second = page(client), page(client, "?page=2")

    assert (first["total"], first["page"], first["page_size"], len(first["entries"])) == (31, 1, 25, 25)
    entry = first["entries"][0]
    assert (entry["message"], entry["level"], entry["timestamp"][-1]) == ("it is broken", "error", "Z")
    assert (second["page"], len(second["entries"])) == (2, 6)
    assert second["entries"][-1]["message"] == "line 0 provider=acme"


@pytest.mark.parametrize(
    ("query", "lines", "size"),
    [
        ("?page_size=10", 10, 10),
        ("?page_size=all", 31, 31),
        ("?page_size=0", 31, 31),
        ("?limit=3&page=2", 3, 3),
        ("?page=9", 0, 25),
        ("?page=x&page_size=y", 25, 25),
        ("?page_size=999999", 31, 5000),
    ],
)
def test_how_many_lines_are_on_a_page(client: TestClient, query: str, lines: int, size: int) -> None:
    told = page(client, query)

    assert (len(told["entries"]), told["page_size"], told["total"]) == (lines, size, 31)


@pytest.mark.parametrize(
    ("query", "total"),
    [("?level=error", 1), ("?level=warn", 1), ("?level=trace", 31), ("?level=nonsense", 31), ("?q=LINE 1", 11)],
)
def test_lines_are_of_a_level_and_above_and_hold_a_text(client: TestClient, query: str, total: int) -> None:
    assert page(client, query)["total"] == total


def test_all_of_them_can_be_deleted(client: TestClient) -> None:
    assert client.delete(PATH, headers=ROOT).json() == {"status": "ok"}

    assert page(client) == {"entries": [], "total": 0, "page": 1, "page_size": 25}


def test_how_many_are_kept_is_the_files_to_say(client: TestClient) -> None:
    bounds = "/admin/api/settings/logs"
    assert client.get(bounds, headers=ROOT).json() == {"max_lines": 5000}

    assert client.put(bounds, headers=ROOT, json={"max_lines": 5000}).json() == {"status": "ok"}
    refused = client.put(bounds, headers=ROOT, json={"max_lines": 100})
    assert (refused.status_code, "max_lines = 100" in refused.text) == (400, True)


def test_logs_are_for_administrators(client: TestClient) -> None:
    assert client.get(PATH, headers=MASTER).status_code == 403
    assert client.delete(PATH, headers=MASTER).status_code == 403
