"""What clients and providers do by themselves: hang up, fail, cut off, say no word of usage."""

import time

import pytest

from tests.e2e.books.judge import Judge
from tests.e2e.books.load import Load
from tests.e2e.books.places import KEYS, Place
from tests.e2e.books.telling import Tell
from tokenrouter.testing.processes import SandboxProcess

pytestmark = pytest.mark.e2e


def ask_for(seconds: float, place: Place, provider: SandboxProcess, tell: Tell) -> None:
    with Load(place.nodes, list(KEYS.values()), faults=0.3, leaves=0.3) as load:
        time.sleep(seconds)

    tell(Judge(place, provider).judge(load.seen), load)


def test_disconnects_and_errors_agree_with_the_books(alone: Place, provider: SandboxProcess, tell: Tell) -> None:
    ask_for(6.0, alone, provider, tell)


@pytest.mark.torture
@pytest.mark.timeout(600)
def test_many_disconnects_and_errors_agree_with_the_books(alone: Place, provider: SandboxProcess, tell: Tell) -> None:
    ask_for(120.0, alone, provider, tell)
