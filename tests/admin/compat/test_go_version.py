from fastapi.testclient import TestClient

from tests.admin.installation import ROOT
from tokenrouter import __version__


def test_what_runs_is_told_and_nothing_is_made_up(client: TestClient) -> None:
    assert client.get("/admin/api/version", headers=ROOT).json() == {
        "version": __version__,
        "raw": __version__,
        "commit": "",
        "date": "",
        "dirty": False,
    }
