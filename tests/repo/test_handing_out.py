from types import SimpleNamespace
from typing import Any, cast

from tests.handing_out import HandingOut

TESTS = ["a.py::test_one", "a.py::test_two@pair", "b.py::test_three@pair", "b.py::test_four", "b.py::test_five"]


class Process:
    """One that runs tests, as far as it is handed any."""

    gateway = SimpleNamespace(id="one")
    shutting_down = False

    def __init__(self) -> None:
        self.handed: list[int] = []

    def send_runtest_some(self, indices: list[int]) -> None:
        self.handed += indices

    def shutdown(self) -> None:
        self.shutting_down = True


def test_every_test_is_handed_out_once_groups_whole_and_what_is_finished_is_forgotten() -> None:
    option = SimpleNamespace(loadscopereorder=True)
    config = SimpleNamespace(option=option, getvalue=lambda _name: ["popen"])
    process = cast("Any", Process())
    out = HandingOut(cast("Any", config))
    out.add_node(process)
    out.add_node_collection(process, TESTS)
    out.schedule()

    kept = []
    for number in range(len(TESTS)):
        out.mark_test_complete(process, process.handed[number])
        kept.append(sum(len(group) for group in out.assigned_work[process].values()))

    assert sorted(process.handed) == list(range(len(TESTS)))
    assert process.handed[:2] == [1, 2]
    assert kept[-1] == 0
    assert max(kept) <= len(TESTS) - 1
    assert out.tests_finished
    assert process.shutting_down
