"""`kill -9` of data and control processes, and of all of a node, at random moments under load."""

import random
import time
from collections.abc import Callable

import pytest

from tests.e2e.books.judge import Judge, Verdict
from tests.e2e.books.load import Load
from tests.e2e.books.places import KEYS, Place
from tests.e2e.books.telling import Tell
from tokenrouter.testing.processes import GatewayProcess, SandboxProcess, wait_until

pytestmark = pytest.mark.e2e


def kill(node: GatewayProcess, victim: str) -> None:
    """Kill one process, or `all` of them, and return when the node serves again."""
    if victim == "all":
        node.kill()
        node.start()
        return
    wait_until(f"the {victim} process", lambda: victim in node.pids)
    dead = node.pids[victim]
    node.kill_child(victim)
    wait_until("its successor", lambda: node.pids.get(victim, dead) != dead)
    wait_until("readiness", node.is_ready)


def kill_on_and_on(place: Place, provider: SandboxProcess, tell: Tell, times: int, seed: int) -> Verdict:
    chance = random.Random(seed)
    victims = [("data", "control", "all")[number % 3] for number in range(times)]
    with Load(place.nodes, list(KEYS.values())) as load:
        for victim in victims:
            load.wait_for_an_answer()
            time.sleep(chance.uniform(0.0, 0.5))
            kill(chance.choice(place.nodes), victim)
        time.sleep(2.0)

    verdict = Judge(place, provider).judge(load.seen, crashes=True)
    tell(verdict, load, kills=times)
    return verdict


def test_kills_of_one_node_agree_with_the_books(alone: Place, provider: SandboxProcess, tell: Tell) -> None:
    kill_on_and_on(alone, provider, tell, 6, seed=1)


def test_kills_of_two_nodes_agree_with_the_books(
    together: Callable[..., Place], provider: SandboxProcess, tell: Tell
) -> None:
    kill_on_and_on(together(), provider, tell, 4, seed=2)


@pytest.mark.torture
@pytest.mark.timeout(1800)
def test_200_kills_of_one_node_agree_with_the_books(alone: Place, provider: SandboxProcess, tell: Tell) -> None:
    assert kill_on_and_on(alone, provider, tell, 200, seed=3).interrupted > 100


@pytest.mark.torture
@pytest.mark.timeout(1800)
def test_200_kills_of_two_nodes_agree_with_the_books(
    together: Callable[..., Place], provider: SandboxProcess, tell: Tell
) -> None:
    assert kill_on_and_on(together(), provider, tell, 200, seed=4).interrupted > 100
