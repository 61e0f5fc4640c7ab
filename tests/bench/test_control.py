from dataclasses import replace
from pathlib import Path

from fastapi.testclient import TestClient

from bench.control import QUESTIONS, SETUP, fill_home
from bench.options import QUICK
from tests.admin.installation import ROOT, Installation
from tokenrouter.store.engine import open_store


def test_every_question_can_be_asked_of_the_database_that_is_filled(tmp_path: Path) -> None:
    home = tmp_path / SETUP.name
    fill_home(home, replace(QUICK, control_rows=1000, control_keys=5000))
    store = open_store(f"sqlite:///{home / 'data' / 'tokenrouter.db'}")
    installation = Installation(store, tmp_path)
    catalog = installation.catalog()
    installation.state.catalog = lambda: catalog  # nothing changes here, and to build it anew takes most of an answer
    with TestClient(installation.app()) as client:
        answers = {name: client.get(path, headers=ROOT).status_code for name, path in QUESTIONS.items()}
    store.close()

    assert set(answers.values()) == {200}, answers
