"""What came of an import."""

from tests.imports.conftest import Here
from tokenrouter.imports.found import LeftBehind
from tokenrouter.imports.outcome import ImportConflicts, Outcome


def test_what_is_new_and_what_was_there_are_counted_apart() -> None:
    outcome = Outcome("classroom")
    outcome.count("keys", is_new=True)
    outcome.count("keys", is_new=True, number=2)
    outcome.count("keys", is_new=False)

    assert (outcome.added, outcome.present) == ({"keys": 3}, {"keys": 1})


def test_conflicts_name_themselves() -> None:
    assert str(ImportConflicts((LeftBehind("the key 'a'", "is another"),))) == "the key 'a': is another"


def test_no_secret_of_the_installation_is_shown(here: Here) -> None:
    assert repr(here.installation.pepper) not in repr(here.installation)
